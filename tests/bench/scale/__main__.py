"""Time every page over many scores: `python -m tests.bench.scale FOLDER [--datasets 37]`.

Makes FOLDER/results.duckdb where there is none: 78 language and 32 vision models, all pairs, under
every metric and k, so 275,770 scores a dataset, 37 datasets 10.2 million. Its rows are made up, for
timing alone. Prints what deriving what pages list takes, and of every page and view the slowest
query and a whole rerun, both warm: asked before, yet no answer remembered.
"""

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import duckdb
import polars as pl
from rich.progress import track
from streamlit.testing.v1 import AppTest

from ingest.cli.console import err, table
from pages import PAGES
from pages.inventory import headlines
from pages.ui import answers, warehouse
from prh_core.warehouse import filling
from prh_core.warehouse.location import WAREHOUSE_FILE
from tests.bench import machine
from tests.e2e.conftest import ROOT

HERE = Path(__file__).parent
COUNTS = {"language_models": 78, "vision_models": 32}
VIEWS = "Show as"
ROUNDS = 3


class Query(NamedTuple):
    """One question that a page asked."""

    seconds: float
    rows: int
    about: str
    """The first line of its SQL."""


def make(target: Path, datasets: int) -> None:
    """Fill a new warehouse with made-up rows, and say how long deriving took."""
    temporary = target.with_suffix(".making")
    temporary.unlink(missing_ok=True)
    with duckdb.connect(str(temporary)) as connection:
        filling.fill(connection, HERE / "no parts")
        for name, count in {**COUNTS, "datasets": datasets}.items():
            connection.execute(f"SET VARIABLE {name} = {count}")
        connection.execute((HERE / "rows.sql").read_text(encoding="utf-8"))
        scores = (HERE / "scores.sql").read_text(encoding="utf-8")
        for place in track(range(datasets), description="Making scores", console=err):
            connection.execute(scores, {"dataset_id": f"dataset-{place:03d}"})
        started = time.perf_counter()
        filling.derive(connection)
        err.print(f"derived what pages list in {time.perf_counter() - started:.0f} s")
        connection.execute("CHECKPOINT")
        err.print(f"{filling.count(connection).scores:,} scores")
    os.replace(temporary, target)


@contextmanager
def asked() -> Iterator[list[Query]]:
    """Note every question that pages ask meanwhile; none is answered from memory."""
    found: list[Query] = []

    def ask(query: str, **parameters: Any) -> pl.DataFrame:
        with warehouse._opening:
            results = warehouse._snapshot(warehouse.shown())
        started = time.perf_counter()
        frame = results.ask_file(query, parameters)
        seconds = time.perf_counter() - started
        found.append(Query(seconds, frame.height, query.splitlines()[0].strip("- ")))
        return frame

    with mock.patch.object(answers, "ask", ask):
        yield found


def views(app: AppTest) -> list[str]:
    """Return the ways a page offers to draw its answer."""
    offered = [one for one in app.get("button_group") if one.proto.label == VIEWS]
    return [str(option.content) for one in offered for option in one.proto.options]


def run_page(app: AppTest, view: str | None) -> float:
    """Run the page again under a view; return seconds."""
    headlines._told.cache_clear()
    if view is not None:
        app.query_params["here" if "here" in app.query_params else "view"] = view
    started = time.perf_counter()
    app.run()
    seconds = time.perf_counter() - started
    assert not app.exception, app.exception
    return seconds


def main() -> None:
    """Make, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--datasets", type=int, default=37)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if not (given.folder / WAREHOUSE_FILE).exists():
        make(given.folder / WAREHOUSE_FILE, given.datasets)
    os.environ["PRH_DATA"] = str(given.folder)
    rows: list[tuple[Any, ...]] = []
    for page in PAGES:
        if not page.lack:
            continue
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=600).run()
        app.switch_page(f"pages/{page.topic}/page.py")
        first = run_page(app, None)
        for view in views(app) or [None]:
            run_page(app, view)
            with asked() as questions:
                reruns = [run_page(app, view) for _ in range(ROUNDS)]
            slowest = max(questions)
            rows.append(
                (page.topic, view or "", first, min(reruns), slowest.seconds, slowest.rows,
                 slowest.about[:60])
            )  # fmt: skip
            err.print(rows[-1])
    table(
        f"Seconds, {machine()}",
        ["page", "view", "first run", "rerun", "slowest query", "its rows", "which"],
        rows,
    )


if __name__ == "__main__":
    main()

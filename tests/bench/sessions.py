"""Many readers at once: `python -m tests.bench.sessions DATA FOLDER [--sessions 50] [--pause 20]`.

Every session reads a page, pauses (exponential, --pause seconds in the mean), and goes to another
page or another dataset, chosen at random, for --seconds. Server and readers share the machine's
cores. Prints what an interaction took until its page was whole: median, 95th percentile, longest;
pages of a dataset that nobody asked for before apart, since the app remembers what it has drawn.
"""

import argparse
import asyncio
import os
import random
import statistics
import time
from pathlib import Path
from typing import NamedTuple

from ingest.cli.console import err, table
from pages import PAGES
from pages.ui import queries
from tests.bench import machine
from tests.e2e.conftest import serving
from tests.socket_reader import SocketReader, kinds

PAGES_READ = [page.url for page in PAGES if page.lack and page.topic != "ask"]
"""A stranger's own statements run in processes of their own, two at a time."""


class Interaction(NamedTuple):
    """A page that a reader asked for."""

    page: str
    seconds: float
    failed: bool
    first: bool
    """Of its session."""
    anew: bool
    """Nobody asked for this page of this dataset before."""


async def read(
    address: str,
    datasets: list[str],
    seed: int,
    seconds: float,
    pause: float,
    seen: set[tuple[str, str]],
) -> list[Interaction]:
    """Be one reader; return what each interaction took."""
    chance = random.Random(seed)  # noqa: S311 (not for secrets)
    done: list[Interaction] = []
    ends = time.perf_counter() + seconds
    await asyncio.sleep(chance.uniform(0, pause))
    async with SocketReader(address) as reader:
        while time.perf_counter() < ends:
            page, dataset = chance.choice(PAGES_READ), chance.choice(datasets)
            anew = (page, dataset) not in seen
            seen.add((page, dataset))
            started = time.perf_counter()
            try:
                failed = "exception" in kinds(await reader.open(page, {"dataset": dataset}))
            except TimeoutError:
                failed = True
            took = time.perf_counter() - started
            done.append(Interaction(page, took, failed, not done, anew))
            left = max(ends - time.perf_counter(), 0)
            await asyncio.sleep(min(chance.expovariate(1 / pause), left))
    return done


async def read_together(
    address: str, datasets: list[str], sessions: int, seconds: float, pause: float
) -> list[Interaction]:
    """Be many readers at once."""
    seen: set[tuple[str, str]] = set()
    found = await asyncio.gather(
        *(read(address, datasets, seed, seconds, pause, seen) for seed in range(sessions))
    )
    return [one for done in found for one in done]


def summed(what: str, done: list[Interaction]) -> tuple[str, int, float, float, float, int]:
    """Return a row: what, how many, seconds (median, 95 %, longest), how many failed."""
    took = sorted(one.seconds for one in done)
    high = took[min(round(0.95 * len(took)), len(took) - 1)]
    failed = sum(one.failed for one in done)
    return what, len(done), statistics.median(took), high, took[-1], failed


def main() -> None:
    """Serve, read, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--datasets", type=int, help="how many they choose from (default: all)")
    parser.add_argument("--pause", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=120)
    given = parser.parse_args()
    os.environ["PRH_DATA"] = str(given.home)
    datasets = queries.settings().frame["dataset"].unique(maintain_order=True).to_list()
    datasets = datasets[: given.datasets]
    with serving(given.home) as served:
        asyncio.run(
            read_together(served.address, datasets, 2, 5, 1)
        )  # what every process does once
        done = asyncio.run(
            read_together(served.address, datasets, given.sessions, given.seconds, given.pause)
        )
    err.print(f"Measured on {machine()}; {len(datasets)} datasets.")
    rows = [
        summed(what, part)
        for what, part in {
            "all": done,
            "a session's first": [one for one in done if one.first],
            "asked by nobody before": [one for one in done if one.anew],
            "asked before": [one for one in done if not one.anew],
        }.items()
        if part
    ]
    rows += [
        summed(url or "start", [one for one in done if one.page == url])
        for url in PAGES_READ
        if any(one.page == url for one in done)
    ]
    table(
        f"{given.sessions} sessions, an interaction every {given.pause:g} s",
        ["page", "interactions", "median s", "95 % s", "longest s", "failed"],
        rows,
    )


if __name__ == "__main__":
    main()

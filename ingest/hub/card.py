"""The data card of a repository: README.md, its front matter for the hub, the rest for people."""

from collections.abc import Sequence
from typing import Any

from ingest.hub.described import Contents
from ingest.hub.files import CROISSANT, FEATURES, kind_of
from ingest.hub.licenses import Licensed, hub_license, is_open
from prh_core.warehouse.location import WAREHOUSE_FILE

MADE_BY = "<!-- written by `prh push`, which writes it anew as long as this line is in it -->"
"""Ends a card that nobody else has written."""
_MANY = 200
"""Rows of a table in the card; the metadata has all of them."""


def about(contents: Contents) -> str:
    """Return a sentence on what a repository holds."""
    held = []
    if contents.features:
        models = len({row["model_id"] for row in contents.features})
        datasets = len({row["dataset_id"] for row in contents.features})
        held.append(
            f"{len(contents.features):,} feature sets of {models:,} models over {datasets:,} "
            f"dataset{'s' * (datasets != 1)}, every layer of each"
        )
    if contents.tables:
        held.append(f"{len(contents.tables):,} tables of results as Parquet files")
    if WAREHOUSE_FILE in contents.files:
        held.append("a DuckDB database of all results")
    what = "; ".join(held) or "Nothing yet"
    made = (
        "Made by PRH Explorer, which measures how alike neural networks represent the same things"
    )
    return f"{what}. {made}."


def card(contents: Contents) -> str:
    """Return README.md."""
    title = contents.repository.partition("/")[2]
    parts = [
        f"---\n{_front_matter(contents, title)}---",
        f"# {title}",
        about(contents),
        "## Use it",
        _use(contents),
        "## What it is made of",
        _texts(contents),
    ]
    if contents.datasets:
        parts += ["### Datasets", _table(("dataset", "what", "samples"), contents.datasets)]
    if contents.models:
        parts += ["### Models", _table(("model", "what", "modality"), contents.models)]
    parts += ["## Licenses", _licenses(contents), MADE_BY]
    return "\n\n".join(parts) + "\n"


def _front_matter(contents: Contents, title: str) -> str:
    from huggingface_hub import DatasetCardData

    configs = [
        {"config_name": table, "data_files": f"parts/{table}/*.parquet"}
        for table in contents.tables
    ]
    told: dict[str, Any] = {
        "license": hub_license([*contents.datasets, *contents.models]),
        "pretty_name": title,
        "tags": ["prh-explorer", "representations", "features", "croissant"],
        **({"configs": configs} if configs else {}),
    }
    return DatasetCardData(**told).to_yaml().rstrip() + "\n"


def _use(contents: Contents) -> str:
    name = contents.repository
    lines = [f"prh pull {name} --data FOLDER"]
    if WAREHOUSE_FILE in contents.files:
        lines.append(f"prh app --data hf://datasets/{name}")
    first = next((path for path in contents.files if kind_of(path) == FEATURES), None)
    if first is not None:
        lines.append(f"prh align mine.npz hf://datasets/{name}/{first}")
    fenced = "```shell\n" + "\n".join(lines) + "\n```"
    return f"{fenced}\n\n[`{CROISSANT}`]({CROISSANT}) describes every table, column and file."


def _texts(contents: Contents) -> str:
    if contents.captions:
        return "Captions and picture names of the samples are in it; pictures are not."
    return (
        "Of samples it holds ids and their order. Pictures and captions are not in it: they stay "
        "where the datasets come from."
    )


def _table(columns: Sequence[str], listed: Sequence[Licensed]) -> str:
    names = (*columns, "source", "revision", "license", "citation")
    rows = [
        (one.name, one.title, one.modality or (f"{one.n:,}" if one.n else ""), one.source,
         one.revision, one.license, one.citation)
        for one in listed[:_MANY]
    ]  # fmt: skip
    lines = [_row(names), _row(["---"] * len(names)), *(_row(row) for row in rows)]
    if len(listed) > _MANY:
        lines.append(f"\n… and {len(listed) - _MANY:,} more in `{CROISSANT}`.")
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    plain = (cell.replace("\\", "\\\\").replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(' '.join(cell.split()) for cell in plain)} |"


def _licenses(contents: Contents) -> str:
    unclear = [one for one in (*contents.datasets, *contents.models) if not is_open(one.license)]
    told = "Features derive from their datasets and models, whose licenses are listed above"
    if not unclear:
        return f"{told}; all of them let anybody pass on what was made."
    names = "".join(f"\n- {' '.join(one.name.split())}: {one.license}" for one in unclear)
    return f"{told}. These limit it, or do not say:\n{names}"

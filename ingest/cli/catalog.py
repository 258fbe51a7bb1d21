"""`prh catalog`, `panel` and `metrics`: what can be extracted, studied together, and scored."""

import json
import math
from typing import Annotated, Any

import typer

from ingest.catalog import Catalog, ModelRecord, load_catalog
from ingest.cli.console import err, out, table
from ingest.cli.options import Catalogs
from prh_core.metrics import Metric, all_metrics

panels = typer.Typer(
    help="Panels: models that are studied together.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


def catalog(
    kind: Annotated[
        str,
        typer.Argument(help="models, datasets, panels, tasks, texts, prompts or poolings."),
    ] = "models",
    catalogs: Catalogs = None,
) -> None:
    """List what can be extracted: models, datasets, panels, tasks to probe, texts to predict.

    And how: prompts that stand around captions, and poolings, with those of your own `--catalog`.
    """
    records = load_catalog(catalogs or [])
    if kind == "panels":
        _list_panels(records)
    elif kind in _COLUMNS:
        columns = _COLUMNS[kind].split()
        rows = getattr(records, kind).values()
        table(
            kind.capitalize(), columns, ([getattr(row, name) for name in columns] for row in rows)
        )
    else:
        raise typer.BadParameter(f"expected {', '.join(_COLUMNS)} or panels, got {kind!r}")


_COLUMNS = {
    "models": "id modality family parameters trained source license",
    "datasets": "id title kind source revision license",
    "tasks": "id title group kind source license",
    "texts": "id title source revision license",
    "prompts": "id title template citation note",
    "poolings": "id modality take tokens title",
}
"""Fields of each kind of record that are listed."""


@panels.command("list")
def panel_list(
    panel: Annotated[
        str | None, typer.Argument(help="A panel, to see its models; without it, all panels.")
    ] = None,
    catalogs: Catalogs = None,
) -> None:
    """List the panels, or the models of one: objective, training data, weights and license.

    Where a model's weights are a file that you have to bring, the last column says where it is
    expected, or that it is there. Study a panel with `--panel`: `prh probe --panel demo-vision`.
    """
    records = load_catalog(catalogs or [])
    if panel is None:
        _list_panels(records)
        return
    record = records.panel(panel)
    models = [records.model(name) for name in record.models]
    table(
        record.title,
        ["id", "objective", "training data", "source", "license", "checkpoint"],
        ((m.id, m.objective, m.training_data, m.source, m.license, _checkpoint(m)) for m in models),
    )
    err.print(f"{len(models)} models.", highlight=False)


def _list_panels(records: Catalog) -> None:
    table(
        "Panels",
        ["id", "title", "models"],
        ((p.id, p.title, len(p.models)) for p in records.panels.values()),
    )


def _checkpoint(record: ModelRecord) -> str:
    path = record.checkpoint
    if path is None:
        return "fetched" if record.trained else "none"
    return f"here: {path}" if path.exists() else f"expected: {path}"


def metrics(
    format: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """List the alignment metrics: what each looks at, its range, and what chance scores.

    The properties are those of the paper's Fig. 11. "unrelated" is the expected score of one pair
    of unrelated layers at n = 1,024 and k = 10, where it is known in closed form.
    """
    rows = [_described(metric) for metric in all_metrics()]
    if format == "table":
        columns = ["name", "label", "family", "is", "range", "unrelated", "closer", "citation"]
        table(
            "Metrics (s symmetric, g global, g* when k = n − 1, o ordinal, b batchable)",
            columns,
            (
                (
                    row["name"],
                    row["label"],
                    row["family"],
                    " ".join(mark for name, mark in _PROPERTIES.items() if row[name]),
                    f"{_bound(row['lowest'], '−∞')} … {_bound(row['highest'], '∞')}",
                    row["unrelated"],
                    row["closer is"],
                    row["citation"],
                )
                for row in rows
            ),
        )
    elif format == "json":
        out.file.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
    else:
        raise typer.BadParameter(f"--format should be table or json, got {format!r}")


_PROPERTIES = {
    "symmetric": "s",
    "global": "g",
    "global when k = n - 1": "g*",
    "ordinal": "o",
    "batchable": "b",
}


def _bound(value: float | None, unbounded: str) -> str:
    return unbounded if value is None else f"{value:g}"


def _described(metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "label": metric.label,
        "family": metric.family.name,
        "symmetric": metric.symmetric,
        "global": metric.uses_all_samples,
        "global when k = n - 1": metric.global_at_full_k,
        "ordinal": metric.ordinal,
        "batchable": metric.batchable,
        "lowest": _json_number(metric.lowest),
        "highest": _json_number(metric.highest),
        "unrelated": _json_number(metric.null(1024, 10) if metric.null else None),
        "closer is": "higher" if metric.higher_is_closer else "lower",
        "citation": metric.citation,
    }


def _json_number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None

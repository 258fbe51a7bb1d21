"""`prh catalog` and `prh panel`: what can be extracted, probed and studied together."""

from typing import Annotated

import typer

from ingest.catalog import Catalog, ModelRecord, load_catalog
from ingest.cli.console import err, table
from ingest.cli.options import Catalogs

panels = typer.Typer(
    help="Panels: models that are studied together.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


def catalog(
    kind: Annotated[
        str, typer.Argument(help="models, datasets, panels, tasks or texts.")
    ] = "models",
    catalogs: Catalogs = None,
) -> None:
    """List what can be extracted: models, datasets, panels, tasks to probe, texts to predict."""
    found = load_catalog(catalogs or [])
    if kind == "models":
        table(
            "Models",
            ["id", "modality", "family", "parameters", "trained", "source", "license"],
            (
                (m.id, m.modality, m.family, m.parameters, m.trained, m.source, m.license)
                for m in found.models.values()
            ),
        )
    elif kind == "datasets":
        table(
            "Datasets",
            ["id", "title", "kind", "source", "revision", "license"],
            (
                (d.id, d.title, d.kind, d.source, d.revision, d.license)
                for d in found.datasets.values()
            ),
        )
    elif kind == "panels":
        _panels(found)
    elif kind == "tasks":
        table(
            "Tasks",
            ["id", "title", "group", "kind", "source", "license"],
            ((t.id, t.title, t.group, t.kind, t.source, t.license) for t in found.tasks.values()),
        )
    elif kind == "texts":
        table(
            "Texts",
            ["id", "title", "source", "revision", "license"],
            ((t.id, t.title, t.source, t.revision, t.license) for t in found.texts.values()),
        )
    else:
        raise typer.BadParameter(f"expected models, datasets, panels, tasks or texts, got {kind!r}")


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
    found = load_catalog(catalogs or [])
    if panel is None:
        _panels(found)
        return
    record = found.panel(panel)
    models = [found.model(name) for name in record.models]
    table(
        record.title,
        ["id", "objective", "training data", "source", "license", "checkpoint"],
        ((m.id, m.objective, m.training_data, m.source, m.license, _checkpoint(m)) for m in models),
    )
    err.print(f"{len(models)} models.", highlight=False)


def _panels(found: Catalog) -> None:
    table(
        "Panels",
        ["id", "title", "models"],
        ((p.id, p.title, len(p.models)) for p in found.panels.values()),
    )


def _checkpoint(record: ModelRecord) -> str:
    path = record.checkpoint
    if path is None:
        return "fetched" if record.trained else "none"
    return f"here: {path}" if path.exists() else f"expected: {path}"

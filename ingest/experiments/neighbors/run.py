"""Store what a page needs to look inside a dataset's scores, without any features."""

from collections.abc import Sequence

from ingest.catalog import Catalog
from ingest.errors import MissingFeaturesError
from ingest.experiments.neighbors import agreement, layers
from ingest.experiments.neighbors.plan import Choices, LayerUnit, plan_neighbors
from ingest.experiments.neighbors.thumbnails import store_thumbnails
from ingest.pipeline.imported import open_known
from ingest.pipeline.run import Run, UnitRows
from ingest.pipeline.stored import stored_dataset
from ingest.progress import Progress
from prh_core.errors import DegenerateLayerError

_USUAL = Choices()


def store_neighbors(
    run: Run,
    dataset_id: str,
    catalog: Catalog,
    progress: Progress,
    choices: Choices = _USUAL,
    *,
    models: Sequence[str] = (),
    device: str | None = None,
) -> None:
    """Store neighbors, maps, agreement by sample and small pictures; what is stored is skipped.

    Args:
        run: the run.
        dataset_id: whose feature sets, imported ones among them.
        catalog: where the dataset may say that small copies of its pictures are allowed.
        progress: told about every unit.
        choices: of neighbors and layers.
        models: ids of those taken; none stands for all.
        device: where neighbors are searched; None on the CPU.

    Raises:
        MissingFeaturesError, MissingScoresError: nothing is stored to look into.
        NeighborCountError: k does not fit the samples.
    """
    stored = stored_dataset(run.workspace, dataset_id)
    files = [file for file in stored.files if not models or file.header.model_id in models]
    absent = sorted(set(models) - {file.header.model_id for file in files})
    if absent:
        raise MissingFeaturesError(
            f"no features are stored on {dataset_id} of {', '.join(absent)}; there are of "
            f"{', '.join(sorted({file.header.model_id for file in stored.files}))}"
        )
    plan = plan_neighbors(run.workspace.warehouse, files, choices)
    if plan.beyond:
        progress.note(
            f"Scores at k = {', '.join(map(str, plan.beyond))} are left out: "
            f"--k {max(plan.beyond)} stores as many neighbors"
        )
    reader = layers.LayerReader(device)

    def rows_of(unit: LayerUnit) -> UnitRows:
        try:
            return layers.rows_of(unit, reader)
        except DegenerateLayerError as error:
            if choices.layers == "best":
                raise
            progress.note(f"Set aside: {error}")  # all are asked for, those that tell nothing too
            return {}

    run.each(
        layers.TABLE,
        plan.layers,
        rows_of,
        progress,
        "Neighbors and maps of layers",
    )
    agreement.count_missing(run, plan.pairs, progress)
    record = catalog.datasets.get(dataset_id)
    if record is None or not record.thumbnails:
        progress.note(
            f"No small pictures of {dataset_id}: its record does not say `thumbnails = true`, that "
            "its license lets them into the warehouse; pages show captions and ids"
        )
        return
    dataset = open_known(run.workspace, catalog, dataset_id, progress=progress)
    if dataset.row_order == stored.row_order:
        store_thumbnails(run, dataset, progress)

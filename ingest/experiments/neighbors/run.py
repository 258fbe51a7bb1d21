"""Store what a page needs to look inside a dataset's scores, without any features."""

from collections.abc import Sequence

from ingest.catalog import Catalog
from ingest.errors import DiskFullError
from ingest.experiments.neighbors import agreement, layers
from ingest.experiments.neighbors.plan import Choices, LayerUnit, plan_neighbors
from ingest.experiments.neighbors.thumbnails import store_thumbnails
from ingest.experiments.neighbors.traits import store_labels, store_picture_statistics
from ingest.pipeline.classes import read_classes
from ingest.pipeline.imported import open_known
from ingest.pipeline.run import Run, UnitRows
from ingest.pipeline.stored import StoredDataset, stored_captions, stored_dataset
from ingest.progress import Progress
from prh_core.errors import DegenerateLayerError, PRHError

_USUAL = Choices()


def store_neighbors(
    run: Run,
    dataset_id: str,
    catalog: Catalog,
    progress: Progress,
    choices: Choices = _USUAL,
    *,
    models: Sequence[str] = (),
    labels: str | None = None,
    device: str | None = None,
) -> None:
    """Store neighbors, maps, agreement by sample, and what samples are like; none of it twice.

    Args:
        run: the run.
        dataset_id: whose feature sets, imported ones among them.
        catalog: where the dataset may say that small copies of its pictures are allowed.
        progress: told about every unit.
        choices: of neighbors and layers.
        models: ids of those taken; none stands for all.
        labels: "captions", or a CSV with columns id and class; None tells no classes.
        device: where neighbors are searched; None on the CPU.

    Raises:
        MissingFeaturesError, MissingScoresError: nothing is stored to look into.
        NeighborCountError: k does not fit the samples.
        PRHError: the classes cannot be read.
    """
    stored = stored_dataset(run.workspace, dataset_id)
    files = stored.files_of(models)
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
    if labels is not None:
        captions = stored_captions(run.workspace, dataset_id, stored.row_order)
        classes = read_classes(labels, stored.sample_ids, captions, "--labels")
        store_labels(run, dataset_id, stored.row_order, classes, labels)
    _look_at_pictures(run, stored, catalog, progress)


def _look_at_pictures(
    run: Run, stored: StoredDataset, catalog: Catalog, progress: Progress
) -> None:
    """Store what pictures are like, and small ones where the license allows it."""
    record = catalog.datasets.get(stored.dataset_id)
    if record is None or not record.thumbnails:
        progress.note(
            f"No small pictures of {stored.dataset_id}: its record does not say `thumbnails = "
            "true`, that its license lets them into the warehouse; pages show captions and ids"
        )
    try:
        dataset = open_known(run.workspace, catalog, stored.dataset_id, progress=progress)
    except PRHError as error:
        if isinstance(error, DiskFullError) or (record is not None and record.thumbnails):
            raise
        progress.note(f"Nothing is told of pictures: {error}")
        return
    if dataset.row_order != stored.row_order or not any(dataset.image_hashes):
        return
    store_picture_statistics(run, dataset, progress)
    if record is not None and record.thumbnails:
        store_thumbnails(run, dataset, progress)

"""`prh probe`: what vision models can do."""

from typing import Annotated

import typer

from ingest.catalog import load_catalog
from ingest.cli.options import Batch, Data, Device, Dtype, NoPublish, Store, ids, takes
from ingest.cli.work import recorded, workspace
from ingest.errors import Refused
from ingest.extract import ingest_half
from ingest.pipeline.options import ModelOptions
from ingest.store.precision import EXACT
from prh_core.errors import PRHError


@takes()
def probe(
    *,
    tasks: Annotated[
        str,
        typer.Option(
            "--tasks",
            help="Tasks of `prh catalog tasks`, separated by commas; vtab is all nineteen.",
        ),
    ] = "digits,count-discs,bar-orientation",
    layer: Annotated[
        str, typer.Option("--layer", help="last, or best: what does best on the inner split.")
    ] = "last",
    options: ModelOptions,
    device: Device = "auto",
    dtype: Dtype = "auto",
    store: Store = EXACT,
    batch_size: Batch = None,
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Measure what vision models can do: linear probes of a layer on tasks, and publish.

    Multinomial logistic regression on frozen features, standardized, its regularizer chosen by an
    inner split; at most 10,000 training and 10,000 test pictures a task. A task is solved at 80 %
    of the best top-1 accuracy of all models (paper, Fig. 2); the same by the mean over classes
    stands beside it. A task or model that fails is named and the others finish; what is done
    already is skipped. Ask `FROM solved`.
    """
    with ingest_half("Probing"):
        from ingest.datasets.tasks.openers import open_task
        from ingest.experiments.probes.run import plan_probes, probe_missing, probe_precision

    where = workspace(data)
    catalog = load_catalog(options.catalogs)
    chosen = options.chosen(catalog)
    records = catalog.tasks_named(ids(tasks))
    with recorded(where, "Probes", no_publish=no_publish) as (run, progress):
        opened = []
        for record in records:
            try:
                opened.append(open_task(record))
            except PRHError as error:
                run.refused.append(Refused(record.id, str(error)))
                progress.note(f"{record.title} left out: {error}")
        precision = probe_precision(run, chosen, opened, layer, dtype, device, store)
        probe_missing(
            run,
            plan_probes(run, chosen, opened, layer, precision, store),
            progress,
            device=device,
            batch_size=batch_size,
        )

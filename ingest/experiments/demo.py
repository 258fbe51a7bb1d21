"""The demo: real models from packages on emoji and their names, and a published table."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ingest.catalog import load_catalog
from ingest.datasets import open_dataset
from ingest.experiments.bits import BUDGET
from ingest.experiments.imports.results import store
from ingest.experiments.imports.table import read_mapping, read_table
from ingest.extract import ingest_half
from ingest.pipeline.options import ScoreOptions, StudyOptions
from ingest.pipeline.run import Run
from ingest.pipeline.scores.plan import Setting, settings_for
from ingest.pipeline.study import Study, open_study
from ingest.progress import Progress
from ingest.store.workspace import Workspace
from prh_core.warehouse.location import DEMO_UNFINISHED, PROJECT

if TYPE_CHECKING:
    from ingest.datasets.caption_sets import CaptionSet

METRICS = ("cka", "unbiased_cka", "cknna", "lcs_knn", "cycle_knn")
"""What the demo measures besides mutual k-NN: one of each kind that is quick."""
PERMUTATIONS = 50
"""Of these; mutual k-NN, by far the cheapest, has the usual number."""
LOCAL_TO_GLOBAL = (2, 5, 20, 50, 100, 200, 511)
"""Neighbors of CKNNA besides 10, up to all of the 512 emoji; uncalibrated."""
PREDICTING = "SmolLM2-135M-Instruct"
"""The demo's one model that predicts text; its others are encoders, without bits per byte."""
TASKS = ("count-discs", "bar-orientation")
"""What the demo probes its vision models on."""
CAPTION_SETS = ("column:word", "own", "column:definition", "shuffled@column:definition")
"""Captions of emoji that say more and more, and a control."""
PRECISION = "float32"
"""Of the demo's networks, so that its figures are the same on every machine."""
PUBLISHED = PROJECT / "data" / "published" / "wit1024.toml"


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
    return (workspace.home / DEMO_UNFINISHED).exists()


def run_demo(run: Run, progress: Progress, device: str = "auto") -> None:
    """Run the whole demo; what is done already is skipped."""
    first_half = begin_demo(run, progress, device)
    run.workspace.warehouse.publish()
    finish_demo(run, first_half, progress, device)


class FirstHalf(NamedTuple):
    """What both halves of the demo work on."""

    study: Study
    sets: "list[CaptionSet]"


def begin_demo(run: Run, progress: Progress, device: str = "auto") -> FirstHalf:
    """Extract and score what the first pages show: language meets vision, caption sets."""
    with ingest_half("The demo"):
        from ingest.datasets import caption_sets
        from ingest.experiments.captions.run import run_sets

    study = demo_study(run.workspace, progress, device)
    missing = sum(not unit.path.exists() for unit in study.extractions)
    progress.note(
        f"Demo: {len(study.models)} models on {len(study.dataset)} emoji and their names; "
        f"{missing} feature sets to extract, scores and caption sets in five minutes or so on two "
        "cores, then probes, colors and theory in five more. Stopping is safe: the same command "
        "resumes."
        if missing
        else "Demo: every feature set is stored already."
    )
    run.workspace.home.mkdir(parents=True, exist_ok=True)
    (run.workspace.home / DEMO_UNFINISHED).touch()
    study.extract(run, progress)
    study.score(run, progress)
    sets = caption_sets.build_sets(study.dataset, CAPTION_SETS, open_dataset)
    captions = demo_captions(run.workspace, progress, device)
    run_sets(run, captions, sets, progress, device=device)
    return FirstHalf(study, sets)


def finish_demo(run: Run, first_half: FirstHalf, progress: Progress, device: str = "auto") -> None:
    """Compare models of one modality, probe, predict, lay out colors, import, simulate worlds.

    Each part is published when it is done, so that the pages of an app that runs already fill one
    after the other.
    """
    with ingest_half("The demo"):
        from ingest.datasets.tasks.openers import open_task
        from ingest.experiments.bits.run import Choices, measure_bits
        from ingest.experiments.bits.texts import text_of_captions
        from ingest.experiments.color import cooccurrence, layouts, pictures, word_embeddings
        from ingest.experiments.color.words import shipped_words
        from ingest.experiments.probes.run import plan_probes, probe_missing
        from ingest.experiments.theory.run import demo_theory

    publish, study = run.workspace.warehouse.publish, first_half.study
    demo_pairs(run.workspace, progress, device).score(run, progress)
    import_published(run, PUBLISHED)
    publish()
    tasks = [open_task(task) for task in load_catalog().tasks_named(TASKS)]
    probes = plan_probes(run, study.side("vision"), tasks, precision=PRECISION)
    probe_missing(run, probes, progress, device=device)
    predicting = [record for record in study.models if record.id == PREDICTING]
    for caption_set in first_half.sets:
        captions = text_of_captions(caption_set.dataset)
        measure_bits(run, predicting, captions, Choices(BUDGET, dtype=PRECISION), progress, device)
    publish()
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
    publish()
    demo_theory(run, progress)
    if not run.refused:
        (run.workspace.home / DEMO_UNFINISHED).unlink(missing_ok=True)


def import_published(run: Run, mapping: Path) -> None:
    """Import a table that lies beside its mapping; an installed wheel has none."""
    if not mapping.exists():
        return
    described = read_mapping(mapping)
    table = described.file(mapping)
    store(run, read_table(table, described, load_catalog()), table.name)

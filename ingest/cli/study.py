"""`prh extract`, `score`, `run` and `status`: models over a dataset, compared pair by pair."""

from dataclasses import replace

from ingest.cli.console import TerminalProgress, out, table
from ingest.cli.options import Data, NoPublish, ScoreDevice, StoredDtype, takes
from ingest.cli.work import bits_beside, recorded, workspace
from ingest.pipeline.options import ExtractOptions, ExtraScores, ScoreOptions, StudyOptions
from ingest.pipeline.status import status as status_of
from ingest.pipeline.study import open_study


@takes()
def extract(options: StudyOptions, extraction: ExtractOptions, data: Data = None) -> None:
    """Run models over a dataset and store every layer's features; what is stored is skipped."""
    place = workspace(data)
    with recorded(place, "Feature sets", no_publish=True) as (run, progress):
        open_study(place, options, progress=progress).extract(
            run, progress, extraction.batch_size, bits_beside(extraction)
        )


@takes(without=["device"], dtype=StoredDtype)
def score(
    options: StudyOptions,
    scoring: ScoreOptions,
    extra: ExtraScores,
    device: ScoreDevice = "auto",
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Score every language model against every vision model, all pairs of layers, and publish.

    Each score is calibrated: the samples of the vision model are relabeled, the best of the whole
    layer table is taken anew, and this is repeated --permutations times.
    """
    place, options = workspace(data), replace(options, device=device)
    with recorded(place, "Scores", no_publish=no_publish) as (run, progress):
        open_study(place, options, scoring, progress=progress).score(run, progress, extra)


@takes(without=["batches"])
def run(
    options: StudyOptions,
    scoring: ScoreOptions,
    extra: ExtraScores,
    extraction: ExtractOptions,
    data: Data = None,
) -> None:
    """Extract, score and publish in one go; killed at any moment, it resumes where it was."""
    place = workspace(data)
    with recorded(place, "Units of work") as (run, progress):
        study = open_study(place, options, scoring, progress=progress)
        study.extract(run, progress, extraction.batch_size, bits_beside(extraction))
        if extra.noise_ceiling:
            study.extract_second_views(run, progress, extraction.batch_size)
        study.score(run, progress, extra)


@takes(without=["device"], defaults={"dataset": "emoji"}, dtype=StoredDtype)
def status(options: StudyOptions, scoring: ScoreOptions, data: Data = None) -> None:
    """Say what is done, what is missing, and what the missing part would cost."""
    place = workspace(data)
    panel = options.panel or (None if options.models else "demo")
    options = replace(options, panel=panel, device="cpu")
    with TerminalProgress() as progress:
        study = open_study(place, options, scoring, progress=progress)
    now = status_of(
        place, len(study.dataset), study.extractions, study.scores(), study.expected_scores
    )
    table(
        f"{study.dataset.record.title} ({len(study.dataset)} pairs)",
        ["model", "feature sets done", "missing", "seconds to go", "estimated from"],
        (
            (
                m.model_id,
                m.done,
                m.missing,
                m.seconds,
                None if m.seconds is None else "its own speed" if m.measured else "its size",
            )
            for m in now.models
        ),
    )
    out.print(
        f"Scores: {now.scores_done:,} done, {now.scores_missing:,} ready to compute, "
        f"{now.scores_waiting:,} waiting for features.",
        highlight=False,
    )
    published = place.warehouse.published_scores()
    shown = "none yet: `prh publish`"
    if published is not None:
        shown = f"{published:,} scores in {place.warehouse.path}"
    out.print(f"Published warehouse: {shown}", highlight=False, soft_wrap=True)

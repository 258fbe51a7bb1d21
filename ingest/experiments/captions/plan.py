"""From names of caption sets to sets: first all that needs no model, then summaries."""

from collections.abc import Sequence

from ingest.catalog.records import ModelRecord
from ingest.datasets import Dataset
from ingest.datasets.caption_sets import CaptionSet, Reopen, build_sets, parse_set, with_captions
from ingest.errors import CaptionSetError
from ingest.experiments.captions.summaries import Written, write_summaries
from ingest.pipeline.run import Run
from ingest.progress import Progress


def plan_sets(
    run: Run,
    base: Dataset,
    names: Sequence[str],
    reopen: Reopen,
    writer: ModelRecord,
    progress: Progress,
    *,
    device: str = "auto",
    dtype: str = "auto",
) -> tuple[list[CaptionSet], dict[str, Written]]:
    """Make every set that was asked for, in that order; also return how summaries were written.

    Raises:
        CaptionSetError: a set cannot be made; MissingCaptionError: a caption is missing or empty.
            Both before any model is loaded.
    """
    wanted = [parse_set(name) for name in names]
    twice = sorted({one.name for one in wanted if wanted.count(one) > 1})
    if twice:
        raise CaptionSetError(f"{', '.join(twice)} is asked for twice")
    summarized = [one for one in wanted if one.kind == "summary"]
    plain = [one.name for one in wanted if one.kind != "summary"]
    parents = [str(one.parent) for one in summarized]
    if any(parse_set(name).kind == "summary" for name in parents):
        raise CaptionSetError("a summary is made of captions, not of another summary")
    of_summaries = [one for one in wanted if one.parent and parse_set(one.parent).kind == "summary"]
    if of_summaries:
        raise CaptionSetError(f"{of_summaries[0].name}: a control of a summary is not made")
    made = {one.spec.name: one for one in build_sets(base, [*plain, *parents], reopen)}
    written: dict[str, Written] = {}
    for one in summarized:
        parent = made[parse_set(str(one.parent)).name].dataset.captions
        found = write_summaries(
            run, parent, one.number, writer, progress, device=device, dtype=dtype
        )
        written[one.name] = found
        made[one.name] = with_captions(one, base, found.captions)
    order = dict.fromkeys([one.name for one in wanted] + list(made))
    return [made[name] for name in order], written

"""Captions rewritten in N words by a language model, stored one by one (paper, App. E)."""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from ingest.catalog.records import ModelRecord
from ingest.errors import CaptionSetError
from ingest.extract import ingest_half, suited_precision
from ingest.pipeline.run import Run, record_model
from ingest.progress import Progress
from ingest.store.features import unit_key
from ingest.store.precision import named_precision

SUMMARY_VERSION = 2
"""Raised when the same caption would be asked for in another way; part of every summary's key."""
INSTRUCTIONS = (
    "You shorten descriptions of pictures to about {words} words. Keep as much salient visual "
    "information as fits into about {words} words, especially from the start of the description. "
    "Answer with the short description alone, on one line."
)
"""The system prompt: the paper's (Fig. 9) in our words, N in it as there."""
ASK = "{caption}"
"""What the user says."""
AGAIN = "That was {said} words. Write it again in {words} words, on one line."
TOLERANCE = 0.3
"""A summary whose length is off by more than this share is asked for once more."""
BATCH = 16


class Written(NamedTuple):
    """Summaries of all captions in N words."""

    captions: list[str]
    writer: str
    instructions: str
    retried: int
    """Captions that were asked for twice."""
    off_length: int
    """Captions whose length stayed off by more than `TOLERANCE`."""


class _Summary(NamedTuple):
    text: str
    retried: bool


def write_summaries(
    run: Run,
    captions: Sequence[str],
    words: int,
    writer: ModelRecord,
    progress: Progress,
    *,
    device: str = "auto",
    dtype: str = "auto",
) -> Written:
    """Have a model write every caption in about so many words; what is stored is not asked again.

    A summary is named by its caption, N, the model and the instructions, and stored as it comes: a
    killed run goes on after the last batch. Decoding takes the likeliest token at every step, so
    the same model writes the same again.

    Args:
        run: where summaries are stored.
        captions: to shorten.
        words: N.
        writer: a language model with a chat template.
        progress: instructions about every caption.
        device: as in `extract`.
        dtype: likewise; another precision writes other words, so it is part of the name.

    Raises:
        CaptionSetError: the model cannot answer, or said nothing.
    """
    instructions = INSTRUCTIONS.format(words=words)
    precision = named_precision(dtype) or suited_precision(device)
    keys = [_key(caption, words, writer, precision) for caption in captions]
    stored = _stored(run)
    missing = list(dict.fromkeys(
        (key, caption) for key, caption in zip(keys, captions, strict=True) if key not in stored
    ))  # fmt: skip
    if missing:
        stored |= _write(run, missing, words, instructions, writer, progress, device, precision)
    found = [stored[key] for key in keys]
    return Written(
        [summary.text for summary in found],
        writer.id,
        instructions,
        sum(summary.retried for summary in found),
        sum(_off(summary.text, words) for summary in found),
    )


def _key(caption: str, words: int, writer: ModelRecord, precision: str) -> str:
    return unit_key(
        {
            "caption": hashlib.sha256(caption.encode()).hexdigest(),
            "words": words,
            "model": writer.id,
            "source": writer.source,
            "revision": writer.revision,
            "options": writer.options,
            "instructions": [INSTRUCTIONS, ASK, AGAIN],
            "precision": precision,
            "version": SUMMARY_VERSION,
        }
    )


def _stored(run: Run) -> dict[str, _Summary]:
    rows = run.workspace.warehouse.rows("caption_summaries")
    if rows is None:
        return {}
    return {
        row["unit_key"]: _Summary(row["summary"], row["retried"])
        for row in rows.select("unit_key", "summary", "retried").iter_rows(named=True)
    }


def _write(
    run: Run,
    missing: Sequence[tuple[str, str]],
    words: int,
    instructions: str,
    writer: ModelRecord,
    progress: Progress,
    device: str,
    precision: str,
) -> dict[str, _Summary]:
    with ingest_half("Writing captions"):
        from ingest.extract.device import exact_float32, place
        from ingest.extract.loaded import LoadedLanguage, Turn
        from ingest.extract.loaders import load

    progress.note(f"Loading {writer.label}")
    where = place(device, precision)
    loaded = load(writer, where)
    answer = loaded.causal.answer if isinstance(loaded, LoadedLanguage) and loaded.causal else None
    if answer is None:
        raise CaptionSetError(
            f"{writer.id} was not taught to answer (it has no chat template): name an instruct "
            "model with --writer"
        )
    assert isinstance(loaded, LoadedLanguage)
    loaded.move(where)
    longest = 2 * words + 12

    def exactly(turns: list[list[Turn]]) -> list[str]:
        with exact_float32():
            return answer(turns, longest)

    found: dict[str, _Summary] = {}
    progress.start(f"{writer.label}: {words} words a caption", len(missing))
    for start in range(0, len(missing), BATCH):
        batch = missing[start : start + BATCH]
        asked = [
            [
                Turn("system", instructions),
                Turn("user", ASK.format(caption=caption)),
            ]
            for _, caption in batch
        ]
        said = [_line(text) for text in exactly(asked)]
        off = [i for i, text in enumerate(said) if _off(text, words)]
        if off:
            again = [
                [
                    *asked[i],
                    Turn("assistant", said[i]),
                    Turn("user", AGAIN.format(said=len(said[i].split()), words=words)),
                ]
                for i in off
            ]
            for i, text in zip(off, exactly(again), strict=True):
                # The better of both: a second try may be farther off.
                said[i] = min(said[i], _line(text), key=lambda t: _distance(t, words))
        summaries = [_Summary(text, i in off) for i, text in enumerate(said)]
        if not all(summary.text for summary in summaries):
            empty = batch[next(i for i, s in enumerate(summaries) if not s.text)][1]
            raise CaptionSetError(f"{writer.id} wrote nothing for the caption {empty!r}")
        _keep(run, batch, summaries, words, instructions, writer, loaded.revision)
        found |= {key: summary for (key, _), summary in zip(batch, summaries, strict=True)}
        progress.advance(len(batch))
    progress.done()
    record_model(run, writer)
    return found


def _keep(
    run: Run,
    batch: Sequence[tuple[str, str]],
    summaries: Sequence[_Summary],
    words: int,
    instructions: str,
    writer: ModelRecord,
    revision: str,
) -> None:
    rows: list[dict[str, Any]] = [
        {
            "unit_key": key,
            "model_id": writer.id,
            "revision": revision,
            "instructions": instructions,
            "words_asked": words,
            "caption": caption,
            "summary": summary.text,
            "words": len(summary.text.split()),
            "retried": summary.retried,
            "summary_version": SUMMARY_VERSION,
        }
        for (key, caption), summary in zip(batch, summaries, strict=True)
    ]
    name = unit_key({"summaries": [key for key, _ in batch]})
    run.append("caption_summaries", name, rows)


def _line(text: str) -> str:
    """Return the first line that says something, without quotation marks around it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0].strip("\"'“” ") if lines else ""


def _distance(text: str, words: int) -> int:
    # Nothing at all is farther off than anything.
    return abs(len(text.split()) - words) if text else 10**9


def _off(text: str, words: int) -> bool:
    return _distance(text, words) > TOLERANCE * words

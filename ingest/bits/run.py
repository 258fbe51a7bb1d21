"""Measure models on a text, chunk by durable chunk; a killed run goes on after its last one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import polars as pl

from ingest.bits import Start
from ingest.bits.measure import Tally, causal_of, resolved_window, started, tallies
from ingest.bits.texts import Skip, Skipped, Text
from ingest.catalog.records import ModelRecord
from ingest.errors import CatalogError
from ingest.extract.device import place
from ingest.extract.loaded import LoadedLanguage
from ingest.extract.loaders import load
from ingest.feature_store import unit_key
from ingest.progress import Progress
from ingest.run import Run, record_model
from prh_core.errors import PRHError

BITS_VERSION = 1
"""Raised when measuring would give other numbers; part of every unit's key."""
END = -1
"""Number of the chunk that says a measurement is finished."""


@dataclass(frozen=True)
class Choices:
    """How a text is read and predicted: part of every unit's key."""

    budget: int
    """Tokens to score at least, where the text has them."""
    window: int | None = None
    stride: int | None = None
    """As in `tallies`."""
    dtype: str = "auto"
    """As in `place`."""
    start: Start = "auto"
    """What stands before every document; see `started`."""


def measure_bits(
    run: Run,
    models: Sequence[ModelRecord],
    text: Text,
    choices: Choices,
    progress: Progress,
    device: str = "auto",
) -> list[Skipped]:
    """Measure what is missing; a model that cannot be measured is noted and the others go on.

    Returns:
        The documents that could not be read.
    """
    skipped: dict[str, Skipped] = {}

    def skip(item: Skipped) -> None:
        skipped.setdefault(item.name, item)

    for record in models:
        try:
            if record.modality != "language":
                raise CatalogError(f"{record.id} is a vision model: it predicts no text")
            unit = {
                "model": record.id,
                "revision": record.revision,
                "text": text.content,
                **_named(choices),
                "version": BITS_VERSION,
            }
            _measure(run, record, unit_key(unit), text, skip, choices, progress, device)
        except PRHError as error:
            run.leave_out(record, error, progress)
    return list(skipped.values())


def _named(choices: Choices) -> dict[str, Any]:
    """Return what names a unit; what stands first is left out where the tokeniser decides."""
    named = asdict(choices)
    if choices.start == "auto":
        del named["start"]  # as before it could be chosen
    return named


def _measure(
    run: Run,
    record: ModelRecord,
    key: str,
    text: Text,
    skip: Skip,
    choices: Choices,
    progress: Progress,
    device: str,
) -> None:
    stored = run.workspace.warehouse.rows("bits", f"{key}.*")
    before = [] if stored is None else stored.to_dicts()
    if any(row["chunk"] == END for row in before):
        run.skipped += 1
        return
    where, budget = place(device, choices.dtype), choices.budget
    progress.note(f"Loading {record.label}")
    loaded = load(record, where)
    assert isinstance(loaded, LoadedLanguage)  # the record is of a language model
    causal = started(record.id, causal_of(record.id, loaded), choices.start)
    loaded.move(where)
    context, step = resolved_window(loaded, choices.window, choices.stride)
    record_model(run, record)

    def keep(number: int, tally: Tally) -> None:
        row: dict[str, Any] = {
            "unit_key": key,
            "chunk": number,
            "run_id": run.run_id,
            "model_id": record.id,
            "revision": loaded.revision,
            "text": text.name,
            "budget": budget,
            "context": context,
            "stride": step,
            "starts_with": "none" if causal.start is None else "bos",
            **tally._asdict(),
            "dtype": str(where.dtype).removeprefix("torch."),
            "device": where.device.type,
            "finished_at": datetime.now(tz=UTC),
        }
        run.workspace.warehouse.append("bits", f"{key}.{number:06d}", pl.DataFrame([row]))

    read = sum(row["documents"] for row in before)
    scored = sum(row["tokens"] for row in before)
    number = len(before)
    progress.start(f"{record.label}: tokens of {text.name}", budget)
    progress.advance(scored)
    if scored < budget:
        left = islice(text.read(skip), read, None)
        for tally in tallies(
            loaded, causal, left, budget=budget - scored, window=context, stride=step,
            device=where.device,
        ):  # fmt: skip
            keep(number, tally)
            number += 1
            progress.advance(tally.tokens)
    progress.done()
    if not number:
        raise CatalogError(f"{text.name} holds no text that {record.id} could predict")
    keep(END, Tally(0.0, 0, 0, 0))
    run.done += 1

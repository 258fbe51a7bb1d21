"""Rows of the table `bits`, and what names a measurement."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import polars as pl

from ingest.catalog.records import ModelRecord
from ingest.datasets import Dataset
from ingest.errors import CatalogError
from ingest.experiments.bits import BUDGET, Start
from ingest.experiments.bits.beside import CaptionBits
from ingest.experiments.bits.measure import Tally
from ingest.experiments.bits.texts import text_of_captions
from ingest.extract.content import local_content
from ingest.pipeline.run import Run
from ingest.store.features import unit_key
from ingest.store.precision import PRECISIONS

BITS_VERSION = 2
"""Raised when measuring would give other numbers; part of every unit's key."""
END = -1
"""Number of the chunk that says a measurement is finished."""


@dataclass(frozen=True)
class Choices:
    """How a text is read and predicted: part of every unit's key."""

    budget: int
    """UTF-8 bytes of text to read at least, where the text has them."""
    window: int | None = None
    stride: int | None = None
    """As in `tallies`."""
    dtype: str = "auto"
    """As in `place`."""
    start: Start = "auto"
    """What stands before every document; see `started`."""


class Measurement(NamedTuple):
    """One model on one text, as far as every chunk's row says it."""

    key: str
    record: ModelRecord
    revision: str
    """What was loaded."""
    text: str
    budget: int
    context: int
    stride: int
    starts_with: str
    dtype: str
    device: str


def measurement_key(
    record: ModelRecord, content: str, choices: Choices, weights: str | None = None
) -> str:
    """Name the unit of work: a model, its local weights' content, a text's content, the choices.

    Raises:
        CatalogError: the dtype is auto, which means one thing here and another there.
    """
    named = asdict(choices)
    if choices.dtype not in PRECISIONS:
        raise CatalogError(
            f"expected one of {', '.join(PRECISIONS)}, resolved before a key is made, got "
            f"{choices.dtype!r}"
        )
    if choices.start == "auto":
        del named["start"]  # as before it could be chosen
    unit = {
        "model": record.id,
        "revision": record.revision,
        "text": content,
        **named,
        **({"quantization": record.quantization} if record.quantization else {}),
        **({} if weights is None else {"weights": weights}),
        "version": BITS_VERSION,
    }
    return unit_key(unit)


def keep(run: Run, measurement: Measurement, number: int, tally: Tally) -> None:
    """Leave a chunk's row as a part."""
    row: dict[str, Any] = {
        "unit_key": measurement.key,
        "chunk": number,
        "run_id": run.run_id,
        "model_id": measurement.record.id,
        "revision": measurement.revision,
        "text": measurement.text,
        "budget": measurement.budget,
        "context": measurement.context,
        "stride": measurement.stride,
        "starts_with": measurement.starts_with,
        **tally._asdict(),
        "bits_version": BITS_VERSION,
        "dtype": measurement.dtype,
        "device": measurement.device,
        "finished_at": datetime.now(tz=UTC),
    }
    part = f"{measurement.key}.{number:06d}"
    run.workspace.warehouse.append("bits", part, pl.DataFrame([row]))


def keep_captions(
    run: Run,
    dataset: Dataset,
    record: ModelRecord,
    seen: CaptionBits,
    facts: Mapping[str, str],
) -> None:
    """Leave what was seen beside an extraction, as `prh bits --dataset` would have measured it."""
    choices = Choices(BUDGET, dtype=facts["dtype"], start=seen.start)
    text = text_of_captions(dataset)
    measurement = Measurement(
        key=measurement_key(record, text.content, choices, local_content(record)),
        record=record,
        revision=facts["revision"],
        text=text.name,
        budget=choices.budget,
        context=seen.longest,
        stride=seen.longest,
        starts_with=seen.starts_with,
        dtype=facts["dtype"],
        device=facts["device"],
    )
    keep(run, measurement, 0, seen.tally())
    finish(run, measurement)


def finish(run: Run, measurement: Measurement) -> None:
    """Say that a measurement is finished."""
    keep(run, measurement, END, Tally(0.0, 0, 0, 0))

"""Rows of the table `bits`, and what names a measurement."""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from ingest.catalog.records import ModelRecord
from ingest.errors import CatalogError
from ingest.experiments.bits import Start
from ingest.experiments.bits.measure import Tally
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
    if choices.dtype not in PRECISIONS:
        raise CatalogError(
            f"expected one of {', '.join(PRECISIONS)}, resolved before a key is made, got "
            f"{choices.dtype!r}"
        )
    unit = {
        "model": record.id,
        "revision": record.revision,
        "text": content,
        **asdict(choices),
        **({"quantization": record.quantization} if record.quantization else {}),
        **({} if weights is None else {"weights": weights}),
        "version": BITS_VERSION,
    }
    return unit_key(unit)


def keep(run: Run, measurement: Measurement, number: int, tally: Tally) -> None:
    """Leave a chunk's row as a part."""
    row: dict[str, Any] = {
        "chunk": number,
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
    }
    run.append("bits", measurement.key, [row], part=f"{measurement.key}.{number:06d}")


def finish(run: Run, measurement: Measurement) -> None:
    """Say that a measurement is finished."""
    keep(run, measurement, END, Tally(0.0, 0, 0, 0))

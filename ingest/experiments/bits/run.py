"""Measure models on a text, chunk by durable chunk; a killed run goes on after its last one."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from ingest.catalog.records import ModelRecord
from ingest.errors import CatalogError
from ingest.experiments.bits.measure import causal_of, resolved_window, started, tallies
from ingest.experiments.bits.rows import END, Choices, Measurement, finish, keep, measurement_key
from ingest.experiments.bits.texts import Skip, Skipped, Text
from ingest.extract import model_named
from ingest.extract.content import local_content
from ingest.extract.device import exact_float32, place
from ingest.extract.loaded import LoadedLanguage
from ingest.extract.loaders import load
from ingest.pipeline.run import Run, record_model
from ingest.progress import Progress
from prh_core.errors import PRHError

__all__ = ["Choices", "measure_bits"]


def measure_bits(
    run: Run,
    models: Sequence[ModelRecord],
    text: Text,
    choices: Choices,
    progress: Progress,
    device: str = "auto",
) -> list[Skipped]:
    """Measure what is missing; a model that cannot be measured is noted and the others go on.

    All are measured in one precision; dtype auto is resolved by the device before keys are made.

    Returns:
        The documents that could not be read.

    Raises:
        CatalogError: the device or dtype is unknown, or the device absent.
    """
    choices = replace(choices, dtype=place(device, choices.dtype).precision)
    skipped: dict[str, Skipped] = {}

    def skip(item: Skipped) -> None:
        skipped.setdefault(item.name, item)

    for record in models:
        try:
            if record.modality != "language":
                raise CatalogError(f"{record.id} is a vision model: it predicts no text")
            key = measurement_key(record, text.content, choices, local_content(record))
            with model_named(record):
                _measure(run, record, key, text, skip, choices, progress, device)
        except PRHError as error:
            run.leave_out(record.id, error, progress)
    return list(skipped.values())


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

    measurement = Measurement(
        key=key,
        record=record,
        revision=loaded.revision,
        text=text.name,
        budget=budget,
        context=context,
        stride=step,
        starts_with="none" if causal.start is None else "bos",
        dtype=where.precision,
        device=where.device.type,
    )
    left = text.read(skip)
    # What a killed run has read is read again, to know how far it came, but not scored.
    read = sum(
        len(document.text.encode())
        for document in islice(left, sum(row["documents"] for row in before))
    )
    number = len(before)
    progress.start(f"{record.label}: bytes of {text.name}", budget)
    progress.advance(read)
    if read < budget:
        with exact_float32():
            for tally in tallies(
                loaded, causal, left, budget=budget - read, window=context, stride=step,
                device=where.device,
            ):  # fmt: skip
                keep(run, measurement, number, tally)
                number += 1
                progress.advance(tally.bytes)
    progress.done()
    if not number:
        raise CatalogError(f"{text.name} holds no text that {record.id} could predict")
    finish(run, measurement)
    run.done += 1

"""Alignment while a model is trained: a small probe set, held against stored features.

    probe = Probe(
        captions(dataset, tokenizer),
        stored_references(home, dataset, ["all-MiniLM-L6-v2"]),
        training="my-run",
        home=home,
    )
    trainer = Trainer(..., callbacks=[PRHCallback(probe)])          # transformers
    trainer = Trainer(..., callbacks=[PRHLightningCallback(probe)])  # Lightning
    probe_after_step(probe, model, step, loss=loss)                  # any loop

The training's own numbers stay the same bits. The two callbacks import their library when they are
first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ingest.training.probe import Probe, Probed, ReferenceScore
from ingest.training.references import Reference, given_references, stored_references
from ingest.training.rows import probe_rows
from ingest.training.samples import ProbeSamples, batches, captions, images
from ingest.training.schedule import probe_after_step, probe_at_end
from ingest.training.state import undisturbed

if TYPE_CHECKING:
    from ingest.training.lightning import PRHLightningCallback
    from ingest.training.trainer import PRHCallback

__all__ = [
    "PRHCallback",
    "PRHLightningCallback",
    "Probe",
    "ProbeSamples",
    "Probed",
    "Reference",
    "ReferenceScore",
    "batches",
    "captions",
    "given_references",
    "images",
    "probe_after_step",
    "probe_at_end",
    "probe_rows",
    "stored_references",
    "undisturbed",
]

_CALLBACKS = {
    "PRHCallback": "ingest.training.trainer",
    "PRHLightningCallback": "ingest.training.lightning",
}


def __getattr__(name: str) -> Any:
    """Import a callback, and its library with it, when it is asked for.

    Raises:
        MissingExtraError: its library is not installed.
    """
    if name not in _CALLBACKS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_CALLBACKS[name]), name)

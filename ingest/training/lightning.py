"""The callback for Lightning's Trainer, of whichever package the training has imported."""

import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from ingest.errors import MissingExtraError
from ingest.training.log import to_lightning
from ingest.training.probe import Probe
from ingest.training.schedule import BUDGET, EVERY, attempt, probe_after_step, probe_at_end

_PACKAGES = ("lightning.pytorch", "pytorch_lightning")


def _lightning() -> Any:
    """Return the package that the training uses: one that is imported, else one that can be.

    Raises:
        MissingExtraError: neither is installed.
    """
    for name in sorted(_PACKAGES, key=lambda name: name not in sys.modules):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if (error.name or "").split(".")[0] != name.split(".")[0]:
                raise
    raise MissingExtraError(
        "PRHLightningCallback needs lightning or pytorch_lightning, and neither is installed: "
        "pip install lightning"
    )


_Callback: Any = _lightning().Callback


class PRHLightningCallback(_Callback):
    """Probes the model before the first step, every so many optimizer steps, and at the end.

    Scores go to the Trainer's loggers, whichever these are.
    """

    def __init__(
        self,
        probe: Probe,
        *,
        every_n_steps: int = EVERY,
        budget: float | None = BUDGET,
        measures: Sequence[str] = ("loss", "train_loss", "val_loss"),
        model: Callable[[Any], nn.Module] | None = None,
    ) -> None:
        """Probe with `probe`.

        Args:
            probe: see `Probe`; closed when the training ends.
            every_n_steps, budget: see `probe_after_step`.
            measures: which of the numbers that the training logs stand beside the alignment, and
                "loss", what a training step returned.
            model: LightningModule -> the network that is probed; the LightningModule by default.
        """
        super().__init__()
        self.probe = probe
        self._every, self._budget, self._measures = every_n_steps, budget, tuple(measures)
        self._model = model or (lambda module: module)
        self._step: int | None = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Probe before the first step, or after the checkpoint that is gone on from."""
        if trainer.is_global_zero:
            self.probe.add_sink(to_lightning(trainer.loggers))
            self.probe.find_running = False
            self._step = trainer.global_step
            attempt(self.probe, self._model(pl_module), trainer.global_step, {})

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Probe where a probe is due; batches that only add to a gradient are no steps."""
        if not trainer.is_global_zero or trainer.global_step == self._step:
            return
        self._step = trainer.global_step
        numbers = {n: v for n, v in trainer.callback_metrics.items() if n in self._measures}
        loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
        if "loss" in self._measures and isinstance(loss, Tensor):
            numbers.setdefault("loss", loss)
        probe_after_step(
            self.probe,
            self._model(pl_module),
            trainer.global_step,
            every_n_steps=self._every,
            budget=self._budget,
            **numbers,
        )

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Probe the trained model and end the run in the data folder."""
        if trainer.is_global_zero:
            probe_at_end(self.probe, self._model(pl_module), trainer.global_step)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """End the run in the data folder with what ended the training."""
        if trainer.is_global_zero:
            self.probe.close(type(exception), exception, exception.__traceback__)

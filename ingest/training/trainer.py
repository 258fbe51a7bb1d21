"""The callback for the Trainer of transformers."""

import importlib
import math
import os
from collections.abc import Sequence
from typing import Any

from ingest.extract import ingest_half
from ingest.training.log import to_tensorboard
from ingest.training.probe import Probe
from ingest.training.schedule import BUDGET, EVERY, attempt, probe_after_step, probe_at_end

with ingest_half("PRHCallback"):
    from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments


class PRHCallback(TrainerCallback):
    """Probes the model before the first step, every so many steps, and at the end."""

    def __init__(
        self,
        probe: Probe,
        *,
        every_n_steps: int = EVERY,
        budget: float | None = BUDGET,
        measures: Sequence[str] = ("loss", "eval_loss"),
        bytes_per_token: float | None = None,
        writer: Any = None,
    ) -> None:
        """Probe with `probe`.

        Args:
            probe: see `Probe`; closed when the training ends.
            every_n_steps, budget: see `probe_after_step`.
            measures: which of the Trainer's logged numbers stand beside the alignment.
            bytes_per_token: UTF-8 bytes a token of the text stands for, mean; with it every loss of
                `measures` (nats a token) is stored as bits per byte, too.
            writer: a SummaryWriter of TensorBoard; None makes one in `runs/prh` of the output
                folder where the Trainer reports to TensorBoard.
        """
        self.probe = probe
        self._every, self._budget = every_n_steps, budget
        self._measures, self._bytes_per_token = tuple(measures), bytes_per_token
        self._writer, self._own_writer = writer, False
        if writer is not None:
            probe.add_sink(to_tensorboard(writer))

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Probe before the first step, or after the checkpoint that is gone on from."""
        if not state.is_world_process_zero:
            return
        if self._writer is None and "tensorboard" in (args.report_to or ()):
            runs = os.environ.get("TENSORBOARD_LOGGING_DIR") or f"{args.output_dir}/runs"
            tensorboard = importlib.import_module("torch.utils.tensorboard")
            self._writer, self._own_writer = tensorboard.SummaryWriter(f"{runs}/prh"), True
            self.probe.add_sink(to_tensorboard(self._writer))
        attempt(self.probe, kwargs["model"], state.global_step, {})

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Probe where a probe is due."""
        if state.is_world_process_zero:
            probe_after_step(
                self.probe,
                kwargs["model"],
                state.global_step,
                every_n_steps=self._every,
                budget=self._budget,
            )

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Remember the numbers that the Trainer logs, at their own step."""
        if not state.is_world_process_zero:
            return
        logged = kwargs.get("logs") or {}
        for name in self._measures:
            if name not in logged:
                continue
            value = float(logged[name])
            self.probe.note(state.global_step, **{name: value})
            if self._bytes_per_token is not None and name.endswith("loss"):
                bits = value / math.log(2) / self._bytes_per_token
                told = name.removesuffix("loss") + "bits_per_byte"
                self.probe.note(state.global_step, **{told: bits})

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Probe the trained model and end the run in the data folder."""
        if not state.is_world_process_zero:
            return
        probe_at_end(self.probe, kwargs["model"], state.global_step)
        if self._own_writer:
            self._writer.close()

"""Bits per byte of captions, taken from the same pass that extracts their features."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from ingest.catalog.records import ModelRecord
from ingest.datasets import Dataset
from ingest.experiments.bits import BUDGET, Start
from ingest.experiments.bits.measure import Tally
from ingest.experiments.bits.rows import Choices, Measurement, finish, keep, measurement_key
from ingest.experiments.bits.texts import text_of_captions
from ingest.experiments.bits.windows import (
    head_agrees,
    opening_of,
    scored_bytes,
    sees_ahead,
    sums_of,
)
from ingest.extract.content import local_content
from ingest.extract.loaded import Causal, LoadedLanguage
from ingest.pipeline.run import Run
from ingest.progress import Progress


class CaptionBits:
    """Looks on while captions are extracted, and scores what the network expects.

    A caption is a document of its own, as in `prh bits --dataset`. Features are extracted with the
    tokenizer's own special tokens: where it puts its start token first, the figure is the one of
    --start auto; where it puts none, that of --start none. Anything else has no figure.
    """

    def __init__(self) -> None:
        """Start with nothing seen."""
        self.reason: str | None = "no caption was run without a prompt"
        """Why there is no figure; None where there is one."""
        self.start: Start = "auto"
        """Under which choice of `prh bits` the same figure stands."""
        self.starts_with = "none"
        self.longest = 0
        """Most tokens of a caption."""
        self._causal: Causal | None = None
        self._nats: list[float] = []
        self._opening: list[int] = []
        self._bytes = 0
        self._tokens = 0
        self._checked = False

    def begin(
        self, loaded: LoadedLanguage, captions: Sequence[str], ids: Sequence[Sequence[int]]
    ) -> None:
        """Find out how the captions begin, and count what will be scored."""
        causal = loaded.causal
        if causal is None or causal.head is None:
            self.reason = "it does not predict the next token"
            return
        pieces = [causal.pieces(caption) for caption in captions]
        plain = [found.ids for found in pieces]
        given = [list(row) for row in ids]
        if causal.start is not None and given == [[causal.start, *row] for row in plain]:
            self.start, self.starts_with = "auto", "bos"
        elif given == plain:
            self.start = "none" if causal.start is not None else "auto"
            self.starts_with = "none"
        else:
            self.reason = (
                "its tokenizer puts special tokens round a caption, or captions were cut; "
                "`prh bits --dataset` measures it in a pass of its own"
            )
            return
        self._causal = causal
        start = causal.start if self.starts_with == "bos" else None
        self._bytes = sum(
            scored_bytes(caption, found, start)
            for caption, found in zip(captions, pieces, strict=True)
        )
        self._opening = [1 if start is not None else opening_of(found) for found in pieces]
        self._tokens = sum(
            max(0, len(row) - first) for row, first in zip(given, self._opening, strict=True)
        )
        self._nats = [0.0] * len(given)
        self.longest = max(map(len, given))
        read = sum(len(caption.encode()) for caption in captions)
        if not self._tokens:
            self.reason = "there is no token to score"
        elif read > BUDGET:
            self.reason = f"there are {read:,} bytes to read, more than {BUDGET:,}"
        else:
            self.reason = None

    def see(self, rows: Sequence[int], ids: Tensor, mask: Tensor, last: Tensor) -> None:
        """Score a batch; a batch that comes again replaces its figures."""
        causal = self._causal
        if self.reason is not None or causal is None or causal.head is None:
            return
        if not self._checked and not self._agrees(causal, ids, mask, last):
            return
        head = causal.head
        scored = mask[:, 1:] == 1
        for at, row in enumerate(rows):
            scored[at, : self._opening[row] - 1] = False
        sums = sums_of(lambda row, token: head(last[row, token]), ids, scored)
        for row, value in zip(rows, sums.tolist(), strict=True):
            self._nats[row] = value

    def tally(self) -> Tally:
        """Return what was scored of all captions."""
        return Tally(sum(self._nats), self._tokens, self._bytes, len(self._nats))

    def _agrees(self, causal: Causal, ids: Tensor, mask: Tensor, last: Tensor) -> bool:
        """Hold the head against the network's own scores on one caption, once."""
        self._checked = True
        if sees_ahead(causal, ids[0][mask[0] == 1]):
            self.reason = "it sees the tokens it should predict"
            return False
        if head_agrees(causal, ids, mask, last):
            return True
        self.reason = (
            "its scores are more than a product of its last hidden state; `prh bits --dataset` "
            "measures it in a pass of its own"
        )
        return False


class BesideExtraction:
    """Measures language models on the captions in the pass that extracts their features."""

    def __init__(self) -> None:
        """Watch no model yet."""
        self._seen: CaptionBits | None = None

    def watch(self, record: ModelRecord) -> CaptionBits | None:
        """Return what looks on while a language model runs."""
        self._seen = CaptionBits() if record.modality == "language" else None
        return self._seen

    def keep(
        self,
        run: Run,
        dataset: Dataset,
        record: ModelRecord,
        facts: Mapping[str, str],
        progress: Progress,
    ) -> None:
        """Leave what was seen as `prh bits --dataset` would, or say why there is nothing."""
        seen = self._seen
        if seen is None:
            return
        if seen.reason is not None:
            progress.note(f"{record.label} has no bits per byte of the captions: {seen.reason}")
            return
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

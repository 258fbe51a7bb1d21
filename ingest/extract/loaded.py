"""What a loader hands over: a network ready to run, and how to read its layers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from ingest.errors import CatalogError
from ingest.store.precision import EXACT

Layout = Literal["tokens", "nchw", "nhwc"]


@dataclass(frozen=True)
class Tap:
    """A place in a vision network where features are read."""

    name: str
    """Layer name in the feature file."""
    path: str
    """Name of the submodule whose output is read."""
    layout: Layout | None = None
    """Of its output; None: the network's."""
    prefix_tokens: int | None = None
    """Tokens before the patches in its output; None: as many as the network has."""


@dataclass(frozen=True)
class CropThenScale:
    """A preprocessing in two steps: models whose crops have one key share them."""

    crop: Callable[[Image.Image], Tensor]
    """RGB image -> (3, H, W) uint8; called from several threads."""
    key: str
    """Says everything that determines the crop's pixels but the image."""
    scale: Callable[[Tensor], Tensor]
    """(..., 3, H, W) uint8 -> the same in float32, on the device it lies on."""

    def __call__(self, image: Image.Image) -> Tensor:
        """Return what the network is fed of an RGB image, (3, H, W) float32."""
        return self.scale(self.crop(image))


@dataclass(frozen=True)
class LoadedVision:
    """A vision network in eval mode."""

    module: nn.Module
    forward: Callable[[Tensor], object]
    """Runs the network on (B, 3, H, W); its result is ignored, the taps are read."""
    taps: tuple[Tap, ...]
    layout: Layout
    """Of the taps' outputs: (B, T, D) tokens, (B, C, H, W), or (B, H, W, C)."""
    prefix_tokens: int | None
    """Tokens before the patches (class token, registers); 0 without, None where nobody knows."""
    has_class_token: bool
    """Whether the first token of every tap is the class token."""
    preprocess: Callable[[Image.Image], Tensor]
    """RGB image -> (3, H, W) float32; called from several threads. For a `CropThenScale`, images
    are decoded once for all models that crop alike, and scaled on the device."""
    revision: str
    """What was really loaded: commit, package version, file hash or seed."""
    attend: Callable[[Tensor], Tensor] | None = None
    """The network's own attention pool: (B, T, D) of a tap -> (B, D); None where it has none that
    reads all taps."""
    returns_taps: bool = False
    """True where `forward` returns the taps' outputs in their order: no submodule is read."""

    def layout_of(self, tap: Tap) -> Layout:
        """Return the layout of a tap's output."""
        return self.layout if tap.layout is None else tap.layout

    def prefix_of(self, tap: Tap) -> int | None:
        """Return how many tokens precede the patches in a tap's output; None: nobody knows."""
        if self.layout_of(tap) != "tokens":
            return 0
        return self.prefix_tokens if tap.prefix_tokens is None else tap.prefix_tokens


@dataclass(frozen=True)
class Window:
    """A stretch of a sound, as a network is fed it."""

    inputs: Tensor
    """What the network takes of it, without the batch axis; of one shape for all windows."""
    positions: int | None
    """How many of a layer's positions, from the first on, hold sound; None: all of them."""
    weight: float
    """How much of the sound it is, beside the other windows."""


@dataclass(frozen=True)
class LoadedAudio:
    """An audio network in eval mode."""

    module: nn.Module
    forward: Callable[[Tensor], object]
    """Runs the network on (B, ...) inputs of windows; its result is ignored, the taps are read."""
    taps: tuple[Tap, ...]
    """Their outputs are (B, positions, D)."""
    rate: int
    """Samples a second that `prepare` takes."""
    window: int
    """Samples a window at most."""
    prepare: Callable[[NDArray[np.float32]], Window]
    """(at most `window`,) samples -> what the network is fed; called from several threads."""
    revision: str
    """What was really loaded: commit, file hash or seed."""


Span = tuple[int, int]
"""Where in a text a token stands: its first character, and the one behind its last."""
StateTaker = Callable[[Tensor], None]
"""Receives a batch's hidden states, (B, T, D), one by one in depth order; each may be overwritten
after the call."""


@dataclass(frozen=True)
class Placement:
    """Where and in which precision a network runs."""

    device: torch.device
    dtype: torch.dtype

    @property
    def precision(self) -> str:
        """The dtype's name, e.g. "float32"."""
        return str(self.dtype).removeprefix("torch.")


class Pieces(NamedTuple):
    """A text's tokens, without special ones, and where in the text each begins."""

    ids: list[int]
    starts: list[int]
    """Position of each token's first character."""
    opening_bytes: int | None = None
    """UTF-8 bytes of the text that the first token stands for, or the first few where a character
    is split over tokens that do not tell its bytes; None where only the starts tell."""
    opening: int = 1
    """How many tokens stand for those bytes."""


class Turn(NamedTuple):
    """One turn of a conversation with a network."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Causal:
    """What a language network needs to have its predictions scored."""

    logits: Callable[[Tensor, Tensor], Tensor]
    """(B, T) ids and mask -> (B, T, V): at t, what the network expects at t + 1."""
    pieces: Callable[[str], Pieces]
    start: int | None
    """The tokenizer's BOS, put before a text so that its first token is predicted, too; None
    where there is none: the first token is then not scored, nor its bytes counted (`Pieces`)."""
    head: Callable[[Tensor], Tensor] | None = None
    """Last hidden states (m, D) -> (m, V), what `logits` would be; None where it is not known."""
    last: Callable[[Tensor, Tensor], Tensor] | None = None
    """(B, T) ids and mask -> (B, T, D), the last hidden state; None where it is not known."""
    answer: Callable[[Sequence[Sequence[Turn]], int], list[str]] | None = None
    """Conversations, most new tokens -> what the network says next, its likeliest token at every
    step; None where it was not taught to answer."""


@dataclass(frozen=True)
class LoadedLanguage:
    """A language network in eval mode, with its tokenizer."""

    module: nn.Module | None
    encode: Callable[[Sequence[str]], list[list[int]]]
    """Texts -> token ids, special tokens included, not truncated."""
    stream: Callable[[Tensor, Tensor, StateTaker], None]
    """Runs (B, T) ids with a (B, T) mask (1 = real) and hands every hidden state to the taker."""
    window: int | None
    """Most tokens the network can take; None when there is no limit."""
    pad_id: int
    revision: str
    shorten: Callable[[Sequence[str], int], list[list[int]]] | None = field(default=None)
    """Texts, window -> ids truncated so that closing special tokens are kept; None: cut off."""
    spans: Callable[[Sequence[str]], list[list[Span | None]]] | None = None
    """Texts -> where each of the tokens that are run stands, None of special ones, cut to the
    window as these are; None where the tokenizer does not tell."""
    causal: Causal | None = None
    """None where the network does not predict the next token."""
    tower: Callable[[], str | None] | None = None
    """Which part of the network reads text, and what its last state is, once it has run."""
    placed: bool = False
    """True when the loader has put the module on its devices already."""

    def move(self, place: Placement) -> None:
        """Bring the network to its device and precision, unless the loader has done so.

        Raises:
            CatalogError: it is no module of torch, so it computes in a precision of its own, and
                another one is asked for.
        """
        if self.module is None and place.precision != EXACT:
            raise CatalogError(
                "The model is no nn.Module: it computes in a precision of its own and cannot be "
                f"run in {place.precision}; use --dtype {EXACT}."
            )
        if self.module is not None and not self.placed:
            self.module.to(device=place.device, dtype=place.dtype)

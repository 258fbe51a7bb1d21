"""Prompts and poolings by name: what is put around a caption, and which tokens become a vector."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, StrictInt, model_validator

from ingest.catalog.records import SHIPPED, Identifier, Record

WIDEST = 200_000
"""Numbers a layer and image that flattening may give where a record says nothing."""
Tokens = Literal["all", "text", "caption", "prefix", "suffix", "continuation"]
OfTokens = Literal["mean", "first", "last"]
OfImages = Literal["auto", "cls", "gap", "max", "flat", "attention"]
_OF_TOKENS = ("mean", "first", "last")


class VariantRecord(Record):
    """What prompts and poolings share."""

    id: Identifier
    title: str
    """What a reader is told of it."""
    citation: str = ""
    note: str = ""
    base: Path | None = Field(default=None, exclude=True)

    @model_validator(mode="after")
    def _not_reserved(self) -> Self:
        if self.id == "own":
            raise ValueError("the id 'own' is what pages call every model's own choice")
        return self

    @property
    def shipped(self) -> bool:
        """Whether it ships with the project: its name alone then says what it is."""
        return self.base == SHIPPED

    def content(self) -> dict[str, Any]:
        """Return what determines features: everything but what is only told."""
        return self.model_dump(exclude={"title", "citation", "note"}, exclude_defaults=True)


class PromptRecord(VariantRecord):
    """Words put around every caption before a language model reads it."""

    prefix: str = ""
    """Stands before the caption, its closing space included."""
    suffix: str = ""
    """Stands behind the caption, its opening space included."""
    generate: int = Field(default=0, ge=0, le=1024)
    """Tokens that the language model itself continues with before its states are read, features of
    which are then of the text and its continuation; 0 reads the text alone."""
    seed: int | None = Field(default=None, ge=0)
    """Tokens are drawn by the model's own probabilities with this seed; None takes the likeliest at
    every step."""

    @model_validator(mode="after")
    def _seed_of_something(self) -> Self:
        if self.seed is not None and not self.generate:
            raise ValueError("seed belongs to generate, how many tokens are drawn")
        return self

    @property
    def continuation(self) -> int:
        """How many tokens follow the text: what a pooling of the continuation needs."""
        return self.generate

    @property
    def template(self) -> str:
        """The prompt with '{caption}' where the caption stands."""
        return self.around("{caption}")

    def around(self, caption: str) -> str:
        """Return the text that the model reads of a caption."""
        return f"{self.prefix}{caption}{self.suffix}"


class PoolingRecord(VariantRecord):
    """How a layer's tokens, or the positions of an image, become one vector a sample."""

    modality: Literal["language", "vision", "audio"]
    take: StrictInt | OfTokens | OfImages
    """Language: 'mean' over the tokens, the 'first', the 'last', or a number: 0 is the first, 1 the
    next, -1 the last. Vision: 'cls' (class token), 'gap' (mean over positions), 'auto' (class token
    if every layer has one, else 'gap'), 'max' (largest over positions, number by number), 'flat'
    (all positions side by side), 'attention' (the network's own attention pool, after its last
    normalization; it was trained on the last layer). Audio: 'mean' over what holds sound."""
    tokens: Tokens = "all"
    """Language: of 'all' tokens with the special ones, of the whole 'text' without them, of the
    'caption', of the prompt's 'prefix' or 'suffix', or of the 'continuation' that the prompt has
    the model generate, which 'text' leaves out. A token with a letter of the caption in it is the
    caption's."""
    grid: int | None = Field(default=None, gt=0)
    """'flat': positions are averaged to so many times so many first."""
    widest: int = Field(default=WIDEST, gt=0)
    """'flat': most numbers a layer and image; a wider layer is refused."""

    @model_validator(mode="after")
    def _fits_modality(self) -> Self:
        if self.modality == "audio" and (self.take, self.tokens) != ("mean", "all"):
            raise ValueError(
                f"take of an audio pooling should be 'mean', of tokens 'all', got {self.take!r} of "
                f"{self.tokens!r}"
            )
        of_tokens = isinstance(self.take, int) or self.take in _OF_TOKENS
        if of_tokens != (self.modality != "vision"):
            known = (
                "'mean', 'first', 'last' or a number"
                if self.modality == "language"
                else "'cls', 'gap', 'auto', 'max', 'flat' or 'attention'"
            )
            raise ValueError(
                f"take of a {self.modality} pooling should be {known}, got {self.take!r}"
            )
        if self.modality == "vision" and self.tokens != "all":
            raise ValueError("tokens are chosen of captions; a vision pooling has none to choose")
        if self.take != "flat" and {"grid", "widest"} & self.model_fields_set:
            raise ValueError("grid and widest belong to take = 'flat'")
        return self

    @property
    def part(self) -> Literal["prefix", "suffix", "continuation"] | None:
        """The part of a prompt that it cannot do without."""
        return self.tokens if self.tokens in ("prefix", "suffix", "continuation") else None

    @property
    def needs_places(self) -> bool:
        """Whether it has to be known where in the text each token stands."""
        return self.tokens != "all"

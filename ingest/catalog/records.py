"""The catalog's frozen, typed records: what can be extracted, from where, under which license."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

LONGEST_ID = 100
"""Characters: an id is part of the names of files, which systems limit to 255 bytes."""
Identifier = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=LONGEST_ID)
]
Modality = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=30)]
"""What models look at: vision, language, or any other short name."""
NETWORKS = ("vision", "language", "audio")
"""Modalities whose networks run here; features of others are saved elsewhere and imported."""


def in_order(modalities: Iterable[str]) -> list[str]:
    """Return modalities as sides are named: language first, vision last, others by name."""
    return sorted(set(modalities), key=lambda name: (name != "language", name == "vision", name))


SHIPPED = Path(__file__).resolve().parent
"""Folder of the records that ship with the project."""
Scalar = str | int | float | bool


class Record(BaseModel):
    """A frozen record that refuses unknown fields, so a typo in a TOML file is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _read_british(cls, fields: Any) -> Any:
        """Take British spelling, too: people's catalogs come in both."""
        if isinstance(fields, dict):
            if "licence" in fields and "license" not in fields:
                fields = {"license" if k == "licence" else k: v for k, v in fields.items()}
            if fields.get("group") == "specialised":
                fields = {**fields, "group": "specialized"}
        return fields


class ModelRecord(Record):
    """One model: who made it, where its weights lie, and which loader opens them."""

    id: Identifier
    label: str
    """Short name for charts."""
    modality: Modality
    family: str
    """Groups models that share an objective and data in charts: 'DINOv2', 'BLOOMZ'."""
    objective: str
    """What it was trained to do: 'supervised classification', 'none (random weights)'."""
    training_data: str = "unstated"
    source: str
    """Hub repository, package, or file of the weights; 'random:SEED' for untrained controls."""
    revision: str
    """Pinned commit, tag or package version.

    'main' is resolved to a commit at load, and stored with the features.
    """
    license: str
    parameters: int | None = Field(default=None, gt=0)
    layers: int | None = Field(default=None, gt=0)
    """Blocks, or stages, of its published configuration."""
    width: int | None = Field(default=None, gt=0)
    """Numbers that the last of them gives a token or position."""
    trained: bool = True
    """False for randomly initialized controls."""
    loader: Identifier
    """Name of a registered loader (see ingest/extract/loaders.py)."""
    options: dict[str, Scalar | list[str] | list[float] | list[int]] = {}
    """Arguments of that loader: architecture, checkpoint, layers, input size."""
    citation: str
    base: Path | None = Field(default=None, exclude=True)
    """Folder of the TOML file the record came from; relative paths in `options` start there."""

    @property
    def checkpoint(self) -> Path | None:
        """Where the file of its weights lies or should lie; None where a loader fetches them.

        Relative to the TOML file of the record. Records that ship with the project name files that
        nobody may pass on: these belong in the folder of the environment variable PRH_CHECKPOINTS,
        or in data/checkpoints.
        """
        name = self.options.get("checkpoint")
        if not isinstance(name, str):
            return None
        if self.base == SHIPPED:
            return Path(os.environ.get("PRH_CHECKPOINTS", "data/checkpoints")) / name
        return (self.base or Path()) / name

    @property
    def saved(self) -> bool:
        """Whether its features were saved by another program: there is no network to run."""
        return self.loader == "features"

    @property
    def quantization(self) -> Scalar | None:
        """Bits the weights are packed into, '4bit' or '8bit'; None for whole weights."""
        bits = self.options.get("quantization")
        return None if isinstance(bits, list) else bits

    @property
    def shown_as(self) -> str:
        """The label, marked where the weights are packed: their results are another model's."""
        packed = self.quantization
        return (
            self.label
            if packed is None or str(packed) in self.label
            else (f"{self.label} ({packed})")
        )


class DatasetRecord(Record):
    """One set of paired images (or sounds) and captions, and how to open it."""

    id: Identifier
    title: str
    kind: Literal["audio", "folder", "hub", "ids", "listed", "openmoji", "task"]
    """audio: sounds with captions, without images.
    ids: names of samples and whatever there is of them, for features that were saved elsewhere.
    task: the pictures of a task, which only probes open."""
    source: str
    revision: str
    license: str
    citation: str
    note: str = ""
    """What a reader must know before believing a score on it; shown beside every chart."""
    options: dict[str, Scalar | list[str] | dict[str, Scalar]] = {}
    limit: int | None = Field(default=None, gt=0)
    """Use only the first so many samples."""
    thumbnails: bool = False
    """Whether its license lets small copies of its pictures go into the warehouse, and with it to
    whoever is given one; see `prh neighbors`."""
    base: Path | None = Field(default=None, exclude=True)

    @property
    def home(self) -> Path:
        """Where relative paths of the options start.

        At the TOML file of the record; what records that ship with the project name has to be
        brought: it belongs in the folder of the environment variable PRH_DATASETS, or in
        data/datasets.
        """
        if self.base == SHIPPED:
            return Path(os.environ.get("PRH_DATASETS", "data/datasets"))
        return self.base or Path()


class TextRecord(Record):
    """One text on the hub for language models to predict (see `experiments.bits.sources`)."""

    id: Identifier
    title: str
    source: str
    """Hub repository of a dataset."""
    revision: str
    license: str
    citation: str
    note: str = ""
    config: str | None = None
    split: str = "train"
    column: str = "text"
    """Where its rows keep the text."""


class TaskRecord(Record):
    """One classification task, and how to open it (see ingest/datasets/tasks/openers.py)."""

    id: Identifier
    title: str
    group: Literal["natural", "specialized", "structured"]
    """As VTAB groups its nineteen."""
    kind: Literal["npz", "classes", "digits", "drawn", "hub"]
    source: str
    revision: str
    license: str
    citation: str
    note: str = ""
    options: dict[str, Scalar | list[str]] = {}
    base: Path | None = Field(default=None, exclude=True)


class PanelRecord(Record):
    """A named list of models that are studied together."""

    id: Identifier
    title: str
    models: tuple[Identifier, ...] = ()
    """In a loaded catalog also the models of `panels`, each once."""
    panels: tuple[Identifier, ...] = ()
    """Other panels whose models belong to this one too."""

    @model_validator(mode="after")
    def _no_duplicates(self) -> Self:
        twice = sorted({m for m in self.models if self.models.count(m) > 1})
        if twice:
            raise ValueError(f"panel {self.id!r} lists {', '.join(twice)} more than once")
        return self

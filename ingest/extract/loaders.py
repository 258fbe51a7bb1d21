"""The one registry of loaders: a record's `loader` names the function that opens its weights."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from ingest.catalog.records import NETWORKS, SHIPPED, ModelRecord, Scalar
from ingest.errors import CatalogError, OutOfMemoryError
from ingest.extract.device import out_of_memory
from ingest.extract.loaded import LoadedAudio, LoadedLanguage, LoadedVision, Placement

Loaded = LoadedVision | LoadedLanguage | LoadedAudio
Loader = Callable[[ModelRecord, Placement], Loaded]

_LOADERS: dict[str, Loader] = {}

# Importing these registers their loaders.
_HOMES = (
    "timm_models",
    "transformers_models",
    "video_models",
    "audio_models",
    "packaged",
    "custom",
)


def loader(name: str) -> Callable[[Loader], Loader]:
    """Register the decorated function under `name`; a second one raises."""

    def register(function: Loader) -> Loader:
        if name in _LOADERS:
            raise ValueError(f"loader {name!r} is registered already")
        _LOADERS[name] = function
        return function

    return register


def loader_names() -> tuple[str, ...]:
    """Return the names a record may use."""
    for home in _HOMES:
        import_module(f"ingest.extract.{home}")
    return tuple(sorted(_LOADERS))


def load(record: ModelRecord, place: Placement) -> Loaded:
    """Open a model's weights; see `ingest.extract.extract` for what is raised."""
    names = loader_names()
    if record.loader not in names:
        raise CatalogError(
            f"Model {record.id!r} names the loader {record.loader!r}; known: {', '.join(names)}."
        )
    if record.modality not in NETWORKS and not record.saved:
        raise CatalogError(
            f"Model {record.id!r}: networks of {', '.join(NETWORKS)} run here; features of "
            f'{record.modality!r} are saved elsewhere: loader = "features", or `prh import '
            "features`."
        )
    try:
        loaded = _LOADERS[record.loader](record, place)
    except (RuntimeError, MemoryError) as error:
        if out_of_memory(error):
            raise OutOfMemoryError(
                f"Model {record.id!r} does not fit the memory of this machine ({error})."
            ) from error
        raise
    fits = {"vision": LoadedVision, "audio": LoadedAudio}.get(record.modality, LoadedLanguage)
    if not isinstance(loaded, fits):
        raise CatalogError(
            f"Model {record.id!r} is a {record.modality} record, but the loader "
            f"{record.loader!r} opened a model of another kind."
        )
    return loaded


@loader("features")
def no_network(record: ModelRecord, place: Placement) -> Loaded:
    """Refuse to open what is no network: features that were saved (`ingest/extract/saved.py`)."""
    raise CatalogError(
        f"Model {record.id!r} is features that were saved: there is no network to run here."
    )


def text_option(record: ModelRecord, name: str, default: str | None = None) -> str:
    """Return a text option of the record.

    Raises:
        CatalogError: it is missing without a default, or no text.
    """
    value = record.options.get(name, default)
    if not isinstance(value, str):
        what = "is missing" if value is None else f"is {value!r}"
        raise CatalogError(
            f"Model {record.id!r}: the loader {record.loader!r} needs the text option {name!r}, "
            f"which {what}."
        )
    return value


def other_options(record: ModelRecord, taken: set[str]) -> dict[str, Scalar | list]:
    """Return the options that are not in `taken`: arguments of the architecture itself."""
    return {name: value for name, value in record.options.items() if name not in taken}


def local_path(record: ModelRecord, name: str) -> Path:
    """Return a path option, relative to the record's TOML file (see ModelRecord.checkpoint).

    Raises:
        CatalogError: the option is missing, or nothing is there.
    """
    path = (record.base or Path()) / text_option(record, name)
    how = ""
    if name == "checkpoint" and record.checkpoint is not None:
        path = record.checkpoint
        if record.base == SHIPPED:
            how = f"; get it from {record.source} and put it there, or set PRH_CHECKPOINTS"
    if not path.exists():
        raise CatalogError(f"Model {record.id!r}: the {name} {path} does not exist{how}.")
    return path

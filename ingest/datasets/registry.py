"""Which function opens which kind of dataset."""

from collections.abc import Callable
from pathlib import Path

from ingest.catalog.addresses import is_address, once_local
from ingest.catalog.records import DatasetRecord
from ingest.datasets.dataset import Dataset
from ingest.errors import DatasetError
from ingest.progress import Progress, Silent

Opener = Callable[[DatasetRecord, bool, Progress, Path | None], Dataset]
"""Opens one kind of dataset, every image checked: (record, skip_corrupt, progress, cache)."""

_OPENERS: dict[str, Opener] = {}


def opener(kind: str) -> Callable[[Opener], Opener]:
    """Register the decorated function as the opener of `kind`; a second one raises."""

    def register(function: Opener) -> Opener:
        if kind in _OPENERS:
            raise ValueError(f"dataset kind {kind!r} has an opener already")
        _OPENERS[kind] = function
        return function

    return register


def opener_kinds() -> frozenset[str]:
    """Return the kinds that can be opened."""
    return frozenset(_OPENERS)


def open_dataset(
    record: DatasetRecord,
    *,
    skip_corrupt: bool = False,
    progress: Progress | None = None,
    cache: Path | None = None,
) -> Dataset:
    """Open a dataset and decode every image once, before any model is loaded.

    Args:
        record: the catalog record.
        skip_corrupt: leave out samples whose image does not decode, for every model alike.
        progress: told about the check of the images.
        cache: folder that remembers checked images by path, size and modification time.

    Raises:
        DatasetError: the dataset is not as described; MissingCaptionError, CorruptImageError and
            UnsupportedImageError are kinds of it.
        HubUnreachableError, UnknownHubModelError: the hub does not answer, or not with that.
        MissingPackageError: the package that ships the data is not installed.
    """
    if record.kind not in _OPENERS:
        raise DatasetError(
            f"Dataset {record.id!r} is of kind {record.kind!r}, which only a task has: describe it "
            "as [[task]] and see `prh probe --help`."
        )
    dataset = _OPENERS[record.kind](record, skip_corrupt, progress or Silent(), cache)
    if len(dataset) == 0:
        raise DatasetError(f"Dataset {record.id!r} holds no usable sample.")
    return dataset


def option(record: DatasetRecord, name: str, kind: type, default: object = None) -> object:
    """Return an option of the record, checked for its type.

    Raises:
        DatasetError: it is missing without a default, or of another type.
    """
    if name not in record.options:
        if default is None:
            raise DatasetError(f"Dataset {record.id!r} needs the option {name!r}.")
        return default
    value = record.options[name]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise DatasetError(
            f"Option {name!r} of dataset {record.id!r} should be {kind.__name__}; got {value!r}."
        )
    return value


def text_option(record: DatasetRecord, name: str, default: str | None = None) -> str:
    """Return a text option; see `option`."""
    return str(option(record, name, str, default))


def file_option(record: DatasetRecord, name: str) -> Path:
    """Return the file that an option names: by its record's folder, or an address on the hub.

    Raises:
        DatasetError: see `option`.
        HubUnreachableError, UnknownHubModelError, HubHashError: see `addresses.local_file`.
    """
    told = text_option(record, name)
    return once_local(told) if is_address(told) else record.home / told


def caption_index(record: DatasetRecord) -> int:
    """Return which text of a list of captions is taken, from 0; see `option`."""
    return _counted(record, "caption_index")


def frame_index(record: DatasetRecord) -> int | None:
    """Return which frame of an item is looked at, from 0; None where items are single images."""
    return _counted(record, "frame_index") if "frame_index" in record.options else None


def _counted(record: DatasetRecord, name: str) -> int:
    index = option(record, name, int, 0)
    assert isinstance(index, int)
    if index < 0:
        raise DatasetError(f"Option {name!r} of dataset {record.id!r} counts from 0; got {index}.")
    return index


def refuse_unknown_options(record: DatasetRecord, known: set[str]) -> None:
    """Raise DatasetError when the record holds an option its kind does not know."""
    unknown = sorted(set(record.options) - known)
    if unknown:
        raise DatasetError(
            f"Dataset {record.id!r} has an option {unknown[0]!r} that kind {record.kind!r} does "
            f"not know; known: {', '.join(sorted(known))}."
        )

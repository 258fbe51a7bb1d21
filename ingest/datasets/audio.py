r"""A folder of sounds (.wav) with captions, in a table or in a .txt beside each.

    [dataset.options]
    sounds = "sounds"              # folder, relative to the TOML file
    captions = "captions.csv"      # optional: .csv with a header, or .jsonl; UTF-8
    sound_column = "sound"         # optional: file name within the folder
    caption_column = "caption"     # optional: a text or, in .jsonl, a list of texts
    caption_index = 0              # optional: which text of the list

Rows are in the order of the table; without one a text `rain.txt` beside `rain.wav` is its caption,
and rows are in the order of names. Channels are averaged; each model is given the rate it wants.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from ingest.catalog.records import DatasetRecord
from ingest.datasets.dataset import Dataset, Sound
from ingest.datasets.folder import matched
from ingest.datasets.registry import (
    caption_index,
    file_option,
    opener,
    refuse_unknown_options,
    text_option,
)
from ingest.datasets.sounds import ENDINGS, decode
from ingest.datasets.table import one_caption, read_rows, read_text
from ingest.datasets.walk import files_below, shown
from ingest.errors import CorruptSoundError, DatasetError, MissingCaptionError
from ingest.progress import Progress

_OPTIONS = {"sounds", "captions", "sound_column", "caption_column", "caption_index"}


@opener("audio")
def open_audio(
    record: DatasetRecord, skip_corrupt: bool, progress: Progress, cache: Path | None
) -> Dataset:
    """Open a folder of sounds with captions; see the module's text for the options.

    Every file is read and decoded once; nothing of it is kept in `cache`.
    """
    refuse_unknown_options(record, _OPTIONS)
    folder = record.home / text_option(record, "sounds")
    files = _sounds_in(folder)
    told = _of_table(record, files) if "captions" in record.options else _beside(record, files)
    names = list(told)[: record.limit]
    hashes, wrong = _checked(names, [files[name] for name in names], progress)
    if wrong and not skip_corrupt:
        some = [f"{name} ({reason})" for name, reason in wrong.items()]
        raise CorruptSoundError(
            f"Dataset {record.id!r}: {len(wrong)} of {len(names)} sounds cannot be decoded: "
            f"{_some(some)}. Replace them, or skip corrupt files to leave these samples out for "
            "every model."
        )
    kept = [name for name in names if name not in wrong]
    return Dataset(
        record=record,
        sample_ids=tuple(kept),
        captions=tuple(told[name] for name in kept),
        image_refs=("",) * len(kept),
        skipped=tuple(wrong),
        image_hashes=("",) * len(kept),
        reader=partial(_no_image, record.id),
        sound_hashes=tuple(hashes[name] for name in kept),
        sounds=_Files(record.id, tuple(files[name] for name in kept)),
    )


class _Files(NamedTuple):
    """Reads a dataset's sounds, in this process or, pickled, in another."""

    dataset_id: str
    paths: tuple[Path, ...]

    def __call__(self, i: int) -> Sound:
        try:
            return decode(self.paths[i].read_bytes())
        except (CorruptSoundError, OSError) as error:
            raise CorruptSoundError(
                f"Dataset {self.dataset_id!r}: the sound {self.paths[i]} was readable and no "
                "longer is."
            ) from error


def _no_image(dataset_id: str, row: int) -> Image.Image:
    raise DatasetError(f"Dataset {dataset_id!r} has no images to be looked at: it holds sounds.")


def _sounds_in(folder: Path) -> dict[str, Path]:
    """Return name within the folder (with '/') -> path, for every sound that is not hidden."""
    if not folder.is_dir():
        what = "it is a file" if folder.is_file() else "there is none"
        raise DatasetError(f"There is no folder of sounds {folder}: {what}.")
    paths = [path for path in files_below(folder, ENDINGS) if not path.name.startswith(".")]
    if not paths:
        raise DatasetError(
            f"The folder {folder} holds no sounds; they should be files that end in .wav."
        )
    return {path.relative_to(folder).as_posix(): path for path in paths}


def _of_table(record: DatasetRecord, files: dict[str, Path]) -> dict[str, str]:
    """Return the captions by name, in the order of the table."""
    table, index = file_option(record, "captions"), caption_index(record)
    column = text_option(record, "sound_column", "sound")
    caption_column = text_option(record, "caption_column", "caption")
    rows = read_rows(table, [column, caption_column])
    given = [row[column] for row in rows]
    for number, name in enumerate(given, start=1):
        if not isinstance(name, str) or not name:
            raise DatasetError(f"Row {number} of {table} should name a sound file; got {name!r}.")
    written = [str(name) for name in given]
    matches = matched(written, files, record.id)
    missing = [name for name in written if name not in matches]
    if missing:
        raise DatasetError(
            f"Dataset {record.id!r}: {len(missing)} caption rows name a sound that is not there: "
            f"{_some(missing)}."
        )
    names = [matches[name] for name in written]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DatasetError(
            f"Dataset {record.id!r}: {len(twice)} sounds have more than one caption row: "
            f"{_some(twice)}."
        )
    _refuse_uncaptioned(record, len(files), sorted(set(files).difference(names)))
    return {
        name: one_caption(row[caption_column], index, name, record.id)
        for name, row in zip(names, rows, strict=True)
    }


def _beside(record: DatasetRecord, files: dict[str, Path]) -> dict[str, str]:
    """Return the captions by name that stand in a .txt beside each sound."""
    texts = {name: path.with_suffix(".txt") for name, path in files.items()}
    without = [name for name, text in texts.items() if not text.is_file()]
    _refuse_uncaptioned(record, len(files), without)
    index = caption_index(record)
    return {
        name: one_caption(read_text(text, "caption").strip(), index, name, record.id)
        for name, text in texts.items()
    }


def _refuse_uncaptioned(record: DatasetRecord, count: int, without: Sequence[str]) -> None:
    if without:
        raise MissingCaptionError(
            f"Dataset {record.id!r} has {count} sounds but captions for only "
            f"{count - len(without)}; without one: {_some(without)}. Add the captions, or move "
            "these sounds elsewhere."
        )


def _checked(
    names: Sequence[str], paths: Sequence[Path], progress: Progress
) -> tuple[dict[str, str], dict[str, str]]:
    """Decode every file once; return the SHA-256 of those that do, and what is wrong with others.

    Raises:
        DatasetError: a file cannot be read at all.
    """
    hashes: dict[str, str] = {}
    wrong: dict[str, str] = {}
    progress.start("Checking sounds", len(names))
    try:
        for name, path in zip(names, paths, strict=True):
            try:
                raw = path.read_bytes()
                decode(raw)
                hashes[name] = hashlib.sha256(raw).hexdigest()
            except CorruptSoundError as error:
                wrong[name] = str(error)
            except OSError as error:
                raise DatasetError(f"Cannot read the sound {path}: {error.strerror}.") from error
            progress.advance(1)
    finally:
        progress.done()
    return hashes, wrong


def _some(names: Sequence[str]) -> str:
    rest = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return shown(", ".join(names[:5])) + rest

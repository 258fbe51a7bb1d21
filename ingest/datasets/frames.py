"""Items of several frames: a folder of images each, one of which is looked at."""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from ingest.errors import DatasetError


def spread_order(count: int) -> list[int]:
    """Return the numbers of so many frames so that the first few are spread over all.

    The middle first, then the quarters, the eighths (van der Corput's sequence): the first m frames
    of a clip are m moments of it, not its beginning, and more frames keep those there were.
    """
    bits = count.bit_length()
    order: dict[int, None] = {}
    for step in range(1, 2**bits):
        turned = int(format(step, f"0{bits}b")[::-1], 2)
        order[turned * count >> bits] = None
    return list(order)


def items_of(files: Iterable[str], title: str, folder: Path) -> dict[str, list[str]]:
    """Return the frames of every item, by the folder that they lie in, in the order of names.

    Args:
        files: names of images within the folder, with '/'.
        title: the dataset's id, for the message.
        folder: where the items' folders lie.

    Raises:
        DatasetError: an image lies beside the items' folders.
    """
    items: dict[str, list[str]] = {}
    for name in sorted(files):
        items.setdefault(PurePosixPath(name).parent.as_posix(), []).append(name)
    if "." in items:
        raise DatasetError(
            f"Dataset {title!r} has frame_index, so frames lie in a folder of their item; "
            f"{items['.'][0]} lies in {folder} itself."
        )
    return items


def chosen_frame(items: Mapping[str, list[str]], item: str, index: int, title: str) -> str:
    """Return the frame at a place of the order in which frames are looked at.

    Raises:
        DatasetError: the item has fewer.
    """
    frames = items[item]
    if index >= len(frames):
        counted = "1 frame" if len(frames) == 1 else f"{len(frames)} frames"
        raise DatasetError(
            f"Dataset {title!r}: {item} has {counted}, but number {index} (counted from 0) is "
            "asked for."
        )
    return frames[spread_order(len(frames))[index]]

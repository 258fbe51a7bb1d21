"""Pictures and labels that come as arrays: which number formats and layouts mean what."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ingest.datasets.images import rgb

_NEARLY_BLACK = 16
"""Floats above 1 and not above this are neither 0 to 1 nor 0 to 255."""


def pictures_of(train: NDArray[Any], test: NDArray[Any]) -> list[NDArray[np.uint8]]:
    """Return two splits' images as 8 bits, (n, H, W) or (n, H, W, 3).

    Both are read alike: what their numbers and axes mean is decided by both together.

    Args:
        train: (n, H, W), (n, H, W, 1 | 3 | 4) or (n, 1 | 3, H, W); uint8, uint16, whole numbers
            from 0 to 255, floats from 0 to 1 or from 0 to 255, or booleans. Transparency is laid
            over white.
        test: likewise.

    Raises:
        ValueError: they are none of these; the sentence says what they are.
    """
    splits = [_channels_last(images) for images in _same_layout(train, test)]
    return [_opaque(images) for images in _eight_bits(splits)]


def labels_of(
    train: NDArray[Any], test: NDArray[Any], class_names: Sequence[str] | None
) -> tuple[list[list[int]], list[str]]:
    """Return two splits' classes from 0, and the classes' names.

    Args:
        train: (n,) or (n, 1) whole numbers or words, or (n, C) with a single 1 a row. Words are
            classes in sorted order.
        test: likewise.
        class_names: names of the classes in order; None numbers them.

    Raises:
        ValueError: they are none of these; the sentence says what they are.
    """
    splits = [np.asarray(labels) for labels in (train, test)]
    # An empty split says nothing of its kind.
    kinds = {labels.dtype.kind in "US" for labels in splits if labels.size}
    if len(kinds) > 1:
        raise ValueError("the labels of one split are words, of the other numbers")
    if kinds == {True}:
        return _words([_flat(labels) for labels in splits], class_names)
    hot = [labels.shape[1] for labels in splits if labels.ndim == 2 and labels.shape[1] > 1]
    numbers = [_numbers(labels) for labels in splits]
    if len(set(hot)) > 1:
        raise ValueError(f"one split has {hot[0]} columns of labels, the other {hot[1]}")
    most = max((max(labels, default=0) for labels in numbers), default=0)
    count = max([most + 1, *hot])
    if class_names is None and count > len(numbers[0]) > 0:  # before so many names are made
        raise ValueError(f"{len(numbers[0])} training samples are fewer than its {count} classes")
    return numbers, list(class_names) if class_names is not None else [str(i) for i in range(count)]


def _same_layout(*splits: NDArray[Any]) -> Sequence[NDArray[Any]]:
    dimensions = {images.ndim for images in splits}
    if dimensions not in ({3}, {4}):
        raise ValueError(
            f"images should be (n, H, W) or (n, H, W, channels), got {_shapes(splits)}"
        )
    if any(0 in images.shape[1:] for images in splits):
        raise ValueError(f"images should have pixels, got {_shapes(splits)}")
    if dimensions == {3}:
        return splits
    last = all(images.shape[3] in (1, 3, 4) for images in splits)
    first = all(images.shape[1] in (1, 3) for images in splits)
    if last == first:
        why = "either axis may be the channels" if last else "neither axis holds 1, 3 or 4 channels"
        raise ValueError(f"images should be (n, H, W, 1, 3 or 4), got {_shapes(splits)}: {why}")
    if last:
        return splits
    return [np.moveaxis(images, 1, 3) for images in splits]


def _channels_last(images: NDArray[Any]) -> NDArray[Any]:
    """Return (n, H, W) or (n, H, W, 3 or 4): one channel is gray."""
    return images[..., 0] if images.ndim == 4 and images.shape[3] == 1 else images


def _eight_bits(splits: Sequence[NDArray[Any]]) -> list[NDArray[np.uint8]]:
    kinds = {images.dtype for images in splits}
    if kinds == {np.dtype(np.uint8)}:
        return list(splits)
    if kinds == {np.dtype(bool)}:
        return [images.astype(np.uint8) * 255 for images in splits]
    if any(kind.kind not in "uif" for kind in kinds):
        raise ValueError(f"images should be uint8, got {_named(kinds)}")
    filled = [images for images in splits if images.size]
    if not filled:
        return [images.astype(np.uint8) for images in splits]
    low, high = min(float(x.min()) for x in filled), max(float(x.max()) for x in filled)
    if not np.isfinite([low, high]).all():  # a NaN is the least and the largest
        raise ValueError(f"images should be uint8, got {_named(kinds)} that are not finite")
    floats = any(kind.kind == "f" for kind in kinds)
    highs = [float(images.max()) for images in filled]
    if floats and (any(k.kind != "f" for k in kinds) or 0 < min(highs) <= 1 < max(highs)):
        each = ", ".join(f"{x.dtype} up to {top:g}" for x, top in zip(filled, highs, strict=True))
        raise ValueError(f"images of both splits should be in one range, got {each}")
    whole = not floats or all((images == np.rint(images)).all() for images in filled)
    if all(kind.kind == "u" and kind.itemsize == 2 for kind in kinds) and high > 255:
        return [((x.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8) for x in splits]
    if floats and 0 <= low and high <= 1:
        return [np.rint(np.multiply(x, 255, dtype=np.float32)).astype(np.uint8) for x in splits]
    if 0 <= low and high <= 255 and (whole or high > _NEARLY_BLACK):
        return [np.rint(x).astype(np.uint8) for x in splits]
    raise ValueError(
        "images should be uint8, uint16, floats from 0 to 1, or numbers from 0 to 255, got "
        f"{_named(kinds)} from {low:g} to {high:g}"
    )


def _opaque(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if images.ndim == 3 or images.shape[3] == 3:
        return images
    over_white = [np.asarray(rgb(Image.fromarray(image))) for image in images]
    return np.stack(over_white) if over_white else images[..., :3]


def _flat(labels: NDArray[Any]) -> NDArray[Any]:
    if labels.ndim == 1 or labels.size == len(labels):
        return labels.reshape(len(labels))
    raise ValueError(f"labels should be one a picture, got {_shapes([labels])}")


def _words(
    splits: Sequence[NDArray[Any]], class_names: Sequence[str] | None
) -> tuple[list[list[int]], list[str]]:
    try:
        texts = [
            [w.decode("utf-8") if isinstance(w, bytes) else str(w) for w in labels.tolist()]
            for labels in splits
        ]
        "".join(word for words in texts for word in words).encode("utf-8")
    except (UnicodeError, SystemError) as error:  # the latter of numbers beyond Unicode
        raise ValueError("a label is no UTF-8 text") from error
    used = sorted({word for words in texts for word in words})
    names = used if class_names is None else list(class_names)
    unknown = [word for word in used if word not in names]
    if unknown:
        raise ValueError(f"the label {unknown[0]!r} is none of the classes given")
    place = {word: number for number, word in enumerate(names)}
    return [[place[word] for word in words] for words in texts], names


def _numbers(labels: NDArray[Any]) -> list[int]:
    if labels.dtype.kind not in "buif":
        raise ValueError(f"labels should be whole numbers or words, got {labels.dtype}")
    values = labels.astype(np.float64)
    if not np.isfinite(values).all() or (values != np.rint(values)).any():
        raise ValueError("labels should be whole numbers, got fractions or NaN")
    if np.abs(values).max(initial=0) >= 2**53:
        raise ValueError(f"labels should count classes from 0, got {np.abs(values).max():g}")
    if labels.ndim == 2 and labels.shape[1] > 1:
        if not np.isin(values, (0, 1)).all() or (values.sum(axis=1) != 1).any():
            raise ValueError(
                f"labels {_shapes([labels])} name several classes a picture, or none; a probe "
                "needs one class each"
            )
        return values.argmax(axis=1).tolist()
    return _flat(values).astype(np.int64).tolist()


def _shapes(arrays: Sequence[NDArray[Any]]) -> str:
    return " and ".join(str(shape) for shape in dict.fromkeys(array.shape for array in arrays))


def _named(kinds: set[Any]) -> str:
    return " and ".join(sorted(str(kind) for kind in kinds))

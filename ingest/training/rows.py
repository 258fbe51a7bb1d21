"""Which samples of a dataset a probe set holds."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ingest.datasets import Dataset
from prh_core.curves import first_samples

N = 256
"""Samples of a probe set at most, where their number is not said."""


def probe_rows(dataset: Dataset, n: int | None = None) -> NDArray[np.int64]:
    """Return the first n rows of one random order, or all in their own, (n,).

    Args:
        dataset: whose rows.
        n: how many; None takes 256, or all of fewer.

    Raises:
        SampleCountError: the dataset has fewer.
    """
    total = len(dataset)
    n = min(N, total) if n is None else n
    return np.arange(total) if n == total else first_samples(total, n)


def part_of(dataset: Dataset, rows: NDArray[np.int64]) -> Dataset:
    """Return the dataset of some rows of another; its hashes are its own."""

    def picked(parts: Sequence[str]) -> tuple[str, ...]:
        return tuple(parts[int(row)] for row in rows)

    return replace(
        dataset,
        sample_ids=picked(dataset.sample_ids),
        captions=picked(dataset.captions),
        image_refs=picked(dataset.image_refs),
        image_hashes=picked(dataset.image_hashes),
        reader=lambda i: dataset.image(int(rows[i])),
    )

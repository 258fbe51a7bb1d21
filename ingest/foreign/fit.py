"""Saved features put on the samples of a dataset: by ids, or where somebody says their order."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ingest.errors import SampleIdsError
from ingest.foreign.ids import same_rows
from ingest.foreign.read import Given
from prh_core.errors import SampleCountError


class Fitted(NamedTuple):
    """Features whose rows are the samples of a dataset, or of a part of it."""

    given: Given
    rows: np.ndarray | None
    """Rows of the dataset that the features have; None where they have all."""
    surplus: int
    """Rows of the features that the dataset does not have, left out."""


def on_samples(
    given: Given,
    dataset_id: str,
    sample_ids: Sequence[str],
    row_order: str,
    *,
    said: str | None = None,
    intersect: bool = False,
) -> Fitted:
    """Put features in the order of a dataset's samples.

    Args:
        given: what was read.
        dataset_id: for sentences.
        sample_ids: (n,) of the dataset, in its order.
        row_order: their hash.
        said: the hash of the order that features without ids are said to have.
        intersect: take the samples in common; else the features have to be of all samples.

    Raises:
        SampleIdsError: features have no ids and nothing says their order, or another is said, or
            they are of other samples.
        SampleCountError: they are not n rows.
    """
    order = said or given.row_order
    if given.ids is not None:
        both = same_rows(sample_ids, given.ids, dataset_id, given.title, intersect=intersect)
        return Fitted(given.taken(both.y), both.x, both.left_y)
    if order is None:
        raise SampleIdsError(
            f"{given.title} has no ids, so nothing says which row is which sample of {dataset_id}: "
            "give ids in the file or beside it (--ids), or, where rows are known to stand in the "
            "dataset's own order, say so by the SHA-256 of its sample ids in order: --row-order "
            f"{row_order}"
        )
    if order != row_order:
        raise SampleIdsError(
            f"{given.title} is said to be in the row order {order[:12]}, and that of {dataset_id} "
            f"is {row_order[:12]}: other samples, or the same in another order"
        )
    if given.n != len(sample_ids):
        raise SampleCountError(
            f"{given.title} holds {given.n:,} rows, and {dataset_id} {len(sample_ids):,} samples"
        )
    return Fitted(given, None, 0)

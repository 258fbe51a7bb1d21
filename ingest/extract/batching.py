"""Run batches of rows, halving them when memory runs out, and check that every row is done."""

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ingest.errors import OutOfMemoryError, RowOrderError
from ingest.extract.device import out_of_memory, release_memory
from ingest.progress import Progress


def run_batches(
    batches: Sequence[Sequence[int]],
    step: Callable[[Sequence[int]], None],
    device: torch.device,
    progress: Progress,
    title: str,
) -> None:
    """Call `step` with every batch of rows; after running out of memory, with half as many.

    Args:
        batches: row numbers, the most expensive batch first.
        step: processes and stores a batch; called again for its halves when it fails.
        device: whose memory is released after a failure.
        progress: advanced by finished rows.
        title: what runs, for the sentence.

    Raises:
        OutOfMemoryError: a single row does not fit.
    """
    waiting = deque(tuple(batch) for batch in batches)
    limit = max((len(batch) for batch in waiting), default=1)
    while waiting:
        batch = waiting.popleft()
        if len(batch) > limit:
            pieces = [batch[at : at + limit] for at in range(0, len(batch), limit)]
            waiting.extendleft(reversed(pieces))
            continue
        try:
            step(batch)
            failure = None
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            failure = str(error).splitlines()[0] if str(error) else type(error).__name__
        # Outside the handler: the traceback would keep the failed batch's tensors alive.
        if failure is None:
            progress.advance(len(batch))
            continue
        release_memory(device)
        if len(batch) == 1:
            raise OutOfMemoryError(
                f"{title}: not even one input fits the memory of {device} ({failure}). Use another "
                "device, a lower precision or a smaller model."
            )
        limit = len(batch) // 2
        progress.note(f"{title}: out of memory, going on with batches of {limit}")
        waiting.appendleft(batch)


# Largest relative difference between a row run alone and the same row run in its batch.
_TOLERANCE = {torch.float32: 1e-3, torch.float16: 0.05, torch.bfloat16: 0.1}


def same_row(
    array: NDArray[np.float32], row: int, vector: NDArray[np.float32], dtype: torch.dtype
) -> bool:
    """Whether a row of an (n, d) array is a vector but for rounding in the network's dtype.

    Nothing is said of a vector that is not finite.
    """
    if not np.isfinite(vector).all():
        return True
    distance = np.linalg.norm(array[row] - vector)
    if distance <= _TOLERANCE[dtype] * np.linalg.norm(vector) + 1e-6:
        return True
    # In half precision rounding may exceed any fixed tolerance (a router may pick another expert);
    # then the row must still be the one it resembles most.
    if dtype == torch.float32 or len(array) == 1:
        return False
    # One row's norm is rounded otherwise than those of many.
    least = _least_distance(array, vector, float(distance))
    return bool(distance <= least * (1 + 1e-6))


def _least_distance(
    array: NDArray[np.float32], vector: NDArray[np.float32], known: float
) -> np.float32:
    """Return the least distance of a row of (n, d) from a vector, where it is at most `known`.

    |a - v|^2 = |a|^2 - 2 a'v + |v|^2 leaves few rows to be subtracted: for 1,024 rows of 4,096
    1.3 ms instead of 11.
    """
    lengths = np.einsum("ij,ij->i", array, array) + vector @ vector
    near = lengths - 2 * (array @ vector) - _CANCELED * lengths <= known**2
    # Where float32 overflows nothing can be told: all are.
    near |= ~np.isfinite(lengths)
    if not near.any():
        return np.float32(np.inf)
    return np.linalg.norm(array[near] - vector, axis=1).min()


_CANCELED = 1e-4
"""Relative error that squared distances in float32 may carry, from products of wide rows."""


class LayerStack:
    """Collects pooled layers of batches of rows into one (n, d) array a layer."""

    def __init__(self, n: int) -> None:
        """Expect n rows."""
        self._arrays: list[NDArray[np.float32]] = []
        self._writes = np.zeros(n, dtype=np.int64)

    def put(self, rows: Sequence[int], layers: Sequence[torch.Tensor]) -> None:
        """Store a batch: per layer a (len(rows), d) tensor, row i belonging to rows[i]."""
        at = np.asarray(rows)
        if not self._arrays:
            n = len(self._writes)
            self._arrays = [np.empty((n, layer.shape[1]), dtype=np.float32) for layer in layers]
        if len(layers) != len(self._arrays):
            raise RowOrderError(
                f"A batch gave {len(layers)} layers where earlier ones gave {len(self._arrays)}."
            )
        for array, layer in zip(self._arrays, layers, strict=True):
            if layer.shape[0] != len(at):
                raise RowOrderError(
                    f"A batch of {len(at)} rows came back with {layer.shape[0]}: the layers' first "
                    "axis should be the batch."
                )
            array[at] = layer.float().cpu().numpy()
        self._writes[at] += 1

    def finish(self) -> list[NDArray[np.float32]]:
        """Return the arrays, (n, d) each.

        Raises:
            RowOrderError: a row was written never, or more than once.
        """
        if not np.all(self._writes == 1):
            wrong = int(np.flatnonzero(self._writes != 1)[0])
            raise RowOrderError(
                f"Row {wrong} was written {int(self._writes[wrong])} times instead of once."
            )
        return self._arrays

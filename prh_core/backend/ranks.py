"""Rank correlations of kernels with groups of samples left out, done by numba on the cores."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, NamedTuple

import numba
import numpy as np
from jaxtyping import Float64, Int64
from numpy.typing import NDArray

from prh_core.compiled.kernels import column_products, order_of_ranks, ranks_without_groups

BYTES = 2**29
"""Ranks may take this much memory at once; beyond it groups take turns."""

Pairs = Sequence[tuple[int, int]]
Correlations = Float64[np.ndarray, "pairs groups"]


@lru_cache(maxsize=2)
def upper_pairs(n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs i < j of n samples."""
    return np.triu_indices(n, 1)


class _Ordered(NamedTuple):
    """One layer's pairs of samples from low to high."""

    order: NDArray[np.int32]
    begins: NDArray[np.bool_]
    """Whether a pair is higher than the one before."""
    first: NDArray[np.uint8]
    """Group of each pair's first sample, in that order."""
    second: NDArray[np.uint8]


class Ranks:
    """Kernels of all layers are (layers, n, n), symmetric, where the backend keeps them: `Any`."""

    def correlations_without_groups(
        self, x: Any, y: Any, pairs: Pairs, group_of: Int64[np.ndarray, " n"]
    ) -> Correlations:
        """Return Spearman's r over the pairs of samples i < j that stay without each group.

        Args:
            x, y: kernels of both sides.
            pairs: layers whose kernels are compared.
            group_of: each sample's group, from 0 on; at most 256 of them.
        """
        upper = upper_pairs(len(group_of))
        first, second = (group_of[side].astype(np.uint8) for side in upper)
        layers = used_layers(pairs)
        scores: list[Correlations] = []
        with ThreadPoolExecutor(numba.get_num_threads()) as pool:
            ordered = list(
                pool.map(lambda at: _ordered((x, y)[at[0]][at[1]][upper], first, second), layers)
            )
            for start, middles in turns(group_of, len(layers)):

                def rank(own: _Ordered, middles: Any = middles, start: int = start) -> Any:
                    return ranks_without_groups(
                        own.order, own.begins, own.first, own.second, middles, start
                    )

                ranked = dict(zip(layers, pool.map(rank, ordered), strict=True))
                scores.append(
                    np.stack([_correlations(*ranked[0, a], *ranked[1, b]) for a, b in pairs])
                )
        return np.hstack(scores)


def _ordered(
    entries: NDArray[np.float32], first: NDArray[np.uint8], second: NDArray[np.uint8]
) -> _Ordered:
    order, begins = order_of_ranks(entries)
    if not len(order):
        order = np.argsort(entries).astype(np.int32)
        values = entries[order]
        begins = np.append(True, values[1:] != values[:-1])
    return _Ordered(order, begins, first[order], second[order])


def _correlations(
    x: NDArray[np.float32],
    squares_x: NDArray[np.float64],
    y: NDArray[np.float32],
    squares_y: NDArray[np.float64],
) -> Float64[np.ndarray, " groups"]:
    norms = np.sqrt(squares_x * squares_y)
    products = column_products(x, y, numba.get_num_threads())
    return np.divide(products, norms, out=np.zeros_like(norms), where=norms > 0)


def used_layers(pairs: Pairs) -> list[tuple[int, int]]:
    """Return (side, layer) of every layer that stands in some pair."""
    return sorted({(0, a) for a, _ in pairs} | {(1, b) for _, b in pairs})


def turns(
    group_of: Int64[np.ndarray, " n"], layers: int
) -> Iterator[tuple[int, Float64[np.ndarray, " groups"]]]:
    """Yield runs of groups whose ranks fit in memory: the first one, and each one's mean rank."""
    stays = len(group_of) - np.bincount(group_of)
    middles = (stays * (stays - 1) / 2 + 1) / 2
    size = 4 * len(group_of) * (len(group_of) - 1) // 2 * max(1, layers)
    count = -(-len(middles) // max(1, BYTES // size)) if size else 1
    start = 0
    for part in np.array_split(middles, min(count, len(middles))):
        yield start, part
        start += len(part)

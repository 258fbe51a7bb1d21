"""Neighbors of every sample in every layer as they are compared, and under other labels."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float32
from numpy.typing import NDArray

from prh_core.backend import HOST, Backend
from prh_core.compiled.neighbors import places_by_order, relist
from prh_core.compiled.residuals import places_back
from prh_core.types import Neighbors, Order


class Ties(NamedTuple):
    """One layer's rows whose lists hold ties, with every candidate tied for the last places."""

    served: NDArray[np.int64]
    """(n,): the row below that is sample i's, or of the sample it repeats; -1 without ties."""
    originals: NDArray[np.int64]
    """(n,): the first sample equal to sample i."""
    starts: NDArray[np.int64]
    """Where each row's candidates begin, and the last one's end."""
    members: NDArray[np.int32]
    """Candidates, nearest first; within a group of tied ones by index."""
    fresh: NDArray[np.bool_]
    """Whether a group of tied candidates begins here."""
    values: NDArray[np.float32]
    """The kernel there; empty where none was looked up."""


class ByIndex(NamedTuple):
    """Lists of k neighbors in order of index, for what looks samples up in them."""

    lists: NDArray[np.int32]
    """(layers, n, k)."""
    back: NDArray[np.int32]
    """(layers, n, k): where the sample stands in that neighbor's list; -1 where it does not."""


@dataclass(frozen=True, eq=False)
class NeighborLists:
    """Each sample's neighbors in every layer, nearest first, and what is tied among them."""

    indices: Neighbors
    values: Float32[np.ndarray, "_ _ _"]
    """The kernel between sample and neighbor, (layers, n, k); k = 0 where none was looked up."""
    ties: tuple[Ties | None, ...] = ()
    """One per layer; None without any tie, and nothing at all from an approximate search."""
    run: Backend = HOST
    """Where they are compared."""
    base: "NeighborLists | None" = field(default=None, repr=False)
    """What this is a relabeling of."""
    order: Order | None = None
    """Which row of it each row is."""
    _by_index: dict[int, ByIndex] = field(
        default_factory=dict[int, ByIndex], init=False, repr=False
    )

    def by_index(self, k: int) -> ByIndex:
        """Return the k nearest of every list in order of index, made once for every partner."""
        if k not in self._by_index:
            lists = np.array(self.indices[:, :, :k], order="C")
            lists.sort(axis=2)
            self._by_index[k] = ByIndex(lists, places_back(lists))
        return self._by_index[k]

    @cached_property
    def listed(self) -> Any:
        """Return the indices where they are compared, (layers, n, k)."""
        return self.run.put(self.indices)

    @cached_property
    def looked_up(self) -> Any:
        """Return the values where they are compared."""
        return self.run.put(self.values)

    def relabeled(self, order: Order) -> "NeighborLists":
        """Return the lists had row i of every layer been row order[i]; nothing is searched.

        S'(i) = order^-1(S(order(i))), and tied candidates go by their new indices: equal to a
        search of the reordered rows.
        """
        if self.base is not None and self.order is not None:
            return self.base.relabeled(self.order[order])
        if self.run is not HOST:
            return RelabeledThere(self.indices, self.values, self.ties, self.run, self, order)
        back = _back(order)
        indices = back[self.indices.transpose(1, 0, 2)[order]].transpose(1, 0, 2)
        values = self.values
        if values.shape[2]:
            values = values.transpose(1, 0, 2)[order].transpose(1, 0, 2)
        for layer, tied in enumerate(self.ties):
            if tied is not None:
                relist(*tied, order, back, indices[layer], values[layer])
        return replace(self, indices=indices, values=values, base=self, order=order)

    def __len__(self) -> int:
        """Return the number of layers."""
        return len(self.indices)

    @staticmethod
    def joined(sides: "Sequence[NeighborLists]") -> "NeighborLists":
        """Return the layers of several models as if they were one's."""
        return NeighborLists(
            np.concatenate([side.indices for side in sides]),
            np.concatenate([side.values for side in sides]),
            tuple(tied for side in sides for tied in side.ties),
            sides[0].run,
        )

    def tied_share(self, layer: int, k: int) -> float:
        """Return the share of the k places of all samples that row order alone decided.

        0: no neighbor was chosen among candidates that are equally near. 1: all were.
        """
        tied = self.ties[layer] if self.ties else None
        return 0.0 if tied is None else places_by_order(tied.served, tied.starts, tied.fresh, k)


class RelabeledThere(NeighborLists):
    """A relabeling that is made where lists are compared; `indices` and `values` are the base's.

    Only layers with ties, whose lists depend on the labels, are relabeled on the host.
    """

    @cached_property
    def listed(self) -> Any:
        """Return the relabeled indices where they are compared."""
        return self._relabeled[0]

    @cached_property
    def looked_up(self) -> Any:
        """Return the relabeled values where they are compared."""
        return self._relabeled[1]

    @cached_property
    def _relabeled(self) -> tuple[Any, Any]:
        assert self.base is not None and self.order is not None
        base, run, back = self.base, self.run, _back(self.order)
        there = run.put(self.order)
        indices = run.put(back)[base.listed[:, there].long()]
        values = base.looked_up[:, there]
        for layer, tied in enumerate(self.ties):
            if tied is not None:
                lists = back[self.indices[layer][self.order]]
                looked_up = self.values[layer][self.order]
                relist(*tied, self.order, back, lists, looked_up)
                indices[layer], values[layer] = run.put(lists), run.put(looked_up)
        return indices, values


def _back(order: Order) -> NDArray[np.int32]:
    """Return where each row of the old labeling is in the new one."""
    back = np.empty(len(order), dtype=np.int32)
    back[order] = np.arange(len(order), dtype=np.int32)
    return back

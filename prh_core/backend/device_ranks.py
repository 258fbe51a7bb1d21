"""Rank correlations with groups left out on a device of torch's: `prh_core.backend.ranks.Ranks`."""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Int64
from numpy.typing import NDArray

from prh_core.backend.precision import widest
from prh_core.backend.ranks import Correlations, Pairs, turns, used_layers

torch: Any = importlib.import_module("torch")


class DeviceRanks:
    """Sorted once, pairs of samples are ranked without all groups together."""

    put: Callable[..., Any]
    """Brings an array to the device."""
    host: Callable[..., NDArray[Any]]
    """Brings one back."""
    upper: Callable[..., Any]
    """Returns the entries above the diagonal."""

    def correlations_without_groups(
        self, x: Any, y: Any, pairs: Pairs, group_of: Int64[np.ndarray, " n"]
    ) -> Correlations:
        """Return Spearman's r over the pairs of samples i < j that stay without each group."""
        there = self.put(group_of)
        ends = torch.triu_indices(len(group_of), len(group_of), 1, device=there.device)
        first, second = there[ends[0]], there[ends[1]]
        layers = used_layers(pairs)
        sorts = [self.upper((x, y)[side][at]).sort() for side, at in layers]
        scores: list[NDArray[np.float64]] = []
        for start, middles in turns(group_of, len(layers)):
            groups = torch.arange(start, start + len(middles), device=there.device)[:, None]
            keep = (first != groups) & (second != groups)
            ranked = {
                at: _ranks(one.values, one.indices, keep, self.put(middles))
                for at, one in zip(layers, sorts, strict=True)
            }
            products = torch.stack(
                [(ranked[0, a] * ranked[1, b]).sum(dim=1, dtype=widest(x.device)) for a, b in pairs]
            )
            scores.append(self.host(products).astype(np.float64))
        return np.hstack(scores)


def _ranks(ordered: Any, order: Any, keep: Any, middles: Any) -> Any:
    """Return centered unit-norm ranks of what is kept, (groups, count) float32; 0 for the rest."""
    _, run, lengths = torch.unique_consecutive(ordered, return_inverse=True, return_counts=True)
    last = (lengths.cumsum(0) - 1)[run]
    kept = keep[:, order]
    upto = kept.cumsum(dim=1, dtype=torch.int32)
    before = (upto - kept.int())[:, last - lengths[run] + 1]
    wide = widest(ordered.device)
    means = (before + upto[:, last] + 1).to(wide) / 2 - middles[:, None].to(wide)
    means *= kept
    norms = means.square().sum(dim=1, keepdim=True).sqrt()
    ranks = torch.empty(keep.shape, device=ordered.device)
    ranks[:, order] = (means / torch.where(norms > 0, norms, 1)).float()
    return ranks

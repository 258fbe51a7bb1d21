"""Neighbor lists compared neighbor by neighbor, where rows of n entries would be mostly zeros.

Lists are (n, layers, k) on a torch device, values beside them the same; k^2 comparisons a sample
and pair of layers, whatever n.
"""

import importlib
from typing import Any

torch: Any = importlib.import_module("torch")


def shared(x: Any, y: Any) -> Any:
    """Count the neighbors that lists share: (s, lx, k), (s, ly, k) -> (s, lx, ly) int32."""
    count = torch.zeros((len(x), x.shape[1], y.shape[1]), dtype=torch.int32, device=x.device)
    for at in range(y.shape[2]):
        count += _found(x, y, at)
    return count


def products(x: Any, y: Any, values_x: Any, values_y: Any) -> Any:
    """Sum value_x * value_y over shared neighbors: -> (s, lx, ly) float32."""
    total = torch.zeros((len(x), x.shape[1], y.shape[1]), device=x.device)
    for at in range(y.shape[2]):
        own = torch.where(_same(x, y, at), values_x[:, :, None], 0).sum(dim=3)
        total += own * values_y[:, None, :, at]
    return total


def home(x: Any, y: Any, start: int) -> Any:
    """Say which samples, from `start` on, come home, out by y's neighbors and back by x's.

    Args:
        x: lists of all samples, (n, lx, k).
        y: those samples' lists, (s, ly, k).
        start: the first of them.

    Returns:
        (s, lx, ly) bool.
    """
    samples = len(y)
    itself = torch.arange(start, start + samples, device=x.device)[:, None, None, None]
    found = torch.zeros((samples, y.shape[1], x.shape[1]), dtype=torch.bool, device=x.device)
    for at in range(y.shape[2]):
        found |= (x[y[:, :, at].long()] == itself).any(dim=3)
    return found.transpose(1, 2)


def marginals(x: Any, y: Any, values_x: Any, values_y: Any, exact: Any) -> tuple[Any, Any, Any]:
    """Sum kernels kept where both sides' lists agree: `compiled.kernels.masked_marginals`.

    Args:
        x, y: lists of all samples.
        values_x, values_y: the kernels there.
        exact: the type that sums are made in.

    Returns:
        Three tables, (lx, ly): 1'K1, 1'L1 and 1'KL1.
    """
    shape = x.shape[1], y.shape[1]
    tables = torch.zeros((3, *shape), dtype=exact, device=x.device)
    for a in range(shape[0]):
        lists, own = x[:, a].long(), values_x[:, a]
        for b in range(shape[1]):
            both = lists[:, :, None] == y[:, b, None, :]
            kept = torch.where(both.any(dim=2), own, 0)
            rows = torch.where(both.any(dim=1), values_y[:, b], 0).sum(dim=1, dtype=exact)
            columns = torch.zeros(len(x), dtype=exact, device=x.device)
            columns.scatter_add_(0, lists.flatten(), kept.to(exact).flatten())
            for table, part in zip(tables, (columns, rows, columns * rows), strict=True):
                table[a, b] = part.sum()
    return tables[0], tables[1], tables[2]


def _same(x: Any, y: Any, at: int) -> Any:
    """Say which neighbors of x are y's neighbor in that place: (s, lx, ly, k)."""
    return x[:, :, None] == y[:, None, :, at, None]


def _found(x: Any, y: Any, at: int) -> Any:
    return _same(x, y, at).any(dim=3)

"""Neighbor lists of all layers compared on a torch device: sets as rows of ones, one product.

A sample's neighbors in a layer are a row of n entries, one where a neighbor is. What two layers
share is then an inner product of such rows, exact in half precision as long as a sum stays below
2,048; all pairs of layers are one product. Lists are (n, layers, k), values beside them the same.
"""
# pyright: basic

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prh_core.backend.precision import full_precision, widest

torch: Any = importlib.import_module("torch")

BYTES = 2**28
"""Rows of ones held at once."""
EXACT = 2048
"""Ones that a sum in half precision counts exactly."""
Table = NDArray[np.float64]


def shared_neighbors(x: Any, y: Any) -> Table:
    """Count the neighbors two stacks share: (n, lx, k), (n, ly, k) -> (lx, ly)."""
    total = _zeros(x, y)
    for a, b in _together(x, y, None, None, _type_of_ones(x)):
        total += _products(a, b).sum(dim=0, dtype=total.dtype)
    return host_table(total)


def shared_products(x: Any, y: Any, values_x: Any, values_y: Any) -> Table:
    """Sum value_x * value_y over shared neighbors: (n, lx, k), (n, ly, k) twice -> (lx, ly)."""
    total = _zeros(x, y)
    for a, b in _together(x, y, values_x, values_y, torch.float32):
        total += _products(a, b).sum(dim=0, dtype=total.dtype)
    return host_table(total)


def row_scores(x: Any, y: Any, value: Any) -> Table:
    """Sum value[neighbors shared] over samples: (n, lx, k), (n, ly, k) -> (lx, ly)."""
    total = _zeros(x, y)
    kind = _type_of_ones(x)
    for start, stop in _tiles(x, y):
        shared = _products(*(_spread(side[start:stop], 1, len(x), kind) for side in (x, y)))
        total += value[shared.long()].sum(dim=0)
    return host_table(total)


def cycles(x: Any, y: Any) -> Table:
    """Count samples that come home, out by y's neighbors and back by x's: -> (lx, ly)."""
    total = _zeros(x, y)
    kind = _type_of_ones(x)
    for start, stop in _tiles(x, y):
        home = _reversed(x, start, stop, kind)
        ways = _products(home, _spread(y[start:stop], 1, len(y), kind))
        total += (ways > 0).sum(dim=0)
    return host_table(total)


def kept_marginals(x: Any, y: Any) -> tuple[Table, Table, Table]:
    """Sums of kernels kept where both sides' lists agree: `compiled.kernels.masked_marginals`.

    Args:
        x, y: kernels kept between neighbors, `prh_core.backend.host.KeptKernels`.
    """
    n = len(x.lists)
    totals = [_zeros(x.lists, y.lists) for _ in range(3)]
    for start, stop in _tiles(x.lists, y.lists):
        here = slice(start, stop)
        rows = _products(
            _spread(x.lists[here], 1, n, torch.float32),
            _spread(y.lists[here], 1, n, torch.float32, y.values[here]),
        )
        columns = _products(
            _reversed(x.lists, start, stop, torch.float32, x.values),
            _reversed(y.lists, start, stop, torch.float32),
        )
        for total, part in zip(
            totals, (columns, rows, columns.to(totals[0].dtype) * rows), strict=True
        ):
            total += part.sum(dim=0, dtype=total.dtype)
    return host_table(totals[0]), host_table(totals[1]), host_table(totals[2])


def reciprocal(lists: Any) -> Any:
    """Say where the neighbor also has the sample as its neighbor: (n, layers, k) -> same."""
    n, layers, _ = lists.shape
    itself = torch.arange(n, device=lists.device)[:, None, None, None]
    theirs = lists[lists.long(), torch.arange(layers, device=lists.device)[:, None]]
    return (theirs == itself).any(dim=3)


def common_subsequences(x: Any, y: Any) -> Table:
    """Sum LCS lengths over samples, k <= 63: (n, lx, k), (n, ly, k) -> (lx, ly).

    Bit-parallel (Hyyro 2004), every pair of layers and several samples at a time.
    """
    total, full = _zeros(x, y), 2 ** x.shape[2] - 1
    for start, stop in _tiles(x, y):
        row = _words(x, y, stop - start, full)
        for match in _matches(x, y, start, stop):
            both = row & match
            row = ((row + both) | (row - both)) & full
        total += _bits(row ^ full).view(stop - start, *total.T.shape).sum(dim=0).T
    return host_table(total)


def edit_distances(x: Any, y: Any) -> Table:
    """Sum Levenshtein distances over samples, k <= 63: (n, lx, k), (n, ly, k) -> (lx, ly).

    Myers 1999 in Hyyro's form: bits say where the last column of the distance table rises or falls.
    """
    total, k = _zeros(x, y), x.shape[2]
    full = 2**k - 1
    for start, stop in _tiles(x, y):
        up, down = _words(x, y, stop - start, full), _words(x, y, stop - start, 0)
        for match in _matches(x, y, start, stop):
            either = ((((match & up) + up) ^ up) | match | down) & full
            rise = down | ((either | up) ^ full)
            fall = either & up
            rise = (rise + rise + 1) & full
            up = ((fall + fall) & full) | ((either | rise) ^ full)
            down = rise & either
        steps = _bits(up) - _bits(down)
        total += steps.view(stop - start, *total.T.shape).sum(dim=0).T
    # The last column starts at k, the letters of y used up, and adds its steps.
    return host_table(total) + len(x) * k


def _words(x: Any, y: Any, samples: int, value: int) -> Any:
    """Return one word per sample, layer of y and layer of x, (samples * ly, lx)."""
    shape = samples * y.shape[1], x.shape[1]
    return torch.full(shape, value, dtype=_word(x.shape[2]), device=x.device)


def _word(k: int) -> Any:
    """Return the narrowest type with k bits, one for a carry and one for the sign."""
    return torch.int16 if k <= 14 else torch.int32 if k <= 30 else torch.int64


def _matches(x: Any, y: Any, start: int, stop: int) -> Iterator[Any]:
    """Yield, for each place in y's lists, the words of where x's lists have that neighbor."""
    n, samples = len(x), stop - start
    here = x[start:stop].long()
    place = torch.zeros((samples, n, x.shape[1]), dtype=_word(x.shape[2]), device=x.device)
    bits = (1 << torch.arange(x.shape[2], device=x.device)).to(place.dtype)
    first = torch.arange(samples, device=x.device)[:, None]
    layer = torch.arange(x.shape[1], device=x.device)[:, None]
    # A neighbor stands in a list once, so every word is written once.
    place[first[:, :, None], here, layer] = bits.expand(here.shape)
    flat = place.view(samples * n, -1)
    for at in range(y.shape[2]):
        yield flat.index_select(0, (first * n + y[start:stop, :, at]).flatten())


def _bits(word: Any) -> Any:
    """Count set bits of words that are not negative."""
    width = torch.iinfo(word.dtype).bits
    odd, pairs, nibbles = (int(pattern * (width // 4), 16) for pattern in ("5", "3", "f"))
    nibbles &= int("0f" * (width // 8), 16)
    count = word - ((word >> 1) & odd)
    count = (count & pairs) + ((count >> 2) & pairs)
    count = (count + (count >> 4)) & nibbles
    for shift in (8, 16, 32):
        if shift < width:
            count = count + (count >> shift)
    return count & 0x7F


def _type_of_ones(lists: Any) -> Any:
    """Return half precision where it is multiplied fast."""
    return torch.float16 if lists.device.type == "cuda" else torch.float32


def _zeros(x: Any, y: Any) -> Any:
    return torch.zeros((x.shape[1], y.shape[1]), dtype=widest(x.device), device=x.device)


def host_table(table: Any) -> Table:
    """Bring a table of layers back, in float64."""
    return np.asarray(table.cpu().numpy(), dtype=np.float64)


def _products(a: Any, b: Any) -> Any:
    """Return the inner products of rows, (parts, lx, m), (parts, ly, m) -> (parts, lx, ly)."""
    with full_precision():
        return a @ b.transpose(1, 2)


def _tiles(x: Any, y: Any) -> Iterator[tuple[int, int]]:
    """Yield samples whose rows, and words or counts for all pairs of layers, fit at once."""
    n, layers_x, _ = x.shape
    layers_y = y.shape[1]
    each = 4 * (n * (layers_x + layers_y) + 8 * layers_x * layers_y)
    samples = max(1, BYTES // each)
    for start in range(0, n, samples):
        yield start, min(start + samples, n)


def _together(x: Any, y: Any, values_x: Any, values_y: Any, kind: Any) -> Iterator[tuple[Any, Any]]:
    """Yield rows of both sides, several samples side by side in one row: (parts, layers, m)."""
    n, k = len(x), x.shape[2]
    for start, stop in _tiles(x, y):
        per = max(1, min(EXACT // k, stop - start))
        whole = start + (stop - start) // per * per
        for low, high, size in ((start, whole, per), (whole, stop, stop - whole)):
            if low < high:
                yield tuple(
                    _spread(
                        side[low:high], size, n, kind, None if values is None else values[low:high]
                    )
                    for side, values in ((x, values_x), (y, values_y))
                )


def _spread(lists: Any, per: int, n: int, kind: Any, values: Any = None) -> Any:
    """Return ones, or values, where neighbors are, `per` samples a row: (parts, layers, per n)."""
    samples, layers, k = lists.shape
    parts = samples // per

    def beside(array: Any) -> Any:
        return array.view(parts, per, layers, k).transpose(1, 2)

    offsets = n * torch.arange(per, device=lists.device)[:, None]
    place = (beside(lists).long() + offsets).reshape(parts, layers, per * k)
    out = torch.zeros((parts, layers, per * n), dtype=kind, device=lists.device)
    if values is None:
        return out.scatter_(2, place, 1)
    return out.scatter_(2, place, beside(values).reshape(place.shape).to(kind))


def _reversed(lists: Any, start: int, stop: int, kind: Any, values: Any = None) -> Any:
    """Return ones, or values, for who has these samples as a neighbor: (samples, layers, n)."""
    n, layers, _ = lists.shape
    at = ((lists >= start) & (lists < stop)).nonzero(as_tuple=True)
    out = torch.zeros((stop - start, layers, n), dtype=kind, device=lists.device)
    filled = torch.ones((), dtype=kind, device=lists.device)
    out[lists[at].long() - start, at[1], at[0]] = filled if values is None else values[at].to(kind)
    return out

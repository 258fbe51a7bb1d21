"""Neighbor lists of all layers compared on a torch device: sets as rows of ones, one product.

A sample's neighbors in a layer are a row of n entries, one where a neighbor is. What two layers
share is then an inner product of such rows, exact in half precision as long as a sum stays below
2,048; all pairs of layers are one product. Lists are (n, layers, k), values beside them the same.
Where samples are many, such rows are mostly zeros, and neighbors are compared one by one.
"""

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prh_core.backend import one_by_one
from prh_core.backend.memory import in_tiles
from prh_core.backend.precision import full_precision, widest

torch: Any = importlib.import_module("torch")

BYTES = 2**28
"""Rows of ones, or comparisons of neighbors, held at once."""
EXACT = 2048
"""Ones that a sum in half precision counts exactly."""
SPARSE = 32
"""Rows of ones are left where n is beyond so many times k^2."""
Table = NDArray[np.float64]
Part = Callable[[slice], Any]
"""Takes samples and returns their sums, (lx, ly), or several such tables."""


def shared_neighbors(x: Any, y: Any) -> Table:
    """Count the neighbors two stacks share: (n, lx, k), (n, ly, k) -> (lx, ly)."""
    kind = _type_of_ones(x)

    def shared(here: slice) -> Any:
        if _sparse(x):
            return one_by_one.shared(x[here], y[here]).sum(dim=0)
        return _together(x, y, here, kind)

    return _summed(x, y, shared)


def shared_products(x: Any, y: Any, values_x: Any, values_y: Any) -> Table:
    """Sum value_x * value_y over shared neighbors: (n, lx, k), (n, ly, k) twice -> (lx, ly)."""

    def products(here: slice) -> Any:
        if _sparse(x):
            sides = (side[here] for side in (x, y, values_x, values_y))
            return one_by_one.products(*sides).sum(dim=0, dtype=widest(x.device))
        return _together(x, y, here, torch.float32, (values_x, values_y))

    return _summed(x, y, products)


def row_scores(x: Any, y: Any, value: Any) -> Table:
    """Sum value[neighbors shared] over samples: (n, lx, k), (n, ly, k) -> (lx, ly)."""
    kind = _type_of_ones(x)

    def scores(here: slice) -> Any:
        if _sparse(x):
            shared = one_by_one.shared(x[here], y[here])
        else:
            shared = _products(*(_spread(side[here], 1, len(x), kind) for side in (x, y)))
        return value[shared.long()].sum(dim=0)

    return _summed(x, y, scores)


def cycles(x: Any, y: Any) -> Table:
    """Count samples that come home, out by y's neighbors and back by x's: -> (lx, ly)."""
    kind = _type_of_ones(x)

    def home(here: slice) -> Any:
        if _sparse(x):
            return one_by_one.home(x, y[here], here.start).sum(dim=0)
        ways = _products(_reversed(x, here, kind), _spread(y[here], 1, len(y), kind))
        return (ways > 0).sum(dim=0)

    return _summed(x, y, home)


def kept_marginals(x: Any, y: Any) -> tuple[Table, Table, Table]:
    """Sums of kernels kept where both sides' lists agree: `compiled.kernels.masked_marginals`.

    Args:
        x, y: kernels kept between neighbors, `prh_core.backend.host.KeptKernels`.
    """
    if _sparse(x.lists):
        sums = one_by_one.marginals(x.lists, y.lists, x.values, y.values, widest(x.lists.device))
        columns, rows, both = map(host_table, sums)
        return columns, rows, both
    n, exact = len(x.lists), widest(x.lists.device)

    def marginals(here: slice) -> Any:
        rows = _products(
            _spread(x.lists[here], 1, n, torch.float32),
            _spread(y.lists[here], 1, n, torch.float32, y.values[here]),
        )
        columns = _products(
            _reversed(x.lists, here, torch.float32, x.values),
            _reversed(y.lists, here, torch.float32),
        )
        parts = columns, rows, columns.to(exact) * rows
        return torch.stack([part.sum(dim=0, dtype=exact) for part in parts])

    columns, rows, both = _summed(x.lists, y.lists, marginals, tables=3)
    return columns, rows, both


def reciprocal(lists: Any) -> Any:
    """Say where the neighbor also has the sample as its neighbor: (n, layers, k) -> same."""
    n, layers, k = lists.shape
    which = torch.arange(layers, device=lists.device)[:, None]
    found = torch.empty(lists.shape, dtype=torch.bool, device=lists.device)

    def look(start: int, stop: int) -> None:
        itself = torch.arange(start, stop, device=lists.device)[:, None, None, None]
        theirs = lists[lists[start:stop].long(), which]
        found[start:stop] = (theirs == itself).any(dim=3)

    in_tiles(n, max(1, BYTES // (16 * layers * k * k)), lists.device, look)
    return found


def common_subsequences(x: Any, y: Any) -> Table:
    """Sum LCS lengths over samples, k <= 63: (n, lx, k), (n, ly, k) -> (lx, ly).

    Bit-parallel (Hyyro 2004), every pair of layers and several samples at a time.
    """
    full = 2 ** x.shape[2] - 1

    def lengths(here: slice) -> Any:
        row = _words(x, y, here, full)
        for match in _matches(x, y, here):
            both = row & match
            row = ((row + both) | (row - both)) & full
        return _of_words(_bits(row ^ full), x, y, here)

    return _summed(x, y, lengths)


def edit_distances(x: Any, y: Any) -> Table:
    """Sum Levenshtein distances over samples, k <= 63: (n, lx, k), (n, ly, k) -> (lx, ly).

    Myers 1999 in Hyyro's form: bits say where the last column of the distance table rises or falls.
    """
    k = x.shape[2]
    full = 2**k - 1

    def steps(here: slice) -> Any:
        up, down = _words(x, y, here, full), _words(x, y, here, 0)
        for match in _matches(x, y, here):
            either = ((((match & up) + up) ^ up) | match | down) & full
            rise = down | ((either | up) ^ full)
            fall = either & up
            rise = (rise + rise + 1) & full
            up = ((fall + fall) & full) | ((either | rise) ^ full)
            down = rise & either
        return _of_words(_bits(up) - _bits(down), x, y, here)

    # The last column starts at k, the letters of y used up, and adds its steps.
    return _summed(x, y, steps) + len(x) * k


def _sparse(lists: Any) -> bool:
    """Whether rows of ones would be mostly zeros, and comparing k^2 neighbors is less."""
    return lists.shape[0] > SPARSE * lists.shape[2] ** 2


def _summed(x: Any, y: Any, part: Part, tables: int = 1) -> Any:
    """Sum over samples, as many at a time as have room: (lx, ly), or several such tables."""
    layers_x, layers_y, n = x.shape[1], y.shape[1], len(x)
    shape = (layers_x, layers_y) if tables == 1 else (tables, layers_x, layers_y)
    total = torch.zeros(shape, dtype=widest(x.device), device=x.device)
    wide = x.shape[2] * layers_x * layers_y if _sparse(x) else n * (layers_x + layers_y)

    def add(start: int, stop: int) -> None:
        nonlocal total
        total = total + part(slice(start, stop))

    samples = max(1, BYTES // (4 * (wide + 8 * layers_x * layers_y)))
    in_tiles(n, samples, x.device, add)
    return host_table(total)


def _words(x: Any, y: Any, here: slice, value: int) -> Any:
    """Return one word per sample, layer of y and layer of x, (samples * ly, lx)."""
    shape = (here.stop - here.start) * y.shape[1], x.shape[1]
    return torch.full(shape, value, dtype=_word(x.shape[2]), device=x.device)


def _word(k: int) -> Any:
    """Return the narrowest type with k bits, one for a carry and one for the sign."""
    return torch.int16 if k <= 14 else torch.int32 if k <= 30 else torch.int64


def _of_words(found: Any, x: Any, y: Any, here: slice) -> Any:
    """Sum what words tell over samples: (samples * ly, lx) -> (lx, ly)."""
    return found.view(here.stop - here.start, y.shape[1], x.shape[1]).sum(dim=0).T


def _matches(x: Any, y: Any, here: slice) -> Iterator[Any]:
    """Yield, for each place in y's lists, the words of where x's lists have that neighbor."""
    n, samples = len(x), here.stop - here.start
    own, other = x[here].long(), y[here]
    bits = (1 << torch.arange(x.shape[2], device=x.device)).to(_word(x.shape[2]))
    if _sparse(x):
        for at in range(y.shape[2]):
            same = own[:, None] == other[:, :, None, None, at]
            yield (same * bits).sum(dim=3, dtype=bits.dtype).flatten(0, 1)
        return
    place = torch.zeros((samples, n, x.shape[1]), dtype=bits.dtype, device=x.device)
    first = torch.arange(samples, device=x.device)[:, None]
    layer = torch.arange(x.shape[1], device=x.device)[:, None]
    # A neighbor stands in a list once, so every word is written once.
    place[first[:, :, None], own, layer] = bits.expand(own.shape)
    flat = place.view(samples * n, -1)
    for at in range(y.shape[2]):
        yield flat.index_select(0, (first * n + other[:, :, at]).flatten())


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


def host_table(table: Any) -> Table:
    """Bring a table of layers back, in float64."""
    return np.asarray(table.cpu().numpy(), dtype=np.float64)


def _products(a: Any, b: Any) -> Any:
    """Return the inner products of rows, (parts, lx, m), (parts, ly, m) -> (parts, lx, ly)."""
    with full_precision():
        return a @ b.transpose(1, 2)


def _together(x: Any, y: Any, here: slice, kind: Any, values: tuple[Any, Any] | None = None) -> Any:
    """Sum inner products of rows over samples, several of them side by side in one row."""
    n, k, samples = len(x), x.shape[2], here.stop - here.start
    per = max(1, min(EXACT // k, samples))
    whole = here.start + samples // per * per
    total = torch.zeros((), dtype=widest(x.device), device=x.device)
    for low, high, size in ((here.start, whole, per), (whole, here.stop, here.stop - whole)):
        if low < high:
            a, b = (
                _spread(side[low:high], size, n, kind, values and values[at][low:high])
                for at, side in enumerate((x, y))
            )
            total = total + _products(a, b).sum(dim=0, dtype=total.dtype)
    return total


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


def _reversed(lists: Any, here: slice, kind: Any, values: Any = None) -> Any:
    """Return ones, or values, for who has these samples as a neighbor: (samples, layers, n)."""
    n, layers, _ = lists.shape
    start, stop = here.start, here.stop
    at = ((lists >= start) & (lists < stop)).nonzero(as_tuple=True)
    out = torch.zeros((stop - start, layers, n), dtype=kind, device=lists.device)
    filled = torch.ones((), dtype=kind, device=lists.device)
    out[lists[at].long() - start, at[1], at[0]] = filled if values is None else values[at].to(kind)
    return out

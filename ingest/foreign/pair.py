"""Two models' saved features over the same samples: rows paired, constant layers set aside."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ingest.errors import SampleIdsError
from ingest.foreign.ids import natural, same_rows
from ingest.foreign.read import Given
from prh_core.errors import DegenerateLayerError, SampleCountError
from prh_core.prepare import constant_layers
from prh_core.types import Layer


class Paired(NamedTuple):
    """Two sides whose rows are the same samples in the same order."""

    x: Given
    y: Given
    how: str
    """By what they were paired, for a sentence."""
    left_x: int = 0
    """Samples of x that y does not have, left out; and of y."""
    left_y: int = 0


def paired(x: Given, y: Given, *, intersect: bool = False) -> Paired:
    """Put the rows of two sides in one order.

    Where both have ids, samples stand in the natural order of their ids ("s2" before "s10"),
    whatever order the files have them in: scrambled files score as ordered ones do, to the last
    bit. Else rows are taken as they stand.

    Args:
        x: one model's features.
        y: another's.
        intersect: take the samples that both have; else both have to have the same.

    Raises:
        SampleIdsError: they list other samples, or nothing says which samples are in common.
        SampleCountError: without ids, they hold different numbers of rows.
    """
    if x.ids is not None and y.ids is not None:
        x = in_order(x)
        rows = same_rows(x.ids or (), y.ids, x.title, y.title, intersect=intersect)
        return Paired(x.taken(rows.x), y.taken(rows.y), "by ids", rows.left_x, rows.left_y)
    if intersect:
        raise SampleIdsError(
            f"--intersect takes the samples whose ids both have, and {_without(x, y)}: give them "
            "with --ids"
        )
    if x.row_order is not None and y.row_order is not None:
        if x.row_order != y.row_order:
            raise SampleIdsError(
                f"{x.title} and {y.title} are of other samples, or of the same in another order: "
                f"their row orders are {x.row_order[:12]} and {y.row_order[:12]}"
            )
        return Paired(x, y, "by their row order")
    if x.n != y.n:
        raise SampleCountError(
            f"{x.title} holds {x.n:,} rows and {y.title} {y.n:,}, and {_without(x, y)}, so nothing "
            "says which are the same samples: give ids with --ids, and --intersect"
        )
    return Paired(x, y, f"row by row as they stand, since {_without(x, y)}")


def _without(x: Given, y: Given) -> str:
    lacking = [side.title for side in (x, y) if side.ids is None]
    return "neither has ids" if len(lacking) == 2 else f"{lacking[0]} has no ids"


def in_order(given: Given) -> Given:
    """Return features with ids in the natural order of these."""
    ids = given.ids or ()
    order = sorted(range(len(ids)), key=lambda row: natural(ids[row]))
    return given if order == list(range(len(ids))) else given.taken(np.array(order))


class Usable(NamedTuple):
    """Layers that tell samples apart."""

    layers: list[Layer]
    names: list[str]
    positions: list[int]
    """Where each stands among all layers, from 0."""
    aside: list[str]
    """Names of layers whose rows are all the same."""


def usable(layers: Mapping[str, Layer], title: str) -> Usable:
    """Set constant layers aside, as scoring a study does: of them no sample is nearer to another.

    Raises:
        DegenerateLayerError: all are constant.
    """
    found = Usable([], [], [], [])
    for at, (name, layer) in enumerate(layers.items()):
        # Two rows that differ say all, and a whole layer is read only where they do not.
        if constant_layers([layer[:2]])[0] and constant_layers([layer])[0]:
            found.aside.append(name)
            continue
        found.layers.append(layer)
        found.names.append(name)
        found.positions.append(at)
    if not found.layers:
        raise DegenerateLayerError(
            f"{title}: all {len(layers)} layers are constant, so nothing can be compared"
        )
    return found

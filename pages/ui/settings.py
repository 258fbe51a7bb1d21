"""Which setting a page shows, and which candidates and controls: one widget a step."""

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from pages.ui.answers import Setting, Sides
from pages.ui.controls import Controls

_STEPS = (
    # label, column offered, key in the address, width
    ("Dataset", "dataset", "dataset", 220),
    ("Samples n", "n", "n", 130),
    ("Metric", "metric_label", "metric", 160),
    ("Neighbors k", "k", "k", 130),
    ("Bandwidth σ", "sigma", "sigma", 130),
    ("Truncation", "truncation", "truncation", 150),
    ("Rows normalized", "normalized", "normalized", 150),
    ("Caption pooling", "pooling", "pooling", 160),
    ("Caption prompt", "prompt", "prompt", 160),
    ("Precision", "precision", "precision", 150),
)
_IN_VIEW = ("dataset", "metric")


def choose_sides(controls: Controls, there: pl.DataFrame) -> Sides:
    """Ask which modalities are compared; nothing is asked where there is no choice.

    Args:
        controls: where the widget goes.
        there: answer of `queries.sides`, not empty.
    """
    offered = {
        f"{one['modality_x']} × {one['modality_y']}": Sides.of(one)
        for one in there.iter_rows(named=True)
    }
    names = list(offered)
    if len(names) == 1:
        return offered[names[0]]
    with controls.row:
        picked = controls.choose("Sides", names, key="sides", default=names[0], width=190)
    return offered[picked]


def choose_setting(
    controls: Controls,
    settings: pl.DataFrame,
    *,
    without: Sequence[str] = (),
    in_view: Sequence[str] = _IN_VIEW,
    prefix: str = "",
) -> Setting:
    """Narrow the settings down, from the dataset to the precision; the first row is the default.

    Args:
        controls: where the widgets go.
        settings: answer of `queries.settings`, or part of it.
        without, in_view, prefix: see `choose_row`.
    """
    row = choose_row(controls, settings, without=without, in_view=in_view, prefix=prefix)
    return Setting.of(row)


def choose_row(
    controls: Controls,
    settings: pl.DataFrame,
    *,
    without: Sequence[str] = (),
    in_view: Sequence[str] = _IN_VIEW,
    prefix: str = "",
) -> dict[str, Any]:
    """Narrow settings down to one row; what the frame has no column of is not asked for.

    Args:
        controls: where the widgets go.
        settings: of `queries.settings`, or another query with some of its columns.
        without: columns that are not asked for; what is left of them is taken.
        in_view: keys of those that stay in view; the others are in the drawer of options.
        prefix: of the keys in the address, where a page has two settings.
    """
    left = settings
    for label, column, key, width in _STEPS:
        if column in without or column not in left.columns:
            continue
        options = left[column].unique(maintain_order=True).to_list()
        if options == [None]:
            continue  # the metric has no such thing, whatever the address of another one says
        with controls.row if key in in_view else controls.options:
            picked = controls.choose(
                label,
                sorted(options, key=_natural),
                key=prefix + key,
                default=options[0],
                shown=_plain,
                width=width,
            )
        left = left.filter(pl.col(column).eq_missing(pl.lit(picked)))
    return left.row(0, named=True)


def choose_candidates(controls: Controls) -> bool:
    """Ask whether the concatenation of all layers is a candidate for the best pair."""
    return controls.switch(
        "Include concatenated layers",
        key="concatenated",
        help="On: the concatenation of all layers is one more candidate for the best pair, as in "
        "the paper. Off: single layers only, as in the paper's released code.",
    )


def choose_families(controls: Controls, names: Iterable[str]) -> str:
    """Ask which families of models to keep, in the drawer of options.

    Args:
        controls: where the widget goes.
        names: families of the models that are here; one alone is not asked for.

    Returns:
        Those chosen, parted by "|", as queries take them; empty means all.
    """
    offered = sorted(set(names))
    if len(offered) < 2:
        return ""
    with controls.options:
        return "|".join(controls.several("Families", offered, key="families"))


def choose_untrained(controls: Controls) -> bool:
    """Ask whether untrained models are shown."""
    return controls.switch(
        "Show untrained models",
        key="untrained",
        help="Randomly initialized networks show what architecture and pictures alone bring.",
    )


def _natural(value: Any) -> tuple[bool, Any]:
    return (value is None, value if value is not None else 0)


def _plain(value: Any) -> str:
    return "none" if value is None else str(value)

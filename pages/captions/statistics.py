"""Laws of saturation as curves, by prh_core: frames in, frames out."""

import numpy as np
import polars as pl

from pages.ui.remembered import remembered
from prh_core.saturation import saturated

_STEPS = 41


@remembered
def law_curves(points: pl.DataFrame, laws: pl.DataFrame, over: str) -> pl.DataFrame:
    """Return the laws of the mean along the numbers that were averaged: over, other, fit.

    Args:
        points: answer of `queries.caption_averages`.
        laws: answer of `queries.saturation`.
        over: captions or pictures; of a law over both a curve for every number of the other.
    """
    other = "pictures" if over == "captions" else "captions"
    averaged = points.filter(how="features averaged")
    mean = laws.filter("overall")
    joint, single = mean.filter(along="captions and pictures"), mean.filter(along=over)
    curves: list[pl.DataFrame] = []
    for (count,), own in averaged.group_by(other, maintain_order=True):
        found = joint if joint.height else single.filter(held=count)
        if found.is_empty():
            continue
        law = found.row(0, named=True)
        places = np.linspace(own[over].min(), own[over].max(), _STEPS)  # type: ignore[arg-type]
        counts = {over: places, other: np.full(_STEPS, count, np.float64)}
        fit = saturated(
            np.column_stack([counts["captions"], counts["pictures"]]),
            law["limit_score"],
            [_known(law["lack_captions"]), _known(law["lack_pictures"])],
            [_known(law["exponent_captions"]), _known(law["exponent_pictures"])],
        )
        curves.append(pl.DataFrame({over: places, other: count, "fit": fit}))
    empty = pl.DataFrame(schema={over: pl.Float64, other: pl.Int32, "fit": pl.Float64})
    return pl.concat([empty, *(curve.cast(empty.schema) for curve in curves)])  # type: ignore[arg-type]


def _known(value: float | None) -> float:
    return np.nan if value is None else value

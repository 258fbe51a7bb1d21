"""Whether skill emerges, in words."""

import math
from typing import Any

import polars as pl

from prh_core import Emergence
from prh_core.emergence import LEAST, LEVEL


def describe_line(line: dict[str, Any] | None) -> str:
    """Say what the fitted line and its band are; nothing where there is none.

    Args:
        line: a row of `trends.LINE`.
    """
    if line is None or line["r"] is None:
        return ""
    p = f"{line['p_value']:.2g}"
    return (
        f"The **line** in color is a straight fit over {line['models']} models (r = "
        f"{line['r']:.2f}, p = {p}, two-sided, of no correlation among independent models); its "
        "band is the 95 % interval of the line, drawn from five models on.\n\n"
    )


def describe_emergence(frame: pl.DataFrame, found: Emergence | None) -> str:
    """Say whether skill emerges along alignment or grows with it, or that this cannot be told.

    Args:
        frame: answer of `queries.skill`.
        found: the test; None where there is none.
    """
    if found is None:
        return (
            f"{frame.height} models here. Whether skill emerges is asked from three models on "
            "that differ in alignment and whose skill is a share between 0 and 1."
        )
    drawn = (
        " In gray, solid: the best curve that rises evenly or levels off; dashed: the best curve "
        "that may also be flat at first."
    )
    if math.isnan(found.p_value):
        return (
            f"{found.n} models at {found.different} different alignments cannot tell emergence "
            f"from growth: that takes {LEAST}." + drawn
        )
    test = f"p = {found.p_value:.2g}, {found.draws:,} simulated sets of {found.n} models"
    fair = " The test takes models as independent, which those of one family are not."
    if found.verdict == "emergent":
        sentence = (
            f"Skill emerges: up to an alignment of about {found.onset:.3f} it rises less than half "
            "as steeply as at its steepest. Were there no such onset, chance would seldom make the "
            f"dashed curve fit so much better ({test})."
        )
    elif found.p_value <= LEVEL:
        sentence = (
            f"Skill does not emerge: its rise quickens ({test}), but from the start it rises at "
            "least half as steeply as at its steepest, so there is no onset."
        )
    elif found.verdict == "not emergent":
        sentence = (
            "Skill does not emerge: a curve with an onset fits no better than chance makes it fit "
            f"without one ({test}). An onset at the median alignment, with as much rise and "
            f"scatter, would have been found in {found.power:.0%} of simulated sets."
        )
    else:
        sentence = (
            "Whether skill emerges cannot be told: a curve with an onset fits no better than "
            f"chance makes it fit without one ({test}), but an onset at the median alignment, with "
            f"as much rise and scatter, would have been found in {found.power:.0%} of simulated "
            "sets only."
        )
    return sentence + drawn + fair

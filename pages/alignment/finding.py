"""What the scores of a setting answer."""

from typing import Any, Literal

import polars as pl

from pages.alignment.statistics import MeanTrend, count_meeting, mean_trend
from pages.ui import findings
from pages.ui import queries as shared
from pages.ui.answers import Setting
from pages.ui.text import name_metric


def meet(
    setting: Setting, measured: dict[str, Any], *, concatenated: bool = True, families: str = ""
) -> findings.Finding:
    """Say whether models of two sides agree more than chance, and than untrained ones.

    Args:
        setting: which scores.
        measured: the row of `queries.measured`.
        concatenated: whether concatenated layers are candidates.
        families: of trained models, as in `queries.alignment`.
    """
    pairs = shared.alignment(
        setting, concatenated=concatenated, untrained=True, families=families
    ).frame
    met = count_meeting(pairs)
    best, control = met.best or {}, met.control
    return findings.meeting(
        pairs=met.pairs,
        models=met.models,
        exceed=met.exceed,
        first=best.get("label_x", ""),
        second=best.get("label_y", ""),
        score=best.get("alignment"),
        low=best.get("interval_low"),
        high=best.get("interval_high"),
        control=control["alignment"] if control else None,
        control_name=f"{control['label_x']} with {control['label_y']}" if control else "",
        sides=(measured["modality_x"], measured["modality_y"]),
        metric=name_metric(measured),
        samples=measured["n"],
        higher_is_closer=measured["higher_is_closer"],
        published=measured["published"],
    )


def follow(
    pairs: pl.DataFrame, measured: dict[str, Any], *, side: str, skill: str
) -> findings.Finding:
    """Say whether alignment rises with what the models of a side can do.

    Args:
        pairs: answer of `queries.alignment`, trained models, with the skill of that side.
        measured: the row of `queries.measured`.
        side: x or y.
        skill: name of it.
    """
    return tell_trend(
        pairs,
        mean_trend(pairs, side=side),
        side=side,
        effect=f"alignment with {measured['modality_y' if side == 'x' else 'modality_x']}",
        cause=skill,
        samples=measured["n"],
        expected=1 if pairs["higher_is_closer"].all() else -1,
        published=measured["published"],
        figure="Fig. 3",
    )


def tell_trend(
    pairs: pl.DataFrame,
    found: MeanTrend,
    *,
    side: str,
    effect: str,
    cause: str,
    samples: int,
    expected: Literal[1, -1],
    figure: str,
    published: bool = False,
) -> findings.Finding:
    """Say what the mean trend over the models of a side says.

    Args:
        pairs: behind it.
        found: of `statistics.mean_trend`.
        side: x or y.
        effect: what rises, as in `findings.trend`.
        cause: with what.
        samples: n behind each alignment.
        expected: sign of the trend as the hypothesis has it.
        figure: of the paper.
        published: whether others measured it.
    """
    row = found.row or {}
    return findings.trend(
        effect=effect,
        cause=cause,
        models=found.models,
        r=row.get("r"),
        slope=row.get("slope"),
        slope_low=row.get("slope_low"),
        slope_high=row.get("slope_high"),
        p=row.get("p_value"),
        families=pairs.drop_nulls(f"score_{side}")[f"group_{side}"].n_unique(),
        within_slope=row.get("within_slope"),
        within_low=row.get("within_low"),
        within_high=row.get("within_high"),
        within_p=row.get("within_p"),
        samples=samples,
        expected=expected,
        lines=found.lines,
        published=published,
        figure=figure,
    )

"""Headline results of the warehouse: the answers that pages open with, each as a small picture."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from pages.alignment import finding as alignment
from pages.captions import finding as captions
from pages.captions import queries as caption_queries
from pages.color import finding as color
from pages.color import queries as color_queries
from pages.competence import finding as competence
from pages.inventory import chart, text
from pages.skill import finding as skill
from pages.ui import export
from pages.ui import queries as shared
from pages.ui import text as words
from pages.ui.answers import Setting
from pages.ui.charts.finish import still
from pages.ui.charts.parts import Chart
from pages.ui.findings import Finding
from pages.ui.reference import held_against
from pages.ui.warehouse import Snapshot, shown

MOST = 3
_WIDE = 268
"""Pixels of a small picture, about those of its card at 1280."""


@dataclass(frozen=True, eq=False, slots=True)
class Headline:
    """One page's answer."""

    topic: str
    finding: Finding
    picture: Chart
    told: str
    """The picture in words, for screen readers."""
    address: dict[str, str]
    """Query of the page under which the same is seen."""


def headlines() -> list[Headline]:
    """Return what there is of the headline results, `MOST` of them, the paper's claims first."""
    return list(_told(shown()))


@functools.lru_cache(maxsize=4 * MOST)
def draw_thumbnail(one: Headline, *, dark: bool) -> str:
    """Return the small picture of a headline as SVG, made once.

    Args:
        one: the headline.
        dark: whether the reader's theme is.
    """
    return export.svg(still(one.picture, dark=dark, width=_WIDE)).decode()


@functools.lru_cache(maxsize=2)
def _told(_of: Snapshot) -> tuple[Headline, ...]:
    """Make the headlines of one state of the warehouse once: every visit opens with them."""
    found: list[Headline] = []
    for tell in _TOLD:
        one = tell() if len(found) < MOST else None
        if one is not None:
            found.append(one)
    return tuple(found)


def _alignment() -> Headline | None:
    # What was measured here comes before what others published.
    settings = shared.settings().frame.sort("published", maintain_order=True)
    if settings.is_empty():
        return None
    row = settings.row(0, named=True)
    setting = Setting.of(row)
    pairs = shared.alignment(setting, concatenated=True, untrained=True).frame
    if pairs.is_empty():
        return None
    measured = shared.measured(setting).frame.row(0, named=True)
    measure = words.name_metric(measured)
    return Headline(
        "alignment",
        alignment.meet(setting, measured),
        chart.strip(pairs, measure=measure, reference=held_against(pairs.filter("trained"))),
        f"{measure} of pairs of trained models, and of pairs with an untrained one.",
        {"dataset": row["dataset"], "metric": measured["metric_label"], "view": "Heat map"},
    )


def _color() -> Headline | None:
    finding = color.find()
    if finding is None:
        return None
    rows = text.pick_layouts(color_queries.color_agreement().frame)
    return Headline(
        "color",
        finding,
        chart.small_rows(rows, across="ρ with CIELAB, 95 %"),
        "Spearman correlation of distances of colors with those in CIELAB, 95 % intervals.",
        {},
    )


def _captions() -> Headline | None:
    studies = caption_queries.caption_studies().frame
    finding = captions.find()
    if studies.is_empty() or finding is None:
        return None
    row = studies.row(0, named=True)
    means = caption_queries.caption_overall(caption_queries.CaptionStudy.of(row)).frame
    points = text.pick_sets(means)
    if points.is_empty():
        return None
    return Headline(
        "captions",
        finding,
        chart.small_points(points, across="words per caption", up="alignment"),
        f"Mean alignment of pairs of trained models by words per caption, {row['dataset']}.",
        {},
    )


def _competence() -> Headline | None:
    usual = competence.find_usual()
    if usual is None:
        return None
    return Headline(
        "competence",
        usual.finding,
        chart.small_bins(usual.bins.drop_nulls("alignment"), skill=usual.skill),
        f"Alignment within bins of models by {usual.skill}.",
        usual.address,
    )


def _skill() -> Headline | None:
    usual = skill.find_usual()
    if usual is None or usual.points.is_empty():
        return None
    return Headline(
        "skill",
        usual.finding,
        chart.small_points(
            usual.points.select(x="alignment", y="score", label="language_label"),
            across=f"alignment with {usual.address['vision']}",
            up=usual.skill,
        ),
        f"{usual.skill} of each language model against its alignment.",
        usual.address,
    )


_TOLD: tuple[Callable[[], Headline | None], ...] = (
    _alignment,
    _color,
    _captions,
    _competence,
    _skill,
)

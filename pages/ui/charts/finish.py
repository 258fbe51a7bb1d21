"""The last touch: a chart on the reader's screen, and one to take away."""

import html
import re
import textwrap
from typing import Any, Literal, TypeAlias

import altair as alt

from pages.ui import palette
from pages.ui.charts.parts import SMALLEST, Chart, Drawn

Width: TypeAlias = Literal["single", "double"]


def on_screen(chart: Chart, *, dark: bool) -> Chart:
    """Return the chart with words, points and lines that stand out from the reader's background."""
    ink = palette.INK_ON_DARK if dark else palette.INK_ON_LIGHT
    words = _words(ink, 12)
    return (
        stands_out(chart, dark=dark)
        .configure_axis(**words)
        .configure_legend(**words)
        .configure_text(color=ink)
        .configure_point(opacity=1)
    )


def _words(ink: str, size: int) -> dict[str, Any]:
    return {"labelColor": ink, "titleColor": ink, "labelFontSize": size, "titleFontSize": size,
            "titleFontWeight": "normal"}  # fmt: skip


def stands_out(chart: Chart, *, dark: bool) -> Chart:
    """Return a copy in which nothing is too pale for its background, and no word too small.

    Words are in ink, whatever gray or family's color they were given: those serve for lines and
    points. Of a scale of lightness points and lines take the part that stands out; cells keep all
    of it, since they touch.
    """
    ink = palette.INK_ON_DARK if dark else palette.INK_ON_LIGHT
    extent = palette.SEQUENTIAL_ON_DARK if dark else palette.SEQUENTIAL_ON_LIGHT
    copied = chart.copy(deep=True)
    for part in _parts(copied):
        kind = part.mark if isinstance(part.mark, str) else part.mark.type
        color = part.encoding.color if isinstance(part.encoding, alt.FacetedEncoding) else None
        if kind == "text":
            if not isinstance(part.mark, str):
                if part.mark.color in _NOT_FOR_WORDS:
                    part.mark.color = ink
                if isinstance(part.mark.fontSize, int | float):
                    part.mark.fontSize = max(part.mark.fontSize, SMALLEST)
            if isinstance(color, alt.Color):
                part.encoding.color = alt.value(ink)
        elif kind in _FINE and isinstance(color, alt.Color):
            scale = color["scale"]
            if isinstance(scale, alt.Scale) and scale["scheme"] == palette.SEQUENTIAL:
                scale["scheme"] = alt.SchemeParams(name=palette.SEQUENTIAL, extent=list(extent))
    return copied


_NOT_FOR_WORDS = (palette.CHANCE, palette.MISSING, palette.UNTRAINED, *palette.FAMILY)
_FINE = ("point", "line", "rule", "tick", "trail")
"""Marks with background all around them."""


def _parts(chart: Any) -> list[Any]:
    inner: Any = getattr(chart, "layer", alt.Undefined)
    if inner is alt.Undefined:
        spec = getattr(chart, "spec", alt.Undefined)
        return [chart] if spec is alt.Undefined else _parts(spec)
    return [part for one in inner for part in _parts(one)]


def strip_markdown(text: str) -> str:
    """Return what a reader of Markdown would read: no marks of emphasis, no escapes, no tags."""
    link = re.sub(r"\[([^\]]*)\]\([^)\s]*\)", r"\1", text)
    bare = re.sub(r"\u2060|\\([!-/:-@\[-`{-~])|\*\*|[*`]", lambda found: found[1] or "", link)
    return html.unescape(bare)


COLUMN: dict[Width, int] = {"single": 317, "double": 662}
"""Pixels of a journal's column of 3.3 inches (240 points), and of two, 6.9 inches (500 points)."""


def titled(
    drawn: Drawn, title: str, subtitle: list[str], *, width: Width = "double"
) -> dict[str, Any]:
    """Return the chart as it is downloaded: with its title, what was measured, and a size.

    It is as wide as a column of a journal, and its words are set in 8 to 9 points there.

    Args:
        drawn: a chart, or panels by their names.
        title: over it, Markdown or not.
        subtitle: what was measured, line by line.
        width: of one column, or of two.
    """
    across = COLUMN[width]
    lines = [
        part
        for line in subtitle
        for part in textwrap.wrap(strip_markdown(line), round(across / _SMALL_LETTER))
    ]
    heading = alt.TitleParams(
        textwrap.wrap(strip_markdown(title), round(across / _LETTER)) or "",
        subtitle=lines, anchor="start", frame="bounds", fontSize=_TITLE, subtitleFontSize=SMALLEST,
        subtitleColor=palette.INK_ON_LIGHT, subtitlePadding=6, offset=12,
    )  # fmt: skip
    if isinstance(drawn, dict):
        columns = 1 if width == "single" or len(drawn) == 1 else 2
        room = across // columns - _BESIDE_PANEL
        small = [_small(chart, strip_markdown(name), room) for name, chart in drawn.items()]
        whole = alt.concat(
            *(panel for panel in small), columns=columns, title=heading, background="white",
            padding=_PADDING, spacing=18,
        )  # fmt: skip
        spec = _for_print(whole).to_dict()
        spec["concat"] = [_sized(panel, room) for panel in spec["concat"]]
        return _narrowed(spec, across)
    fit = alt.AutoSizeParams(type="fit-x", contains="padding")
    whole = stands_out(drawn, dark=False).properties(
        width=across, title=heading, background="white", autosize=fit, padding=_PADDING
    )
    return _narrowed(_for_print(whole).to_dict(), across)


_TITLE, _LETTER, _SMALL_LETTER = 12, 6.6, 5.4
"""Size of a title, and about how wide a letter of it and of what stands below it is, in pixels."""
_PADDING, _PER_INCH = 6, 96
_BESIDE_PANEL = 74
"""Pixels for a panel's axis and the gap to the next."""


def _for_print(whole: Any) -> Any:
    words = _words(palette.INK_ON_LIGHT, SMALLEST)
    return whole.configure(
        font="Helvetica, Arial, sans-serif",
        axis=words, legend=words, text={"color": palette.INK_ON_LIGHT}, point={"opacity": 1},
        title={"color": palette.INK_ON_LIGHT, "fontSize": _TITLE},
    )  # fmt: skip


def _narrowed(spec: dict[str, Any], across: int) -> dict[str, Any]:
    """Keep bars of color within the picture, and note its width, which panels do not quite hit."""

    def walk(part: Any) -> None:
        for value in part.values() if isinstance(part, dict) else part:
            if isinstance(value, dict) and "gradientLength" in value:
                value["gradientLength"] = min(value["gradientLength"], round(0.42 * across))
            if isinstance(value, dict | list):
                walk(value)

    walk({key: value for key, value in spec.items() if key != "datasets"})
    return {**spec, "usermeta": {"inches": round(across / _PER_INCH, 1)}}


def _small(chart: Chart, name: str, width: int) -> Chart:
    """Return a panel with its name and a width; a picture's parts cannot size themselves."""
    part = stands_out(chart, dark=False).properties(width=width, title=name)
    part["autosize"] = alt.Undefined
    return part


def _sized(spec: Any, width: int) -> Any:
    """Put a panel's width into its expressions: the signal of that name is the whole picture's."""
    if isinstance(spec, dict):
        return {
            key: re.sub(r"\bwidth\b", str(width), value)
            if key in _EXPRESSIONS and isinstance(value, str)
            else _sized(value, width)
            for key, value in spec.items()
        }
    return [_sized(item, width) for item in spec] if isinstance(spec, list) else spec


_EXPRESSIONS = ("expr", "labelExpr", "calculate", "filter")

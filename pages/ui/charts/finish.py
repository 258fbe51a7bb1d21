"""The last touch: a chart on the reader's screen, and one to take away."""

import copy
import hashlib
import html
import io
import re
import textwrap
from typing import Any, Literal, TypeAlias

import altair as alt
import polars as pl
import pyarrow.ipc

from pages.ui import palette
from pages.ui.charts.parts import SMALLEST, Chart, Drawn
from pages.ui.remembered import DRAWN, ONE_AT_A_TIME, Memory

Width: TypeAlias = Literal["single", "double"]


def on_screen(chart: Chart, *, dark: bool) -> dict[str, Any]:
    """Return the chart's Vega-Lite specification, its words and marks fit for the background.

    Args:
        chart: of one page; it stays as it is.
        dark: whether the reader's theme is.
    """
    _, spec = _specified.answer(id(chart), lambda: (chart, specification(chart)), _weigh)
    return _inked(copy.deepcopy(spec), dark)


def _weigh(specified: tuple[Chart, dict[str, Any]]) -> int:
    return sum(map(len, specified[1]["datasets"].values()))


_specified: Memory[tuple[Chart, dict[str, Any]]] = Memory(DRAWN, ONE_AT_A_TIME)
"""Specifications of charts, each with its chart: so no other chart gets its id."""


def still(chart: Chart, *, dark: bool, width: int) -> dict[str, Any]:
    """Return a chart as on the screen, to be drawn as a picture: that opens faster than a live one.

    Args:
        chart: of one page; it stays as it is.
        dark: whether the reader's theme is.
        width: of the picture, in pixels.
    """
    spec = _inked(chart.to_dict(validate=False), dark)
    spec["config"]["axis"] |= {"domain": False, "ticks": False}
    spec["config"] |= {
        "font": f"Source Sans, {_FONT}",
        "view": {"stroke": None},
    }
    return {**spec, "width": width, "background": None, "padding": _ROOM_FOR_FONTS}


def _inked(spec: dict[str, Any], dark: bool) -> dict[str, Any]:
    ink = palette.INK_ON_DARK if dark else palette.INK_ON_LIGHT
    words = _words(ink, 12)
    config = {"axis": words, "legend": words, "text": {"color": ink}, "point": {"opacity": 1}}
    return {**stand_out(spec, dark=dark), "config": {**spec.get("config", {}), **config}}


def specification(chart: Chart) -> dict[str, Any]:
    """Return a chart as Vega-Lite, its data as Arrow streams by names that tell their contents.

    Altair would check every part against Vega-Lite's schema, most of a page's time: tests do.
    """
    data: dict[str, bytes] = {}
    spec = _named(chart, data).to_dict(validate=False)
    return {**spec, "datasets": data}


def _named(chart: Any, data: dict[str, bytes]) -> Any:
    """Return a chart whose data, kept apart, are called by name; nothing deep is copied."""
    copied = chart.copy(deep=False)
    if isinstance(chart.data, pl.DataFrame):
        sink = io.BytesIO()
        table = chart.data.to_arrow()
        with pyarrow.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        name = hashlib.blake2b(sink.getvalue(), digest_size=8).hexdigest()
        data[name] = sink.getvalue()
        copied.data = alt.NamedData(name=name)
    for inner in ("layer", "spec"):
        part = getattr(chart, inner, alt.Undefined)
        if part is not alt.Undefined:
            many = isinstance(part, list)
            copied[inner] = [_named(one, data) for one in part] if many else _named(part, data)
    return copied


def _words(ink: str, size: int) -> dict[str, Any]:
    return {"labelColor": ink, "titleColor": ink, "labelFontSize": size, "titleFontSize": size,
            "titleFontWeight": "normal"}  # fmt: skip


def stand_out(spec: dict[str, Any], *, dark: bool) -> dict[str, Any]:
    """Let nothing be too pale for its background and no word too small; return the same dictionary.

    Words are in ink, whatever gray or family's color they were given: those serve for lines and
    points. Of a scale of lightness points and lines take the part that stands out; cells keep all
    of it, since they touch.

    Args:
        spec: of a chart, in Vega-Lite.
        dark: whether the background is.
    """
    ink = palette.INK_ON_DARK if dark else palette.INK_ON_LIGHT
    extent = palette.SEQUENTIAL_ON_DARK if dark else palette.SEQUENTIAL_ON_LIGHT
    for part in _parts(spec):
        mark: dict[str, Any] = part["mark"]
        encoding: dict[str, Any] = part.get("encoding", {})
        color: dict[str, Any] = encoding.get("color", {})
        if mark["type"] == "text":
            if mark.get("color") in _NOT_FOR_WORDS:
                mark["color"] = ink
            if isinstance(mark.get("fontSize"), int | float):
                mark["fontSize"] = max(mark["fontSize"], SMALLEST)
            if "field" in color:
                encoding["color"] = {"value": ink}
        elif mark["type"] in _FINE and "field" in color:
            scale = color.get("scale") or {}
            if scale.get("scheme") == palette.SEQUENTIAL:
                scale["scheme"] = {"name": palette.SEQUENTIAL, "extent": list(extent)}
    return spec


_NOT_FOR_WORDS = (palette.CHANCE, palette.MISSING, palette.UNTRAINED, *palette.FAMILY)
_FINE = ("point", "line", "rule", "tick", "trail")
"""Marks with background all around them."""


def _parts(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of a specification that draw marks."""
    if "spec" in spec:
        return _parts(spec["spec"])
    if "layer" in spec:
        return [part for one in spec["layer"] for part in _parts(one)]
    return [spec]


def strip_markdown(text: str) -> str:
    """Return what a reader of Markdown would read: no marks of emphasis, no escapes, no tags."""
    link = re.sub(r"\[([^\]]*)\]\([^)\s]*\)", r"\1", text)
    bare = re.sub(r"\u2060|\\([!-/:-@\[-`{-~])|\*\*|[*`]", lambda found: found[1] or "", link)
    return html.unescape(bare)


COLUMN: dict[Width, int] = {"single": 317, "double": 662}
"""Pixels of a journal's column of 3.3 inches (240 points), and of two, 6.9 inches (500 points)."""


def titled(
    drawn: Drawn, title: str, subtitle: list[str], *, width: Width = "double", across: int = 2
) -> dict[str, Any]:
    """Return the chart as it is downloaded: with its title, what was measured, and a size.

    It is as wide as a column of a journal, and its words are set in 8 to 9 points there.

    Args:
        drawn: a chart, or panels by their names.
        title: over it, Markdown or not.
        subtitle: what was measured, line by line.
        width: of one column, or of two.
        across: panels side by side, two at most; in one column they stand one below another.
    """
    pixels = COLUMN[width]
    lines = [
        part
        for line in subtitle
        for part in textwrap.wrap(strip_markdown(line), round(pixels / _SMALL_LETTER))
    ]
    heading = alt.TitleParams(
        textwrap.wrap(strip_markdown(title), round(pixels / _LETTER)) or "",
        subtitle=lines, anchor="start", frame="bounds", fontSize=_TITLE, subtitleFontSize=SMALLEST,
        subtitleColor=palette.INK_ON_LIGHT, subtitlePadding=6, offset=12,
    )  # fmt: skip
    if isinstance(drawn, dict):
        columns = 1 if width == "single" else min(across, 2, len(drawn))
        room = pixels // columns - _BESIDE_PANEL
        small = [_small(chart, strip_markdown(name), room) for name, chart in drawn.items()]
        whole = alt.concat(
            *(panel for panel in small), columns=columns, title=heading, background="white",
            padding=_PADDING, spacing=18,
        )  # fmt: skip
        spec = _for_print(whole).to_dict()
        panels = (stand_out(panel, dark=False) for panel in spec["concat"])
        spec["concat"] = [_sized(panel, room) for panel in panels]
        return _narrowed(spec, pixels)
    fit = alt.AutoSizeParams(type="fit-x", contains="padding")
    whole = drawn.properties(
        width=pixels, title=heading, background="white", autosize=fit, padding=_PADDING
    )
    return _narrowed(stand_out(_for_print(whole).to_dict(), dark=False), pixels)


_ROOM_FOR_FONTS = {"left": 18, "top": 4, "right": 4, "bottom": 4}
"""A picture's words are laid out by one font and may be shown in a wider one."""
_FONT = "Helvetica, Arial, sans-serif"
_TITLE, _LETTER, _SMALL_LETTER = 12, 6.6, 5.4
"""Size of a title, and about how wide a letter of it and of what stands below it is, in pixels."""
_PADDING, _PER_INCH = 6, 96
_BESIDE_PANEL = 74
"""Pixels for a panel's axis and the gap to the next."""


def _for_print(whole: Any) -> Any:
    words = _words(palette.INK_ON_LIGHT, SMALLEST)
    return whole.configure(
        font=_FONT,
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
    part = chart.properties(width=width, title=name)
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

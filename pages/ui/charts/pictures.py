"""Pictures in lines, to be clicked."""

import altair as alt
import polars as pl

from pages.ui import palette
from pages.ui.charts.parts import Chart, sized

PICKED = "picked"
"""Name of the selection: a click gives the picture's `position`."""
_ACROSS, _HEIGHT = 8, 72
_ROOM = f"min(width / {_ACROSS}, {_HEIGHT}) - 10"


def picture_sheet(frame: pl.DataFrame) -> Chart:
    """Draw small pictures, the chosen one framed; a click selects one.

    Args:
        frame: answer of `queries.caption_pictures` with the column `glyph`, a letter to draw, or
            `thumbnail`, an image's data URI.
    """
    lines = frame["line"].unique().sort().to_list()
    base = alt.Chart(frame).encode(
        x=alt.X("place:O", axis=None, scale=alt.Scale(domain=list(range(_ACROSS)), padding=0)),
        y=alt.Y("line:O", axis=None, scale=alt.Scale(domain=lines, padding=0)),
        tooltip=alt.Tooltip("sample_id:N", title="Image"),
    )
    frames = base.transform_filter("datum.chosen").mark_rect(
        filled=False, stroke=palette.FAMILY[5], strokeWidth=3, cornerRadius=6
    )
    if "glyph" in frame.columns:
        marks = base.mark_text(
            fontSize=alt.expr(f"0.8 * ({_ROOM})"), color=palette.CHANCE, cursor="pointer"
        ).encode(text="glyph:N")
    else:
        marks = base.mark_image(
            width=alt.expr(_ROOM), height=alt.expr(_ROOM), cursor="pointer"
        ).encode(url="thumbnail:N")
    picked = alt.selection_point(name=PICKED, fields=["position"])
    drawn = alt.layer(frames, marks.add_params(picked)).configure_view(stroke=None)
    return sized(drawn, _HEIGHT * len(lines))

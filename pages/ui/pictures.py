"""Pictures of a dataset where they can be had: files that lie here, and emoji as letters."""

import base64
import io
from pathlib import Path

import polars as pl
import streamlit as st
from PIL import Image, UnidentifiedImageError

from pages.ui import charts

_KINDS = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
_SMALL = 144
"""Pixels a side: twice what a sheet shows, for dense screens."""


def picture(sample: str, image: str) -> None:
    """Show one image, and name it.

    Args:
        sample: its id.
        image: where it comes from, as the warehouse has it.
    """
    if glyph := _glyph(image):
        st.markdown(f"# {glyph}")
    elif _thumbnail(image):
        st.image(image, width=220)
    st.caption(f"Image {sample}")


def pick(frame: pl.DataFrame, *, key: str) -> None:
    """Show small pictures; a click on one moves the control `key` to its position.

    Nothing is shown where the pictures lie elsewhere.

    Args:
        frame: answer of `queries.caption_pictures`.
        key: of a control of positions.
    """
    glyphs = frame.with_columns(
        glyph=pl.col("image").map_elements(_glyph, return_dtype=pl.String)
    ).drop_nulls("glyph")
    shown = glyphs
    if glyphs.is_empty():
        shown = frame.with_columns(
            thumbnail=pl.col("image").map_elements(_thumbnail, return_dtype=pl.String)
        ).drop_nulls("thumbnail")
    if shown.is_empty():
        return
    # A sheet of its own for every choice: one that stayed would take a second click on the same
    # picture, after the slider moved away, for letting go of it.
    sheet = f"{key}-sheet-{st.session_state[key]}"
    st.altair_chart(
        charts.picture_sheet(shown),
        width="stretch",
        key=sheet,
        on_select=lambda: move(key, sheet),
        alt="Small pictures of the dataset; a click shows one's captions.",
    )
    st.caption("Click a picture to read its captions; the slider goes through all of them.")


def move(key: str, sheet: str) -> None:
    """Set a control to the position that was clicked on a sheet."""
    clicked = st.session_state[sheet]["selection"].get(charts.PICKED)
    if clicked:
        st.session_state[key] = int(clicked[0]["position"])


def _glyph(image: str) -> str | None:
    kind, _, code = image.partition(":")
    return chr(int(code, 16)) if kind == "openmoji" else None


def _thumbnail(image: str) -> str | None:
    """Return a file's picture, small, as a data URI; None if there is none here."""
    file = Path(image)
    if file.suffix.lower() not in _KINDS or not file.is_file():
        return None
    return _shrunk(image, file.stat().st_mtime_ns)


@st.cache_data(max_entries=500, show_spinner=False)
def _shrunk(file: str, modified: int) -> str | None:  # noqa: ARG001
    try:
        with Image.open(file) as opened:
            small = opened.convert("RGB")
    except (OSError, UnidentifiedImageError):
        return None
    small.thumbnail((_SMALL, _SMALL))
    written = io.BytesIO()
    small.save(written, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(written.getvalue()).decode()

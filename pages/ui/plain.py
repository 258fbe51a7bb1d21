"""Words that are not ours, made safe for Markdown: nothing in them is markup, and none is long."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

LIMIT = 160
"""Characters of a word or sentence that is not ours; the rest is cut off, and said so by “…”."""
_MARKUP = re.compile(r"([\\`*_\[\]<>#!|$~&@])")
_JOINER = "\u2060"
"""A word joiner, which nobody sees. Streamlit looks for addresses and icons in what is left once
escapes are undone; it finds none where one stands in their way."""
_OBEYED = re.compile(r"(?<=:)(?=[\w/])|(?=https?:)|(?=www\.)|(?=@)", re.I)
"""Where icons, web addresses and mail addresses begin, or have their middle."""
_LINE_START = re.compile(r"^([-+=]|\d+(?=[.)](?:\s|$)))")
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories of characters that change how a line reads without being read themselves."""


def visible(text: object, limit: int = LIMIT) -> str:
    """Return text on one line, without control and direction characters, and cut to a length."""
    kept = (
        " " if mark.isspace() else mark
        for mark in str(text)[: 20 * limit]
        if mark.isspace() or unicodedata.category(mark) not in _UNSEEN
    )
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def plain(text: object, limit: int = LIMIT) -> str:
    """Return text that Markdown shows as it is: no link, image, HTML, icon, formula or style.

    Args:
        text: from an address, a catalog, a file or a warehouse.
        limit: characters to show at most.
    """
    escaped = _MARKUP.sub(r"\\\1", _OBEYED.sub(_JOINER, visible(text, limit)))
    return _LINE_START.sub(lambda at: "\\" + at[1] if at[1] in "-+=" else at[1] + "\\", escaped)


def plained(row: Mapping[str, Any], limit: int = LIMIT) -> dict[str, Any]:
    """Return a row whose strings are `plain`; the rest is as it was."""
    return {
        name: plain(value, limit) if isinstance(value, str) else value
        for name, value in row.items()
    }

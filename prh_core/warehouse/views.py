"""Views that somebody gave a short name: a page and its choices, kept beside the warehouse."""

import contextlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from prh_core.warehouse.errors import ViewError

KEEPING = "PRH_KEEP_VIEWS"
"""The environment variable by which a host lets its readers keep views."""
FOLDER = "views"
"""Below the data folder: a file a view."""
LONGEST_NAME, LONGEST_ADDRESS = 40, 16_000
MOST = 1_000
"""Views that one host keeps."""
_NAME = re.compile(rf"[a-z0-9](?:[a-z0-9-]{{0,{LONGEST_NAME - 2}}}[a-z0-9])?")
_PAGE = re.compile(r"[a-z0-9_]*")


class View(NamedTuple):
    """A page as somebody left it."""

    name: str
    page: str
    """Path of its address; empty where the app opens."""
    choices: dict[str, list[str]]
    """Values by key of the address."""
    kept_at: str
    """ISO 8601, UTC."""

    @property
    def address(self) -> str:
        """Path and query below the app's own address."""
        return f"/{self.page}" + ("?" + urlencode(self.choices, doseq=True)) * bool(self.choices)


def keep_view(home: Path, name: str, address: str) -> View:
    """Keep the view that an address shows under a name of its own.

    Args:
        home: the data folder.
        name: 1 to 40 letters a to z, digits and hyphens; capitals become small, blanks hyphens.
        address: of the view: whole, or from its path on.

    Raises:
        ViewError: the name or the address will not do, the name is taken by another view, there
            are too many views, or the folder cannot be written.
    """
    name = "-".join(name.lower().split())
    if not _NAME.fullmatch(name):
        raise ViewError(
            f"expected a name of 1 to {LONGEST_NAME} letters a to z, digits and hyphens, got "
            f"“{name[:80]}”"
        )
    view = View(name, *_parts(address), datetime.now(tz=UTC).isoformat(timespec="seconds"))
    file = _file(home, name)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if sum(1 for _ in file.parent.iterdir()) >= MOST:
            raise ViewError(f"{MOST:,} views are kept here already: one must go first")
        with file.open("x", encoding="utf-8") as new:  # of two who choose a name one has it
            new.write(json.dumps(view._asdict(), ensure_ascii=False))
    except FileExistsError:
        there = find_view(home, name)
        if there is None or (there.page, there.choices) != (view.page, view.choices):
            raise ViewError(f"another view has the name “{name}”") from None
        return there
    except OSError as error:
        raise ViewError(f"the view cannot be kept: {error.strerror or error}") from error
    return view


def find_view(home: Path, name: str) -> View | None:
    """Return the view of a name; None where there is none that can be read."""
    if not _NAME.fullmatch(name):
        return None
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        told: dict[str, Any] = json.loads(_file(home, name).read_text(encoding="utf-8"))
        choices = {
            str(key): [str(one) for one in values] for key, values in told["choices"].items()
        }
        if _PAGE.fullmatch(told["page"]):
            return View(name, told["page"], choices, str(told["kept_at"]))
    return None


def list_views(home: Path) -> list[View]:
    """Return the views that are kept, by name."""
    found = (find_view(home, file.stem) for file in sorted((home / FOLDER).glob("*.json")))
    return [view for view in found if view is not None]


def named_view(home: Path, name: str) -> View:
    """Return the view of a name.

    Raises:
        ViewError: there is none that can be read.
    """
    view = find_view(home, name)
    if view is None:
        raise _unknown(name)
    return view


def forget_view(home: Path, name: str) -> None:
    """Forget a view.

    Raises:
        ViewError: there is none of that name, or it cannot be removed.
    """
    if not _NAME.fullmatch(name):
        raise _unknown(name)
    try:
        _file(home, name).unlink()
    except FileNotFoundError:
        raise _unknown(name) from None
    except OSError as error:
        raise ViewError(f"the view cannot be removed: {error.strerror or error}") from error


def _unknown(name: str) -> ViewError:
    return ViewError(f"no view has the name “{name[:80]}”")


def _parts(address: str) -> tuple[str, dict[str, list[str]]]:
    """Return the page of an address and its choices.

    Raises:
        ViewError: it is too long, or none of a page's.
    """
    if len(address) > LONGEST_ADDRESS:
        raise ViewError(
            f"expected an address of {LONGEST_ADDRESS:,} characters at most, got {len(address):,}"
        )
    try:
        parts = urlsplit(address)
        page = parts.path.strip("/")
        choices = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError as error:
        raise ViewError(f"expected the address of a page, got “{address[:80]}”") from error
    page = page.rpartition("/")[2]  # below a host's own path
    if not _PAGE.fullmatch(page) or (not page and not parts.netloc and address[:1] not in "/?"):
        raise ViewError(f"expected the address of a page, got “{address[:80]}”")
    return page, choices


def _file(home: Path, name: str) -> Path:
    return home / FOLDER / f"{name}.json"

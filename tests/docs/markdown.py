"""What tests read in markdown: fenced blocks, and the sentences that say what to do with them."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_OUTSIDE = ("README.md", "CHANGELOG.md", "data/README.md")
PAGES = [*(ROOT / name for name in _OUTSIDE), *sorted(DOCS.rglob("*.md"))]
_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.M | re.S)
_MAKE = re.compile(r"Make `([^`]+)`:$")
_APPEND = re.compile(r"Append to `([^`]+)`:$")
_REPLACE = re.compile(r"In `([^`]+)`, replace the line `([^`]+)` by:$")
_FIRST = re.compile(r"^First follow \[[^]]+\]\(([^)]+)\)", re.M)


class Block(NamedTuple):
    """A fenced block and the line before it."""

    language: str
    code: str
    lead: str


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a page in order."""
    made = []
    for match in _FENCE.finditer(text):
        before = text[: match.start()].rstrip().splitlines()
        made.append(Block(match["language"], match["code"], before[-1] if before else ""))
    return made


def without_code(text: str) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", text)


def follow(page: Path, project: Path) -> list[str]:
    """Do in a copy of the project what a how-to page says; return the code of its checks.

    Args:
        page: of docs/how-to.
        project: the copy.
    """
    text = page.read_text(encoding="utf-8")
    for first in _FIRST.findall(text):
        follow(page.parent / first, project)
    checks: list[str] = []
    for block in blocks(text):
        if block.lead == "Check it:":
            checks.append(block.code)
        elif made := _MAKE.match(block.lead):
            target = project / made[1]
            assert not target.exists(), f"{made[1]} is there already"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.code, encoding="utf-8")
        elif appended := _APPEND.match(block.lead):
            target = project / appended[1]
            target.write_text(
                f"{target.read_text(encoding='utf-8')}\n\n{block.code}", encoding="utf-8"
            )
        elif replaced := _REPLACE.match(block.lead):
            target = project / replaced[1]
            lines = target.read_text(encoding="utf-8").splitlines()
            (place,) = [at for at, line in enumerate(lines) if line.strip() == replaced[2]]
            lines[place : place + 1] = block.code.splitlines()
            target.write_text("\n".join(lines) + "\n", encoding="utf-8")
        else:
            raise AssertionError(f"{page.name}: nothing says what to do with {block.code[:60]!r}")
    assert checks, f"{page.name} checks nothing"
    return checks

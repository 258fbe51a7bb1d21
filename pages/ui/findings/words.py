"""Numbers as all templates write them: short, with a true minus, and no sign before a zero."""

import math
from collections.abc import Callable
from typing import Literal

LEVEL = 0.05
"""Up to this p or q something counts as shown."""
ENOUGH = 10
"""Models from which no trend is called no evidence; below, it is called inconclusive."""
LEAST = 4
"""Models below which there is no trend to speak of."""
LONGEST = 240
"""Characters of a sentence."""


class Doubt:
    """Clauses, the first of which starts a sentence."""

    def __init__(self, *clauses: str) -> None:
        self._clauses = [one for one in clauses if one]

    def add(self, clause: str) -> None:
        """Add a clause, unless it is empty."""
        if clause:
            self._clauses.append(clause)

    def text(self) -> str:
        """Return them all on one line."""
        joined = " · ".join(self._clauses)
        symbol = joined[1:2] == " "  # q stays small
        return joined if symbol else joined[:1].upper() + joined[1:]


def paper_has(claim: str, how: Literal["", "contradicts", "not shown"] = "") -> str:
    """Say what the paper has, and whether it is contradicted, or only not shown here."""
    leads = {"contradicts": "Contradicts the paper, ", "not shown": "Unlike here, the paper, "}
    return leads.get(how, "Paper, ") + claim if claim else ""


def known(value: float | None) -> float | None:
    """Return a number, None where there is none or it is not finite."""
    return None if value is None or not math.isfinite(value) else float(value)


def is_significant(p: float | None) -> bool:
    """Tell whether a p or q is at most `LEVEL`."""
    found = known(p)
    return found is not None and found <= LEVEL


def direction(
    low: float | None, high: float | None, p: float | None, *, tested: bool = True
) -> int:
    """Return 1 or -1 where an interval excludes zero and the test agrees, else 0.

    Args:
        tested: whether a test is needed; otherwise one that is there must agree.
    """
    ends = known(low), known(high)
    if ends[0] is None or ends[1] is None:
        return 0
    if not is_significant(p) and (tested or known(p) is not None):
        return 0
    return 1 if ends[0] > 0 else -1 if ends[1] < 0 else 0


def is_closer(one: float, other: float, higher_is_closer: bool) -> bool:
    """Tell whether one score is closer than another."""
    return one > other if higher_is_closer else one < other


def named(name: str, most: int = 36) -> str:
    """Return a name on one line, cut where it is long."""
    one = " ".join(name.split())
    return one if len(one) <= most else one[: most - 1].rstrip() + "…"


def lowered(phrase: str) -> str:
    """Lower the first letter of a phrase inside a sentence, unless it is a name or a formula."""
    word = phrase.split(" ")[0]
    return phrase[:1].lower() + phrase[1:] if word[1:].islower() and word.isalpha() else phrase


def counted(count: int, one: str, many: str = "") -> str:
    """Write a count with its noun."""
    noun = one if count == 1 else many or f"{one}s"
    return f"{count:,} {noun}" if count else f"no {noun}"


def of_samples(samples: int | None) -> str:
    """Write n after something, if it is known."""
    return "" if samples is None else f", n = {samples:,} samples"


def _signed(text: str) -> str:
    """Write a minus sign, and no sign before a zero."""
    if text.startswith("-"):
        return "−" + text[1:] if any(c in "123456789" for c in text) else text[1:]
    return text


def as_score(value: float | None) -> str:
    """Write a score with three decimals, or two digits where it is tiny."""
    x = float(value or 0)
    return _signed(f"{x:.3f}") if abs(x) >= 0.01 or x == 0 else as_number(x)


def as_share(value: float | None) -> str:
    """Write a correlation with two decimals and no zero before them."""
    x = float(value or 0)
    text = f"{x:.2f}"
    if x and not any(c in "123456789" for c in text):
        return as_number(x) if abs(x) >= 1e-4 else _signed("-<.0001" if x < 0 else "<.0001")
    if abs(x) < 1 and text.lstrip("-") == "1.00":
        # Nearly perfect is not perfect.
        text = next((t for t in (f"{x:.{d}f}" for d in range(3, 9)) if "0." in t), text)
    return _signed(text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text)


def as_change(value: float | None, decimals: int = 3) -> str:
    """Write a difference with its sign."""
    x = float(value or 0)
    text = f"{abs(x):.{decimals}f}"
    if x and decimals == 3 and not any(c in "123456789" for c in text):
        text = as_number(abs(x)) if abs(x) >= 1e-4 else "<.0001"
    if not any(c in "123456789" for c in text):
        return text.removeprefix("0")
    return ("−" if x < 0 else "+") + text.removeprefix("0")


def as_number(value: float) -> str:
    """Write a number of any size with two digits."""
    x = float(value)
    if x == 0:
        return "0"
    if not 1e-4 <= abs(x) < 1e4:
        digits, exponent = f"{x:.1e}".split("e")
        raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return _signed(f"{digits} × 10{raised}")
    decimals = max(0, 1 - math.floor(math.log10(abs(x))))
    return _signed(f"{x:.{decimals}f}")


def as_p(value: float | None, name: str = "p") -> str:
    """Write a p-value; empty where there is none. Rounding never carries it across `LEVEL`."""
    x = known(value)
    if x is None:
        return ""
    if x < 0.001:
        return f"{name} < .001"
    for digits in range(2, 8):
        text = f"{x:.{digits}g}"
        if (float(text) <= LEVEL) == (x <= LEVEL):
            break
    else:
        text = f"{x:.17g}"
    return f"{name} = {text.removeprefix('0')}"


def as_percent(share: float | None) -> str:
    """Write a share in percent."""
    return f"{100 * float(share or 0):.0f} %"


def as_interval(low: float | None, high: float | None, write: Callable[[float], str]) -> str:
    """Write a 95 % interval; empty where there is none."""
    a, b = known(low), known(high)
    return "" if a is None or b is None else f"95 % {write(a)} to {write(b)}"

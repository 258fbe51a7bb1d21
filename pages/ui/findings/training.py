"""Whether a model comes to agree with others while it learns."""

from collections.abc import Sequence
from dataclasses import dataclass

from pages.ui.findings.finding import BADGES, Finding, Verdict
from pages.ui.findings.words import LONGEST, Doubt, as_score, counted, known, named, paper_has

_PROBES = 3
"""Steps below which no usual move between two is known."""
_MOVES = 2
"""Usual moves beyond which the end of a line is told from its beginning."""


@dataclass(frozen=True, slots=True)
class Change:
    """How far one line came: a model in training with one reference."""

    line: str
    """What tells it from the other lines: the reference, or the training."""
    probes: int
    first: float | None
    last: float | None
    change: float | None
    """How much closer the last is than the first."""
    usual_move: float | None = None
    """From one probe to the next."""
    chance_moves: float | None = None
    """From the chance of one pair to the threshold of relabeled tables."""
    threshold: float | None = None
    """At the last step."""
    higher_is_closer: bool = True

    @property
    def way(self) -> int:
        """Return 1 where the line ends closer, -1 where farther, 0 where that is not clear."""
        moved = known(self.change)
        if moved is None or self.probes < _PROBES:
            return 0
        least = max(_MOVES * (known(self.usual_move) or 0.0), known(self.chance_moves) or 0.0)
        return 0 if abs(moved) <= least else 1 if moved > 0 else -1


def training(
    *,
    changes: Sequence[Change],
    layers: str,
    last_steps: Sequence[int],
    others: Sequence[Change] = (),
    other_layers: str = "",
    beside: tuple[str, float, float] | None = None,
    metric: str = "",
    samples: int | None = None,
    trainings: int = 1,
) -> Finding:
    """Say whether lines of alignment end closer than they began.

    A line counts as moved where its end lies farther from its beginning than two usual moves from
    probe to probe, and farther than chance moves the best of a table: a yardstick, not a test, so
    that no answer is yes, and none contrary.

    Args:
        changes: of the lines in view.
        layers: by which rule they are scored, e.g. "by the last layer".
        last_steps: of each.
        others: of the same lines by the other rule.
        other_layers: that rule.
        beside: a measure with its first and last value; None leaves it out.
        metric: its name, with k.
        samples: n.
        trainings: behind the lines.
    """
    claim = (
        "Figs. 2 and 3: models that can do more agree more; the steps of one training are not shown"
    )
    told = [one for one in changes if known(one.first) is not None and known(one.last) is not None]
    doubt = Doubt(metric)
    doubt.add(
        f"no test: {counted(trainings, 'training')}"
        + (f", the same {samples:,} samples at every step" if samples is not None else "")
    )
    doubt.add(_beyond_chance(told))
    doubt.add(_other_rule(others, other_layers))
    lines = counted(len(told), "model" if trainings > 1 else "reference model")
    if not told or all(one.probes < _PROBES for one in told):
        most = max((one.probes for one in told), default=0)
        sentence = (
            f"Inconclusive with {lines}: {counted(most, 'step')} with a score, and from three on "
            "a change is told from the usual moves."
        )
        return Finding("inconclusive", sentence, doubt.text(), paper_has(claim))
    up = [one for one in told if one.way > 0]
    down = [one for one in told if one.way < 0]
    verdict: Verdict = (
        "no evidence" if not up else "inconclusive" if down else "partly"
    )  # untested, it is nothing more
    lead = f"Inconclusive with {lines}" if verdict == "inconclusive" else BADGES[verdict]
    shown = (up or down or told)[:2] if not (up and down) else [up[0], down[0]]
    if up and down:
        says = f"alignment {layers} ends closer with {len(up)} of {len(told)}, farther with "
        says += f"{len(down)}"
    elif up or down:
        says = f"alignment {layers} ends {'closer' if up else 'farther'}"
        says += f" with {len(up or down)} of {lines}" if len(told) > 1 else ""
    else:
        says = f"alignment {layers} ends about where it began"
    says += f" ({', '.join(map(_ends, shown))})"
    least, most = min(last_steps, default=0), max(last_steps, default=0)
    says += f" after {'' if least == most else 'up to '}{counted(most, 'step')}"
    more = ""
    if beside is not None:
        name, first, last = beside
        more = f", as {named(name, 40)} went from {as_score(first)} to {as_score(last)}"
    sentence = f"{lead}: {says}{more}."
    if len(sentence) > LONGEST:
        sentence = f"{lead}: {says}."
    return Finding(verdict, sentence, doubt.text(), paper_has(claim))


def _ends(one: Change) -> str:
    """Write where a line began and ended."""
    return f"{named(one.line, 24)} {as_score(one.first)} to {as_score(one.last)}"


def _beyond_chance(told: Sequence[Change]) -> str:
    """Say how many lines end beyond what relabeled tables reach."""
    tested = [one for one in told if known(one.threshold) is not None]
    if not tested:
        return ""
    beyond = sum(
        (float(one.last or 0) > float(one.threshold or 0)) == one.higher_is_closer for one in tested
    )
    scores = counted(len(tested), "score")
    return f"at the end {beyond} of {scores} beyond the threshold of relabeled tables"


def _other_rule(others: Sequence[Change], layers: str) -> str:
    """Say what the other rule for layers would say of the same lines."""
    ways = [one.way for one in others if known(one.change) is not None]
    if not ways:
        return ""
    listed = ", ".join(
        f"{ways.count(way)} {word}"
        for way, word in ((1, "closer"), (0, "about the same"), (-1, "farther"))
        if ways.count(way)
    )
    return f"{layers}: {listed}"

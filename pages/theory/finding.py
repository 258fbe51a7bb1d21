"""What a simulation answers."""

from typing import Any

from pages.ui import findings


def find(measured: dict[str, Any]) -> findings.Finding:
    """Say whether both observers learned the kernel of the world's PMI.

    Args:
        measured: the row of `queries.theory_measured`.
    """
    return findings.theory(
        correlation_a=measured["correlation_a"],
        correlation_b=measured["correlation_b"],
        observer=measured["observer"],
        score=measured["score"],
        chance=measured["chance"],
        lost=measured["lost"],
        metric=measured["metric_label"],
        events=measured["events"],
    )

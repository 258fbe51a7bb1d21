"""Do models match without pairs: the answer."""

import polars as pl

from pages.ui import findings
from pages.ui.findings import Finding, Matched


def find(pairs: pl.DataFrame, *, samples: int, blocks: int) -> Finding:
    """Say how many pairs of trained models are matched beyond luck.

    Args:
        pairs: of `statistics.against_luck`.
        samples: of all blocks.
        blocks: matched each by itself.
    """
    records = {
        trained: [
            Matched(
                row["pair"], row["correct"], row["beyond"], row["q_rank"] <= 0.05,
                row["agreement"] > row["agreement_of_truth"] + 1e-9,
            )
            for row in pairs.filter(trained=trained).iter_rows(named=True)
        ]
        for trained in (True, False)
    }  # fmt: skip
    return findings.matched_without_pairs(
        pairs=records[True], samples=samples, blocks=blocks, controls=records[False]
    )

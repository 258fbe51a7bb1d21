"""Which matchings beat luck, many tests taken into account: frames in, frames out."""

import numpy as np
import polars as pl

from pages.ui.q_values import with_q
from pages.ui.remembered import remembered
from prh_core.matching import fixed_points_tail

_LEVEL = 0.05


def against_luck(pairs: pl.DataFrame) -> pl.DataFrame:
    """Add each pair's name and q over all pairs, and how many correct luck exceeds in 5 %.

    Args:
        pairs: answer of `queries.matched_pairs`, all of one n and as many blocks.

    Returns:
        The same with pair, q_value (Benjamini and Hochberg), q_rank, beyond (q_value <= .05), and
        lucky, the most correct that luck comes to in more than 5 % of cases, as a share.
    """
    named = with_q(with_q(pairs), "p_rank", "q_rank").with_columns(
        pair=pl.col("label_x") + " × " + pl.col("label_y"), beyond=pl.col("q_value") <= _LEVEL
    )
    if named.is_empty():
        return named.with_columns(lucky=pl.lit(None, pl.Float64))
    n, blocks = int(named["n"][0]), int(named["blocks"][0])
    most = 0
    while fixed_points_tail([n // blocks] * blocks, most + 1) > _LEVEL:
        most += 1
    return named.with_columns(lucky=pl.lit(most / n))


@remembered
def rank_shares(samples: pl.DataFrame, *, n: int, blocks: int, bins: int = 20) -> pl.DataFrame:
    """Count at what rank true partners stand.

    Args:
        samples: answer of `queries.matched_with`.
        n: samples of all blocks.
        blocks: of n / blocks samples each.
        bins: at most so many, of ranks as equally many as can be.

    Returns:
        A row per bin: low, high (ranks, both counted), share (of the samples), luck (the same were
        every rank as likely).
    """
    block = n // blocks
    edges = np.unique(np.linspace(0, block, min(bins, block) + 1).round()).astype(int)
    # A mean of tied ranks may lie between two.
    counts, _ = np.histogram(samples["true_rank"].to_numpy() - 0.25, bins=edges)
    return pl.DataFrame(
        {
            "low": edges[:-1] + 1,
            "high": edges[1:],
            "share": counts / max(samples.height, 1),
            "luck": np.diff(edges) / block,
        }
    )

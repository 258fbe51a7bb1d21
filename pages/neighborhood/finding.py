"""Local or global: the answer of Fig. 10."""

import polars as pl

from pages.ui import findings
from pages.ui.findings import Finding, Growth


def find(frame: pl.DataFrame, *, samples: int) -> Finding:
    """Say whether alignment grows with size locally rather than globally.

    Args:
        frame: answer of `queries.local`.
        samples: n.
    """
    if frame.is_empty():
        return findings.locality(families=(), least=0, largest=0, samples=samples)
    ks = frame["k"].unique().sort().to_list()
    largest = frame.filter(pl.col("place") == pl.col("family_size"))
    growth = {
        (family, k): value
        for family, k, value in largest.select("vision_family", "k", "growth").iter_rows()
    }
    sizes = dict(
        frame.select("vision_family", "family_size").unique(maintain_order=True).iter_rows()
    )
    families = [
        Growth(name, size, growth.get((name, ks[0])), growth.get((name, ks[-1])))
        for name, size in sizes.items()
    ]
    return findings.locality(families=families, least=ks[0], largest=ks[-1], samples=samples)

"""How scores change with the number of samples: the answer of each view."""

import polars as pl

from pages.ui import findings
from pages.ui.findings import Classed, Finding, Grown, Many
from pages.ui.findings.words import as_score


def grown(curves: pl.DataFrame) -> Finding:
    """Say how one pair's score changes as samples are added.

    Args:
        curves: the pair's rows of `queries.curved_pairs`.
    """
    first = curves.row(0, named=True)
    records = [
        Grown(row["fixed"], row["first_score"], row["last_score"], row["change_low"],
              row["change_high"])
        for row in curves.iter_rows(named=True)
    ]  # fmt: skip
    ahead = ""
    for row in curves.filter(pl.col("ahead_n").is_not_null()).iter_rows(named=True):
        ahead = (
            f"taken on to n = {row['ahead_n']:,} at k = {row['last_k']}, not measured: "
            f"{as_score(row['ahead_score'])} ({as_score(row['ahead_low'])} to "
            f"{as_score(row['ahead_high'])})"
        )
    return findings.sizes_matter(
        pair=f"{first['label_x']} × {first['label_y']}", curves=records,
        first=first["first_n"], last=first["last_n"], ahead=ahead,
    )  # fmt: skip


def classed(pairs: pl.DataFrame, *, samples: int) -> Finding:
    """Say where trained models agree within classes and between them.

    Args:
        pairs: answer of `queries.classed_pairs`.
        samples: n.
    """
    records = [
        Classed(*(_beyond(row[f"{part}_low"], row[f"{part}_chance"])
                  for part in ("between", "within")))
        for row in pairs.filter("trained").iter_rows(named=True)
    ]  # fmt: skip
    return findings.classes_carry(
        pairs=records,
        samples=samples,
        classes=int(pairs["classes"].max() or 0),  # type: ignore[arg-type]
    )


def many(pairs: pl.DataFrame) -> Finding:
    """Say whether trained models agree more many to many than one to one.

    Args:
        pairs: answer of `queries.many_pairs`, not empty.
    """
    first = pairs.row(0, named=True)
    records = [
        Many(row["difference"], row["difference_low"], row["difference_high"])
        for row in pairs.filter("trained").iter_rows(named=True)
    ]
    items = f"{first['items_x']} and {first['items_y']} items"
    return findings.many_beside_one(pairs=records, samples=first["n"], items=items)


def _beyond(low: float | None, chance: float | None) -> bool:
    return low is not None and chance is not None and low > chance

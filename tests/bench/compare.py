"""Scores of a warehouse that an earlier version made, scored anew from the same features.

`python -m tests.bench.compare DATA [--write]`: every cell of every layer table, and every best
score, before against after; where they differ, both against float64. With --write the table goes
to docs/numbers.md.
"""

import argparse
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np

from ingest.pipeline.scores.plan import open_features
from ingest.pipeline.scores.sides import KeptLayers, prepare
from prh_core.metrics import get_metric
from prh_core.metrics.registry import PrepareOptions
from prh_core.prepared import PreparedLayer

DOCS = Path(__file__).resolve().parents[2] / "docs" / "numbers.md"
SAME = 1e-6
QUERY = """
    SELECT s.metric, s.k, s.truncation, s.score, s.layer_table, s.p_value, s.n, s.permutations,
        x.file AS file_x, y.file AS file_y, s.model_x, s.model_y, s.layer_x, s.layer_y
    FROM scores AS s
    JOIN feature_sets AS x ON s.features_x = x.unit_key
    JOIN feature_sets AS y ON s.features_y = y.unit_key
    WHERE s.n = x.n AND s.sigma IS NULL
    ORDER BY s.truncation, s.metric, s.k, s.model_x, s.model_y
"""


class Compared(NamedTuple):
    """One table, before and after."""

    cells: int
    moved: int
    """Cells that differ by more than SAME."""
    largest: float
    best: float
    """What the best score differs by."""
    before: float
    """Distance of the old best from float64's, where it moved; else 0."""
    after: float


def exact_neighbors(layers: list[PreparedLayer], k: int) -> np.ndarray:
    """The definition in float64: inner products of all layers side by side, ties by index."""
    n = len(layers[0])
    kernel = np.zeros((n, n))
    for layer in layers:
        values, shares = layer.exact_centered()
        kernel += values @ values.T + shares[None, :]
    np.fill_diagonal(kernel, -np.inf)
    return np.argsort(-kernel, axis=1, kind="stable")[:, :k]


def exact_mutual(x: list[PreparedLayer], y: list[PreparedLayer], k: int) -> float:
    """Mutual k-NN of two candidates in float64."""
    lists = zip(exact_neighbors(x, k), exact_neighbors(y, k), strict=True)
    return float(np.mean([len(set(a) & set(b)) / k for a, b in lists]))


def compare(home: Path) -> dict[tuple[str, Any, str], list[Compared]]:
    """Score every unit of a warehouse anew."""
    with duckdb.connect(str(home / "results.duckdb"), read_only=True) as connection:
        rows = connection.sql(QUERY).pl().to_dicts()
    ready: dict[tuple, Any] = {}
    kept = KeptLayers()
    found: dict[tuple[str, Any, str], list[Compared]] = defaultdict(list)
    for at, row in enumerate(rows):
        metric = get_metric(row["metric"])
        sides = []
        for name in ("file_x", "file_y"):
            # One search serves every k: a list's head is the list of a smaller k.
            key = (row[name], metric.family.name, row["truncation"])
            if key not in ready:
                deepest = max(
                    r["k"] or 1
                    for r in rows
                    if get_metric(r["metric"]).family.name == metric.family.name
                )
                options = PrepareOptions(deepest, concatenate=True)
                file = open_features(home / row[name])
                ready[key] = prepare(file, metric.family, row["truncation"], options, None, kept)
            sides.append(ready[key])
        x, y = sides
        new = np.full((len(x.names), len(y.names)), np.nan)
        new[np.ix_(x.usable, y.usable)] = metric.compare(x.ready, y.ready, [row["k"] or 1])[0]
        old = np.array(row["layer_table"], dtype=float)
        apart = np.abs(new - old)
        best = (np.nanmax if metric.higher_is_closer else np.nanmin)(new)
        before = after = 0.0
        if abs(best - row["score"]) > SAME and row["metric"] == "mutual_knn":
            place = (row["layer_x"], row["layer_y"])
            pair = [
                [layers[i]] if i < len(layers) else layers
                for i, layers in zip(
                    place,
                    (
                        kept.of(open_features(home / row[name]), row["truncation"], None)
                        for name in ("file_x", "file_y")
                    ),
                    strict=True,
                )
            ]
            truth = exact_mutual(pair[0], pair[1], row["k"])
            before, after = abs(row["score"] - truth), abs(float(new[place]) - truth)
        found[row["metric"], row["k"], row["truncation"]].append(
            Compared(
                int(np.isfinite(apart).sum()),
                int(np.nansum(apart > SAME)),
                float(np.nanmax(apart)),
                float(best - row["score"]),
                before,
                after,
            )
        )
        if at % 50 == 0:
            sys.stderr.write(f"{at} of {len(rows)}\n")
    return found


def report(found: dict[tuple[str, Any, str], list[Compared]]) -> str:
    """Write the comparison down."""
    lines = [
        "# Numbers before and after",
        "",
        "The demo's warehouse as an earlier version made it (score version 2), every cell of every "
        "layer table computed anew from the same feature files: `python -m tests.bench.compare "
        "DATA --write`. *Scores* are best of a table, *cells* its single pairs of layers; a "
        "difference beyond 1e-6 counts as moved.",
        "",
        "| metric | k | truncation | scores | moved | by at most | cells | moved | by at most |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (metric, k, truncation), rows in found.items():
        moved = [row for row in rows if abs(row.best) > SAME]
        lines.append(
            f"| {metric} | {k or ''} | {truncation} | {len(rows)} | {len(moved)} | "
            f"{max(abs(row.best) for row in rows):.1e} | {sum(row.cells for row in rows):,} | "
            f"{sum(row.moved for row in rows):,} | {max(row.largest for row in rows):.1e} |"
        )
    checked = [row for rows in found.values() for row in rows if row.before or row.after]
    if checked:
        lines += [
            "",
            f"Of the {len(checked)} mutual k-NN scores that moved, the distance from float64 was "
            f"{max(row.before for row in checked):.1e} at most before and is "
            f"{max(row.after for row in checked):.1e} after.",
        ]
    return "\n".join([*lines, ""])


def main() -> None:
    """Compare and print, or write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    table = report(compare(asked.data))
    if asked.write:
        DOCS.write_text(table)
    sys.stdout.write(table)


if __name__ == "__main__":
    main()

"""Pairs that were not scored: third models' bounds hold wherever the score is known."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from pages.layers import finding, statistics, text
from prh_core.transitivity import score_bounds
from prh_core.warehouse.location import SHIPPED
from prh_core.warehouse.shipped import shipped_warehouse
from tests.pages.conftest import OpenPage
from tests.pages.shown import drawn, told
from tests.worlds import query

PAGE = "layers"
TABLES = """SELECT features_x, features_y, model_x, model_y, score, layer_table, k, n
FROM current_scores WHERE metric = 'mutual_knn' AND layer_table IS NOT NULL
AND k = 10 AND truncation = 'exact' AND dataset_id = '"""


def tightness(rows: list[dict[str, Any]]) -> tuple[int, np.ndarray]:
    """Return how many triples are known, and low, score, high, expected of each pair."""
    tables, scores = {}, {}
    for row in rows:
        table = np.array(row["layer_table"], dtype=float)
        one, other = row["features_x"], row["features_y"]
        tables |= {(one, other): table, (other, one): table.T}
        scores[one, other] = row["score"]
    names = sorted({name for pair in scores for name in pair})
    triples, held = 0, []
    for (a, c), score in scores.items():
        found = [
            score_bounds(tables[a, b], tables[b, c], rows[0]["k"], rows[0]["n"])
            for b in names
            if b not in (a, c) and (a, b) in tables and (b, c) in tables
        ]
        for bounds in found:
            assert bounds.low - 1e-9 <= score <= bounds.high + 1e-9
        triples += len(found)
        if found:
            held.append(
                (
                    max(one.low for one in found),
                    score,
                    min(one.high for one in found),
                    max(one.expected for one in found),
                )
            )
    return triples, np.array(held)


def known(path: Path, dataset: str) -> list[dict[str, Any]]:
    return query(path, f"{TABLES}{dataset}'").to_dicts()


def test_bounds_hold_wherever_the_score_is_known(world: Path) -> None:
    triples, pairs = tightness(known(world / "results.duckdb", "planted"))
    assert triples >= 28 * 6
    assert (pairs[:, 2] < 1).all()


def test_bounds_hold_on_what_ships_and_the_expected_orders_pairs() -> None:
    # docs/results.md has the figures.
    triples, pairs = tightness(known(shipped_warehouse(SHIPPED), "emoji"))
    assert triples == 55 * 9
    low, score, _, expected = pairs.T
    assert np.corrcoef(np.argsort(np.argsort(score)), np.argsort(np.argsort(expected)))[0, 1] > 0.9
    assert (low > 0).sum() == 15


def test_a_pair_that_is_missing_is_held_by_third_models(open_page: OpenPage, world: Path) -> None:
    # Under mean truncation only language met vision: no two models of one modality were scored.
    asked = {"truncation": "mean", "k": "10"}
    app = open_page(world, PAGE, view=text.UNSCORED, **asked)
    assert not app.exception
    (shown,) = (frame for frame in drawn(app) if "label_c" in frame.columns)
    assert shown.height == 3 and set(shown["modality_c"]) == {"language"}
    first = app.selectbox(key="language").value
    tables = query(
        world / "results.duckdb",
        "SELECT a.model_x, a.model_y, a.layer_table, x.label, y.label AS label_b FROM scores AS a "
        "JOIN models AS x ON x.model_id = a.model_x JOIN models AS y ON y.model_id = a.model_y "
        "WHERE a.metric = 'mutual_knn' AND a.k = 10 AND a.truncation = 'mean'",
    )
    cells = {(row["label"], row["label_b"]): np.array(row["layer_table"], dtype=float)
             for row in tables.iter_rows(named=True)}  # fmt: skip
    for row in shown.iter_rows(named=True):
        found = [
            score_bounds(table, cells[row["label_c"], b].T, 10, 60)
            for (a, b), table in cells.items()
            if a == first
        ]
        assert row["thirds"] == len(found) == 4 and row["kin"] == 0
        assert row["low"] == pytest.approx(max(one.low for one in found))
        assert row["high"] == pytest.approx(min(one.high for one in found))
        assert row["expected"] == pytest.approx(max(one.expected for one in found))
    assert f"{first} was not scored with 3 models" in told(app)
    assert "for 3, with no third model of the modality of either" in app.caption[0].value
    assert "Not scored:" in told(open_page(world, PAGE, **asked))


def test_where_all_is_scored_there_is_nothing_to_hold(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, PAGE, truncation="exact", k="10", view=text.UNSCORED)
    assert not app.exception
    assert "Not scored:" not in told(app)
    assert "layer_x" in drawn(app)[0].columns


def test_layers_between_that_do_not_vary_say_nothing() -> None:
    shared = {
        "model_c": "c",
        "label_c": "C",
        "modality_c": "vision",
        "layers_b": ["one"],
        "kin": True,
    }
    known = {"label_b": "B", "table_ab": [[0.8]], "table_bc": [[0.6]]}
    constant = {"label_b": "D", "table_ab": [[None]], "table_bc": [[0.9]]}
    frame = pl.DataFrame([shared | constant, shared | known], infer_schema_length=None)
    row = statistics.bound_unscored(frame, k=10, n=100).row(0, named=True)
    assert (row["thirds"], row["low_through"], row["low_layer"]) == (1, "B", "one")
    assert (row["low"], row["high"]) == (pytest.approx(0.4), pytest.approx(0.8))
    silent = statistics.bound_unscored(frame[:1], k=10, n=100)
    assert silent.is_empty()
    said = finding.find_bounds(
        statistics.bound_unscored(frame, k=10, n=100), first="A", metric="Mutual k-NN", samples=100
    )
    assert said.verdict == "inconclusive"
    assert "not scored with 1 model" in said.sentence
    assert "with C: 0.400 to 0.800, through B." in said.sentence

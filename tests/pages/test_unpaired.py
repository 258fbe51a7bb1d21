"""The page of matching without pairs: its answer is true, and luck is drawn where it lies."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pages.ui import findings
from pages.ui.findings import Matched
from pages.unpaired import finding, statistics, text
from tests.pages.conftest import OpenPage
from tests.pages.shown import told
from tests.worlds import query

PAGE = "unpaired"


def one(pair: str = "A × B", correct: int = 9, **more: bool) -> Matched:
    return Matched(
        pair, correct, *(more.get(name, False) for name in ("beyond", "ranked", "hidden"))
    )


def test_the_answer_counts_pairs_beyond_luck(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, PAGE)
    assert not app.exception
    rows = query(
        world / "results.duckdb",
        """SELECT m.correct, m.p_value, x.trained AND y.trained AS trained FROM matchings AS m
        JOIN models AS x ON x.model_id = m.model_x JOIN models AS y ON y.model_id = m.model_y
        WHERE x.modality = 'language' AND y.modality = 'vision' ORDER BY correct DESC""",
    )
    q = stats.false_discovery_control(rows["p_value"].to_numpy())
    trained = rows["trained"].to_numpy()
    said = told(app)
    beyond = int((q[trained] <= 0.05).sum())
    assert f"{beyond} of {trained.sum()} pairs of trained models" in said
    assert f"{rows.filter('trained')['correct'].max()} of 60 (luck 3)" in said


def test_samples_are_listed_with_their_partners(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, PAGE, view="Samples of a pair")
    assert not app.exception
    (table,) = [f.value for f in app.dataframe if "Matched with" in f.value.columns]
    assert len(table) == 60
    right = table["Matched with"] == "● itself"
    assert not right.iloc[0] and right.iloc[-1]
    assert "With whom samples were matched" in told(app)


def test_what_luck_reaches_is_exact() -> None:
    frame = pl.DataFrame({
        "label_x": ["a"], "label_y": ["b"], "p_value": [0.5], "p_rank": [0.5], "n": [60],
        "blocks": [3],
    })  # fmt: skip
    most = round(statistics.against_luck(frame)["lucky"][0] * 60)
    # Matches of a random permutation are nearly Poisson.
    assert stats.poisson.sf(most - 1, 3) > 0.05 >= stats.poisson.sf(most, 3)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=60), st.integers(1, 30))
def test_every_rank_is_counted_once(ranks: list[int], bins: int) -> None:
    samples = pl.DataFrame({"true_rank": [float(rank) for rank in ranks]})
    shares = statistics.rank_shares(samples, n=60, blocks=3, bins=bins)
    assert shares["share"].sum() == pytest.approx(1) and shares["luck"].sum() == pytest.approx(1)
    for row in shares.iter_rows(named=True):
        inside = sum(row["low"] <= rank <= row["high"] for rank in ranks)
        assert row["share"] == pytest.approx(inside / len(ranks))


def test_sentences_say_what_was_found() -> None:
    def said(*pairs: Matched) -> findings.Finding:
        return findings.matched_without_pairs(pairs=pairs, samples=60, blocks=3)

    every = said(one(beyond=True, ranked=True), one("C × D", 30, beyond=True, ranked=True))
    assert every.verdict == "yes"
    assert "most right: C × D, 30 of 60 (luck 3)" in every.sentence
    some = said(one(beyond=True, ranked=True), one(correct=2, ranked=True, hidden=True))
    assert some.verdict == "partly" and "1 of 2 pairs of trained models is matched" in some.sentence
    assert "true partners rank better than by luck in 2" in some.doubt
    assert "in 1 a wrong matching agrees better than the truth" in some.doubt
    pairs = [one(ranked=True)]
    controls = [one("A × R", ranked=True), one("B × R")]
    beside = findings.matched_without_pairs(pairs=pairs, samples=60, blocks=3, controls=controls)
    assert "by luck in 1, and in 1 of 2 with an untrained model" in beside.doubt
    none = said(one(correct=4))
    assert none.verdict == "no evidence" and "0 of 1 pair" in none.sentence
    assert said().verdict == "too few"


def test_untrained_controls_are_no_evidence() -> None:
    frame = pl.DataFrame({
        "pair": ["a × r"], "correct": [50], "beyond": [True], "q_rank": [0.01], "agreement": [0.3],
        "agreement_of_truth": [0.3], "trained": [False],
    })  # fmt: skip
    assert finding.find(frame, samples=60, blocks=3).verdict == "too few"


def test_a_table_shows_the_first_samples() -> None:
    names = ("caption", "sample_id", "partner_caption", "partner_id")
    row = dict(zip(names, ("a", "1", None, "2"), strict=True))
    row |= {"webp": None, "partner_webp": None, "is_correct": False, "true_rank": 7.5}
    table = text.tabulate(pl.DataFrame([row] * (text.SHOWN + 5)))
    assert table.columns == ["Sample", "Matched with", "Rank"]
    assert table.height == text.SHOWN and table["Matched with"][0] == "2"

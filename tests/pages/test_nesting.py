"""Which way: the answer says what the stored tests say, and no more."""

from pathlib import Path

import polars as pl
import pytest
from scipy import stats

from pages.nesting import finding
from pages.nesting.statistics import AGAINST, HUBS, NEITHER, X_MORE, Y_MORE, judge
from tests.pages.conftest import OpenPage
from tests.pages.shown import frames, told
from tests.worlds import query

PAGE = "nesting"


def pairs(*rows: tuple[float, float, float, float]) -> pl.DataFrame:
    """Return pairs of (beyond hubs, its p, raw, its p)."""
    return pl.DataFrame(
        [
            {
                "label_x": f"x{at}",
                "label_y": f"y{at}",
                "pair": f"x{at} × y{at}",
                "beyond_hubs": beyond,
                "beyond_low": beyond - 0.01,
                "beyond_high": beyond + 0.01,
                "beyond_p": p,
                "raw": raw,
                "raw_p": raw_p,
                "out_y_back_x": 0.5 + raw,
                "out_x_back_y": 0.5,
                "cycle_p": raw_p,
                "skewness_x": 1.0,
                "skewness_y": 2.0,
                "trained": True,
            }
            for at, (beyond, p, raw, raw_p) in enumerate(rows)
        ]
    )


EACH = pairs(
    (0.2, 1e-6, 0.2, 1e-6),
    (-0.1, 1e-5, -0.1, 0.5),
    (0.1, 1e-4, -0.1, 1e-4),
    (0.0, 0.9, 0.1, 1e-4),
    (0.0, 0.9, 0.0, 0.9),
)


def test_each_verdict() -> None:
    assert judge(EACH)["verdict"].to_list() == [X_MORE, Y_MORE, AGAINST, HUBS, NEITHER]


def test_the_sentence_counts_and_names_the_clearest() -> None:
    found = finding.find(judge(EACH), samples=512, k=10)
    assert found.verdict == "partly"
    assert found.sentence == (
        "Partly: in 2 of 5 pairs of trained models one space is nested in the other beyond what "
        "hubs give (in 1 the first tells more, in 1 the second); in 1 only hubs make a difference "
        "and in 1 its direction changes with hubs. Clearest: neighbors in x0 tell more of y0 than "
        "the other way round, by 0.200 of 1."
    )
    assert "0.190 to 0.210" in found.doubt
    turned = finding.find(judge(EACH[1:2]), samples=512, k=10)
    assert turned.verdict == "yes"
    assert "neighbors in y1 tell more of x1" in turned.sentence


def test_nothing_shown_is_called_so() -> None:
    found = finding.find(judge(EACH[3:]), samples=512, k=10)
    assert found.verdict == "no evidence"
    assert found.sentence.startswith("No evidence here: in none of 2 pairs")
    round_trips = finding.find_cycles(judge(EACH[4:]), samples=512, k=10)
    assert round_trips.verdict == "no evidence"


def test_the_two_ways_round_are_told_by_their_own_test() -> None:
    found = finding.find_cycles(judge(EACH), samples=512, k=10)
    # Rows 0, 2 and 3 differ; in 0 and 3 the way back by x's is the better, and x has fewer hubs.
    assert found.sentence == (
        "Partly: in 3 of 5 pairs of trained models more samples come home one way round; in 2 of "
        "these it is the way back by the space with fewer hubs. Most apart: x0 × y0, 0.700 back by "
        "x0's neighbors, 0.500 the other way."
    )


def test_untrained_models_are_controls_and_no_evidence() -> None:
    mixed = EACH.with_columns(trained=pl.Series([True, False, False, False, False]))
    found = finding.find(judge(mixed), samples=512, k=10)
    assert found.verdict == "yes" and "in 1 of 1 pair of trained models" in found.sentence
    assert "with an untrained model, 1 of 4" in found.doubt
    alone = EACH.with_columns(trained=pl.lit(False))
    for find in (finding.find, finding.find_cycles):
        assert find(judge(alone), samples=512, k=10).verdict == "too few"


STORED = """SELECT n.*, x.trained AND y.trained AS trained
FROM nesting AS n JOIN models AS x ON x.model_id = n.model_x
JOIN models AS y ON y.model_id = n.model_y
WHERE x.modality = 'language' AND y.modality = 'vision'"""


def test_the_page_counts_what_is_stored(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, PAGE)
    assert not app.exception
    stored = query(world / "results.duckdb", STORED)
    assert stored.height == 9 == len(app.dataframe[0].value)
    q = stats.false_discovery_control(stored["beyond_p"].to_numpy())
    trained, alike = stored["trained"], stored["beyond_hubs"] * stored["raw"] >= 0
    nested = int(((q <= 0.05) & alike.to_numpy() & trained.to_numpy()).sum())
    of = f"of {trained.sum()} pairs of trained models"
    assert (f"in {nested} {of} one space" if nested else f"in none {of} is one") in told(app)
    (seen,) = [f for f in frames(app)[0] if "beyond_hubs" in f.columns]
    assert sorted(seen["beyond_hubs"]) == pytest.approx(sorted(stored["beyond_hubs"]))


def test_both_ways_round_are_drawn(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, PAGE, view="Cycle k-NN")
    assert not app.exception
    stored = query(world / "results.duckdb", STORED)
    q = stats.false_discovery_control(stored["cycle_p"].to_numpy())
    differ = int(((q <= 0.05) & stored["trained"].to_numpy()).sum())
    of = f"of {stored['trained'].sum()} pairs of trained models"
    assert (f"in {differ} {of} more" if differ else f"in none {of} do the two") in told(app)
    (seen,) = [f for f in frames(app)[0] if "home" in f.columns]
    both = [*stored["out_y_back_x"], *stored["out_x_back_y"]]
    assert sorted(seen["home"]) == pytest.approx(sorted(both))


def test_hubs_and_density_of_every_layer_are_drawn(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, PAGE, view="Hubs and density")
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == 4
    layers = query(world / "results.duckdb", "SELECT skewness FROM hubness")
    (seen, *_) = (f for f in frames(app)[0] if "skewness" in f.columns)
    assert sorted(seen["skewness"]) == pytest.approx(sorted(layers["skewness"]))

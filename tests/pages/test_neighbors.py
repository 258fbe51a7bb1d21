"""The page of neighbors: what it says of a sample is what is stored, and its answer is true."""

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import vl_convert
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages.neighbors import chart, queries, statistics, text
from pages.ui import findings
from pages.ui.answers import Setting
from pages.ui.charts.finish import titled
from tests.pages.conftest import OpenPage
from tests.pages.shown import frames, told
from tests.worlds import edited, query

PAGE = "neighbors"
TABLES = ("neighbor_layers", "sample_neighbors", "sample_agreement")


def _compared(home: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], Any]:
    """Return the pair that the page opens on, and its layers."""
    monkeypatch.setenv("PRH_DATA", str(home))
    setting = Setting.of(queries.inside_settings().frame.row(0, named=True))
    pair = queries.inside_pairs(setting).frame.row(0, named=True)
    layers = queries.inside_layers(queries.Pair.of(pair)).frame.row(0, named=True)
    assert layers["best"]
    return pair, queries.Compared.of(layers)


def _shared(home: Path, pair: dict[str, Any]) -> np.ndarray:
    """Return what each sample shares, as it was counted when it was stored."""
    rows = query(
        home / "results.duckdb",
        f"SELECT shared FROM sample_agreement WHERE unit_key = '{pair['agreement_key']}'",
    )
    return np.array(rows["shared"][0].to_list())


def _lists(home: Path, key: str) -> np.ndarray:
    rows = query(
        home / "results.duckdb",
        f"SELECT neighbors FROM sample_neighbors WHERE unit_key = '{key}' ORDER BY position",
    )
    return np.array(rows["neighbors"].to_list())


def test_the_answer_counts_what_samples_share(
    open_page: OpenPage, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page(world, PAGE)
    assert not app.exception
    pair, compared = _compared(world, monkeypatch)
    shared = _shared(world, pair)
    assert shared.mean() / 10 == pytest.approx(pair["score"])
    counts = queries.shared_counts(compared).frame
    assert counts["samples"].to_list() == np.bincount(shared, minlength=11).tolist()
    said = next(block.value for block in app.markdown if "neighbors the two share" in block.value)
    assert f"10 neighbors the two share {shared.mean():.1f} on average (1.7 by chance)" in said
    assert f"{100 * (shared == 0).mean():.0f} % of samples share none" in said
    assert said.startswith(("**Yes", "**Partly")) == (pair["q_value"] <= 0.05)


def test_a_sample_is_shown_with_its_neighbors_on_either_side(
    open_page: OpenPage, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, compared = _compared(world, monkeypatch)
    app = open_page(world, PAGE, sample="17")
    assert not app.exception
    assert f"{_shared(world, pair)[17]} of 10 neighbors in common" in told(app)
    assert "**caption 17**" in told(app)
    first, second = (_lists(world, key)[17] for key in (compared.layer_key_x, compared.layer_key_y))
    tables = [table.value for table in app.dataframe if "Cosine" in table.value.columns]
    for table, own, other in zip(tables, (first, second), (second, first), strict=True):
        assert table["Caption"].tolist() == [f"caption {i}" for i in own[:10]]
        there = [other.tolist().index(i) + 1 if i in other else None for i in own[:10]]
        wanted = ["" if at is None else f"● {at}" if at <= 10 else str(at) for at in there]
        assert table["There"].tolist() == wanted
        assert table["Cosine"].is_monotonic_decreasing
        assert all(uri.startswith("data:image/webp") for uri in table["Picture"])
    drawn = next(f for f in frames(app)[0] if "near" in f.columns and f.height == 120)
    marked = {
        near: set(drawn.filter(pl.col("near") == near)["position"])
        for near in ("sample", "both", "first", "second")
    }
    near_x, near_y = {*first[:10].tolist()}, {*second[:10].tolist()}
    assert marked["sample"] == {17} and marked["both"] == near_x & near_y
    assert marked["first"] == near_x - near_y and marked["second"] == near_y - near_x


def _offered(app: AppTest) -> list[str]:
    (box,) = [box for box in app.selectbox if box.label == "Sample"]
    return list(box.options)


def test_samples_are_found_by_order_by_words_and_by_chance(
    open_page: OpenPage, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, _ = _compared(world, monkeypatch)
    shared = _shared(world, pair)
    app = open_page(world, PAGE)
    most = [int(name.rsplit("· ")[1].split()[0]) for name in _offered(app)]
    assert most == sorted(shared, reverse=True)[: queries.MOST_FOUND]
    app = open_page(world, PAGE, order="Least agreed upon")
    least = [int(name.rsplit("· ")[1].split()[0]) for name in _offered(app)]
    assert least == sorted(shared)[: queries.MOST_FOUND]
    (field,) = [field for field in app.text_input if field.label == "Search captions"]
    field.set_value("CAPTION 5").run()
    assert {name.split(" · ")[0] for name in _offered(app)} == {
        "caption 5", *(f"caption {i}" for i in range(50, 60))
    }  # fmt: skip
    app.button[0].click().run()
    assert not app.exception and app.query_params["sample"]
    # What was searched for is looked at first, whatever was chosen before.
    (field,) = [field for field in app.text_input if field.label == "Search captions"]
    field.set_value("caption 33").run()
    assert app.query_params["sample"] in ("33", ["33"])
    (field,) = [field for field in app.text_input if field.label == "Search captions"]
    field.set_value("nowhere").run()
    assert [box.value for box in app.info] == [
        "No caption and no id holds these words; look for others."
    ]


def test_another_pair_may_differ_most(
    open_page: OpenPage, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, compared = _compared(world, monkeypatch)
    others = queries.other_pairs(queries.Pair.of(pair)).frame
    assert others["trained"].any() and set(others["first"]) == {True, False}
    row = others.row(0, named=True)
    there = _shared(world, {"agreement_key": row["other_key"]})
    found = queries.found_samples(compared, sought="difference", other_key=row["other_key"]).frame
    apart = (found["shared"] - found["shared_there"]).abs().to_list()
    here = _shared(world, pair)
    assert apart == sorted(np.abs(here - there), reverse=True)[: queries.MOST_FOUND]
    app = open_page(world, PAGE, order="Another model differs most")
    assert not app.exception
    assert all(re.search(r"· \d+ of 10, \d+ there$", name) for name in _offered(app))


def test_other_layers_are_looked_into_and_said_to_be_untested(
    open_page: OpenPage, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, _ = _compared(world, monkeypatch)
    layers = queries.inside_layers(queries.Pair.of(pair)).frame
    other = layers.filter(~pl.col("best")).row(0, named=True)
    app = open_page(
        world, PAGE, layer_x=other["layer_name_x"], layer_y=other["layer_name_y"]
    )  # fmt: skip
    assert not app.exception
    lists = [_lists(world, other[f"layer_key_{at}"])[:, :10].tolist() for at in ("x", "y")]
    mean = np.mean([len({*a} & {*b}) for a, b in zip(*lists, strict=True)])
    assert f"Inconclusive, not tested: of a sample's 10 neighbors the two share {mean:.1f}" in told(
        app
    )


def test_an_address_that_nothing_answers_to_is_said(open_page: OpenPage, world: Path) -> None:
    for asked in ("999", "nobody", "-1"):
        app = open_page(world, PAGE, sample=asked)
        assert not app.exception
        (note,) = [box.value for box in app.info]
        assert f"The address asks for Sample “{asked}”, which is not here" in note.replace("\\", "")


def test_scores_without_neighbors_say_what_stores_them(
    open_page: OpenPage, own_world: Path
) -> None:
    with edited(own_world / "results.duckdb") as connection:
        for table in TABLES:
            connection.execute(f"DELETE FROM {table}")
    app = open_page(own_world, PAGE)
    assert not app.exception
    assert [box.value for box in app.info] == [
        "The warehouse is here, but no neighbors of samples were stored yet."
    ]
    assert [code.value for code in app.code] == ["prh neighbors --dataset emoji"]


def test_without_captions_and_pictures_samples_keep_their_places(
    open_page: OpenPage, own_world: Path
) -> None:
    with edited(own_world / "results.duckdb") as connection:
        told_of = ("sample_labels", "picture_statistics")
        for table in ("samples", "thumbnails", "sample_thumbnails", *told_of):
            connection.execute(f"DELETE FROM {table}")
    app = open_page(own_world, PAGE, sample="3")
    assert not app.exception
    assert text.NO_CAPTION in told(app)
    assert text.NO_WORDS in [caption.value for caption in app.caption]
    assert len(app.get("vega_lite_chart")) == 2


def test_a_warehouse_of_before_is_published_anew_and_opens(
    open_page: OpenPage, own_world: Path
) -> None:
    from ingest.store.warehouse import Warehouse

    with edited(own_world / "results.duckdb") as connection:
        connection.execute("DROP VIEW agreement_by_sample")
        for table in (*TABLES, "thumbnails", "sample_thumbnails"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE schema_migrations SET version = 18 WHERE version = 19")
    app = open_page(own_world, PAGE)
    assert not app.exception and "needs schema" not in told(app)
    assert [code.value for code in app.code] == ["prh publish"]
    for table in (*TABLES, "thumbnails", "sample_thumbnails"):
        shutil.rmtree(own_world / "parts" / table)
    Warehouse(own_world).publish()
    app = open_page(own_world, PAGE)
    assert [code.value for code in app.code] == ["prh neighbors --dataset emoji"]
    assert len(open_page(own_world, "layers").get("vega_lite_chart")) == 1


def test_maps_of_many_samples_are_thinned_and_say_so(
    open_page: OpenPage, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_POINTS", 20)
    monkeypatch.setattr(text, "MOST_POINTS", 20)
    app = open_page(world, PAGE, sample="41")
    assert not app.exception
    twice = next(f for f in frames(app)[0] if "map" in f.columns)
    drawn = twice.filter(pl.col("map") == 0)
    assert 20 <= drawn.height < 60 and 41 in drawn["position"].to_list()
    assert drawn.filter(pl.col("near") != "other").height > 10
    said = " ".join(caption.value for caption in app.caption)
    assert f"{drawn.height} of 60 samples are drawn" in said


def test_maps_are_turned_onto_each_other_and_keep_their_shape() -> None:
    rng = np.random.default_rng(0)
    first = rng.normal(size=(40, 2))
    turn = np.array([[np.cos(2), -np.sin(2)], [np.sin(2), np.cos(2)]]) @ np.diag([1.0, -1.0])
    second = 7 * first @ turn + 3
    places = pl.DataFrame(
        {"x_first": first[:, 0], "y_first": first[:, 1],
         "x_second": second[:, 0], "y_second": second[:, 1]}
    )  # fmt: skip
    drawn = statistics.onto_each_other(places)
    a, b = (drawn.select(names).to_numpy() for names in statistics.MAPS)
    np.testing.assert_allclose(a, b, atol=1e-9)
    assert np.abs(a).max() == pytest.approx(1)
    ratio = np.linalg.norm(a[1:] - a[0], axis=1) / np.linalg.norm(first[1:] - first[0], axis=1)
    np.testing.assert_allclose(ratio, ratio[0])
    line = places.with_columns(y_second=0.0, y_first=0.0)
    assert np.isfinite(statistics.onto_each_other(line).to_numpy()).all()


@given(
    k=st.integers(1, 50), mean=st.floats(0, 1), none=st.floats(0, 1),
    q=st.one_of(st.none(), st.floats(0, 1)), best=st.booleans(), trained=st.booleans(),
)  # fmt: skip
def test_the_answer_never_says_more_than_its_numbers(
    k: int, mean: float, none: float, q: float | None, best: bool, trained: bool
) -> None:
    found = findings.sharing(
        first="A", second="B", k=k, mean=mean * k, chance=0.1, none=none, chance_none=0.9,
        half=0.2, q=q, best=best, trained=trained, samples=60,
    )  # fmt: skip
    tested = q is not None and best
    assert (found.verdict == "inconclusive") == (not tested)
    if found.verdict in ("yes", "partly"):
        assert q is not None and q <= 0.05
    if found.verdict == "yes":
        assert trained and mean >= 0.5
    assert found.sentence.startswith(findings.BADGES[found.verdict])
    said = re.search(r"; ([\w ]+?) ?%? of samples share none", found.sentence)
    assert said is not None and len(found.sentence) <= 240
    assert (said[1] == "0") == (none == 0) and (said[1] == "100") == (none == 1)
    assert ("null: samples permuted" in found.doubt) == tested
    assert ("untrained" in found.doubt) == (not trained)
    assert found.paper.startswith("Paper, ")


def test_the_picture_to_take_away_is_drawn_without_a_browser(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, compared = _compared(world, monkeypatch)
    places = queries.sample_places(compared, position=7).frame
    names = ("First, a layer", "Second, a layer")
    drawn = chart.maps(statistics.onto_each_other(places), names=names, k=10)
    svg = vl_convert.vegalite_to_svg(titled(drawn, "T", ["s"]))
    assert all(f">{name}<" in svg for name in names)
    near = places["near"].value_counts().rows()
    rings = {color: svg.count(f'stroke="{color}"') for color in chart.NEAR.values()}
    counted = dict(near)
    # A ring and a line for each neighbor, on the map of either model that has it.
    assert rings[chart.BOTH] >= 4 * counted["both"]
    assert rings[chart.NEAR["first"]] >= 2 * counted["first"]


def test_classes_are_compared(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, PAGE, by="Classes")
    assert not app.exception
    (table,) = [one.value for one in app.dataframe if "label" in one.value.columns]
    assert set(table["label"]) == {"class 0", "class 1", "class 2"}
    assert table["samples"].tolist() == [20] * 3
    assert np.mean(table["agreement"]) == pytest.approx(table["overall"].iloc[0])


def test_pictures_are_compared_by_tenths(open_page: OpenPage, own_world: Path) -> None:
    rng = np.random.default_rng(1)
    shared = query(own_world / "results.duckdb", "FROM agreement_by_sample")
    first = shared.filter(pl.col("unit_key") == shared["unit_key"][0]).sort("position")
    with edited(own_world / "results.duckdb") as connection:
        # Colorfulness grows with what is shared by one pair, the rest is noise.
        for place, agreement in first.select("position", "agreement").iter_rows():
            connection.execute(
                "UPDATE picture_statistics SET brightness = $b, contrast = $b, detail = $b, "
                "colorfulness = $c WHERE position = $p",
                {"b": rng.random(), "c": agreement + rng.random() / 100, "p": place},
            )
    app = open_page(own_world, PAGE, by="Pictures")
    assert not app.exception
    said = told(app)
    assert "Agreement by what pictures are like" in said
    assert [name in said for name in ("Brightness: ρ", "Colorfulness: ρ")] == [True, True]


def test_alike_pictures_tell_nothing(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, PAGE, by="Pictures")
    assert not app.exception
    assert "Brightness (all alike)" in told(app)


def test_tenths_of_pictures_find_what_goes_along() -> None:
    rng = np.random.default_rng(0)
    agreement = rng.integers(0, 11, 400) / 10
    frame = pl.DataFrame({
        "agreement": agreement, "colorfulness": agreement + rng.normal(size=400) / 5,
        "brightness": rng.random(400), "contrast": rng.random(400), "detail": np.ones(400),
    })  # fmt: skip
    parts = statistics.by_picture(frame)
    by_name = {name[0]: rows for name, rows in parts.group_by("statistic")}
    colors = by_name["colorfulness"]
    assert colors.height == 10 and colors["rho"][0] > 0.7 and colors["q_value"][0] < 1e-6
    assert by_name["brightness"]["q_value"][0] > 0.01
    assert by_name["detail"].height == 1 and by_name["detail"]["rho"][0] is None

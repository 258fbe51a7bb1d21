"""Models of any two modalities on the pages that show language with vision, sides chosen."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pages.layers import queries as inside
from pages.ui import queries
from pages.ui.answers import Setting, Sides
from tests.ingest.command import prh
from tests.pages.conftest import OpenPage
from tests.pages.shown import drawn, spec
from tests.worlds import query

N, K = 40, 5
MODELS = {"deaf": "language", "mute": "language", "ear": "audio", "horn": "audio", "eye": "vision"}
"""Made for this test: each a random view of one latent world."""
SIDES = {("audio", "audio"): 2, ("language", "audio"): 4, ("language", "language"): 2,
         ("language", "vision"): 2, ("audio", "vision"): 2}  # fmt: skip
"""Rows a metric has of each two; two of one modality in both orders."""


def _run(*words: object) -> None:
    done = prh(*words)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with features of three modalities over the same things, scored."""
    home = tmp_path_factory.mktemp("heard")
    data = home / "data"
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(N, 4))
    for at, (model, modality) in enumerate(MODELS.items()):
        layers = {
            f"block.{i}": (
                latent @ rng.normal(size=(4, 8)) + (1 + i) * rng.normal(size=(N, 8))
            ).astype("f4")
            for i in range(2 + at % 2)
        }
        ids = np.array([f"thing {i}" for i in range(N)])
        np.savez(home / f"{model}.npz", allow_pickle=False, **layers, ids=ids)  # type: ignore[arg-type]
        first = ["--new-dataset"] if not at else []
        _run("import", "features", home / f"{model}.npz", "--dataset", "things", "--model", model,
             "--modality", modality, "--data", data, "--no-publish", *first)  # fmt: skip
    for metric in ("mutual_knn", "cycle_knn"):
        _run("score", "--dataset", "things", "--models", ",".join(MODELS), "--pairs", "all",
             "--metric", metric, "--k", K, "--permutations", 19, "--data", data)  # fmt: skip
    return data


def test_sides_are_what_was_compared(heard: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRH_DATA", str(heard))
    sides = queries.sides().frame
    assert sides.row(0) == ("language", "vision", 2)
    assert set(sides.select("modality_x", "modality_y").rows()) == set(SIDES)


@pytest.mark.parametrize("sides", SIDES, ids=lambda sides: "-".join(sides))
@pytest.mark.parametrize("metric", ["mutual_knn", "cycle_knn"])
def test_both_orders_tell_of_one_score(
    heard: Path, monkeypatch: pytest.MonkeyPatch, sides: tuple[str, str], metric: str
) -> None:
    monkeypatch.setenv("PRH_DATA", str(heard))
    both = Sides(*sides)
    (row,) = queries.settings(both).frame.filter(metric=metric).to_dicts()
    setting = Setting.of(row)
    assert setting.sides == both
    pairs = queries.alignment(setting, concatenated=True, untrained=True).frame
    assert pairs.height == SIDES[sides]
    assert queries.measured(setting).frame["pairs"][0] == pairs["unit_key"].n_unique()
    stored = {
        row["unit_key"]: row for row in query(heard / "results.duckdb", "FROM scores").to_dicts()
    }
    for pair in pairs.to_dicts():
        score = stored[pair["unit_key"]]
        x, y = ("y", "x") if pair["swapped"] else ("x", "y")
        assert (pair["model_x"], pair["model_y"]) == (score[f"model_{x}"], score[f"model_{y}"])
        assert pair["alignment"] == score["score"]
        assert (MODELS[pair["model_x"]], MODELS[pair["model_y"]]) == sides
        assert pair["layer_x"] == score[f"layer_names_{x}"][score[f"layer_{x}"]]
        table = inside.layers(setting, unit_key=pair["unit_key"], swapped=pair["swapped"]).frame
        cells = np.array(score["layer_table"], dtype=float)
        cells = cells.T if pair["swapped"] else cells
        seen = table.sort("layer_x", "layer_y")["alignment"].to_numpy().reshape(cells.shape)
        np.testing.assert_array_equal(seen, cells)
        best = table.filter("best").row(0, named=True)
        assert best["layer_name_x"] == pair["layer_x"] and best["alignment"] == pair["alignment"]
        depth = inside.depth(setting, unit_key=pair["unit_key"], swapped=pair["swapped"]).frame
        assert depth.filter(place=0)["model"].unique().to_list() == [pair["label_x"]]
        assert depth.filter(place=1)["model"].unique().to_list() == [pair["label_y"]]


def test_q_values_count_a_pair_once(heard: Path) -> None:
    rows = query(
        heard / "results.duckdb",
        "SELECT DISTINCT unit_key, p_value, q_value FROM alignment "
        "WHERE modality_x = 'audio' AND modality_y = 'audio' AND metric = 'mutual_knn'",
    )
    assert rows.height == 1 and rows["q_value"][0] == rows["p_value"][0]


@pytest.mark.parametrize("sides", SIDES, ids=lambda sides: "-".join(sides))
def test_the_pages_show_the_sides_that_are_chosen(
    open_page: OpenPage, heard: Path, sides: tuple[str, str]
) -> None:
    chosen = " × ".join(sides)
    other = sides[1] if sides[0] != sides[1] else f"other {sides[1]}"
    app = open_page(heard, "alignment", sides=chosen)
    assert not app.exception
    written = json.dumps(spec(app))
    assert f'"{sides[0].capitalize()} model"' in written
    assert f'"{other.capitalize()} model"' in written
    shown = drawn(app)[0]
    assert shown.height == SIDES[sides]
    assert {MODELS[model] for model in shown["model_x"]} == {sides[0]}
    assert {MODELS[model] for model in shown["model_y"]} == {sides[1]}
    app = open_page(heard, "layers", sides=chosen)
    assert not app.exception
    titles = re.findall(r'"Layer of (\w+)"', json.dumps(spec(app)))
    assert {MODELS[titles[0]], MODELS[titles[-1]]} == set(sides)


def test_a_link_from_before_opens_language_with_vision(open_page: OpenPage, heard: Path) -> None:
    app = open_page(heard, "layers", language="mute", vision="eye")
    assert not app.exception
    written = json.dumps(spec(app))
    assert '"Layer of mute"' in written and '"Layer of eye"' in written


@pytest.mark.parametrize("models", ["language", "audio"])
def test_models_of_any_modality_are_compared_with_each_other(
    open_page: OpenPage, heard: Path, models: str
) -> None:
    app = open_page(heard, "competence", models=models)
    assert not app.exception
    assert f"{models} models" in " ".join(text.value for text in app.markdown)


def test_a_panel_of_sound_alone_has_its_sides(
    open_page: OpenPage, heard: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where language and vision were never compared, what was compared is shown."""
    real: Callable[[], queries.Answer] = queries.sides
    monkeypatch.setattr(
        queries, "sides", lambda: real()._replace(frame=real().frame.filter(modality_x="audio"))
    )
    app = open_page(heard, "alignment")
    assert not app.exception
    assert drawn(app)[0].select(pl.col("model_x").is_in(["ear", "horn"]).all()).item()

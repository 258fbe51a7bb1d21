"""Every query runs as it stands, and its function's docstring lists its columns."""

import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

from ingest.store.features import read_header, read_layers
from ingest.store.warehouse import Warehouse
from ingest.store.workspace import Workspace
from pages import queries
from pages.queries import Answer, Setting
from pages.ui import export
from prh_core import align, get_metric, split_half_agreement
from prh_core.warehouse import open_readonly
from tests.worlds import SETTINGS, query

FOLDER = Path(queries.__file__).parent
FILES = sorted(path.stem for path in FOLDER.glob("*.sql"))
NOWHERE = Setting("none", "none", 10, "mutual_knn", 10, None, "exact", True, "mean", "none")


@pytest.fixture(scope="session")
def homes(
    world: Path, caption_world: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Return a full and an empty data folder, and one with caption sets."""
    empty = tmp_path_factory.mktemp("empty")
    Warehouse(empty).publish()
    return {"full": world, "empty": empty, "captions": caption_world}


def _full(name: str) -> str:
    return "captions" if name.startswith("caption_") else "full"


def _asked(name: str) -> Answer:
    """Call a query's function with arguments taken from the warehouse where it has any."""
    settings = queries.settings().frame
    setting = NOWHERE
    unit_key = language_model = vision_model = "none"
    if settings.height:
        row = settings.row(0, named=True)
        setting = Setting(**{column: row[column] for column in Setting.__dataclass_fields__})
        pairs = queries.alignment(setting, concatenated=True, untrained=True).frame
        pair = pairs.row(0, named=True)
        unit_key = pair["unit_key"]
        language_model, vision_model = pair["language_model"], pair["vision_model"]
    offered = {
        "setting": setting, "concatenated": True, "untrained": True, "unit_key": unit_key,
        "dataset_id": setting.dataset_id, "row_order": setting.row_order,
        "within": "vision", "modality": "vision", "method": "mds", "language_model": language_model,
        "vision_model": vision_model, "calibrated": False,
        **_colors(), **_captions(), **_simulated(), "skill": "Words (acc, 5-shot), planted",
        "text": "1 − bits per byte of planted captions",
    }  # fmt: skip
    if name.startswith("model_") or name == "map_of_models":
        offered["setting"] = replace(setting, pooling="own", prompt="none")
    function: Callable[..., Answer] = getattr(queries, name)
    wanted = inspect.signature(function).parameters
    return function(**{key: value for key, value in offered.items() if key in wanted})


def _captions() -> dict[str, object]:
    """Return what the queries of caption sets are asked with."""
    rows = queries.caption_studies().frame.to_dicts()
    if not rows:
        study = queries.CaptionStudy("none", "none", "mutual_knn", 10, "exact")
    else:
        study = queries.CaptionStudy(**{f: rows[0][f] for f in queries.CaptionStudy._fields})
    return {"study": study, "base_id": study.base_id, "position": 3}


def _simulated() -> dict[str, object]:
    """Return what the queries of simulated worlds are asked with."""
    rows = queries.theory_simulations().frame.to_dicts()
    if not rows:
        scene = queries.Scene("none", 4, 1, 1.0)
        return {"simulation": "none", "metric": "mutual_knn", "scene": scene}
    scene = queries.Scene(*(rows[0][name] for name in queries.Scene.__dataclass_fields__))
    return {"simulation": rows[0]["simulation"], "metric": "mutual_knn", "scene": scene}


def _colors() -> dict[str, object]:
    """Return what the queries of colors are asked with."""
    rows = queries.color_agreement().frame.to_dicts()
    if not rows:
        return {"layouts": queries.Layouts(), "colors": "none", "rule": "none"}
    keys = [(row["unit_key"], row["reading"]) for row in rows]
    words = next(row for row in rows if row["side"] == "language")
    return {
        "layouts": queries.Layouts(*keys[:3]), "colors": words["colors"], "rule": words["rule"]
    }  # fmt: skip


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("fill", ["full", "empty"])
def test_a_query_answers_with_the_columns_its_docstring_lists(
    homes: dict[str, Path], monkeypatch: pytest.MonkeyPatch, name: str, fill: str
) -> None:
    monkeypatch.setenv("PRH_DATA", str(homes[_full(name) if fill == "full" else fill]))
    answer = _asked(name)
    listed = inspect.getdoc(getattr(queries, name)).partition("Columns:")[2]  # type: ignore[union-attr]
    assert re.findall(r"^\s+(\w+):", listed, re.M) == answer.frame.columns
    # The metrics are those registered, whatever was measured.
    assert (answer.frame.height > 0) == (fill == "full" or name == "metrics")


@pytest.mark.parametrize("name", FILES)
def test_the_downloaded_script_runs_as_it_stands(
    homes: dict[str, Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    home = homes[_full(name)]
    monkeypatch.setenv("PRH_DATA", str(home))
    answer = _asked(name)
    with open_readonly(home / "results.duckdb") as connection:
        rows = connection.execute(export.script(answer)).fetchall()
    assert len(rows) == answer.frame.height


def test_every_file_has_a_function_and_every_function_a_file() -> None:
    functions = {
        name
        for name, function in inspect.getmembers(queries, inspect.isfunction)
        if function.__module__.startswith(queries.__name__)
        and inspect.signature(function).return_annotation is Answer
        and not name.startswith("_")
    }
    assert functions == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_query_starts_with_a_comment_and_is_one_statement(name: str) -> None:
    sql = queries.load(name)
    assert sql.startswith("-- ")
    assert len(duckdb.connect().extract_statements(sql)) == 1


def test_a_quote_in_a_parameter_stays_a_value() -> None:
    answer = Answer(pl.DataFrame(), "quoted", "SELECT $a AS a", {"a": "o'clock"})
    assert duckdb.connect().execute(export.script(answer)).fetchall() == [("o'clock",)]


def test_depth_is_the_best_over_single_layers(
    homes: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(homes["full"]))
    layers, depth = _asked("layers").frame, _asked("depth").frame
    single = layers.filter(~layers["language_concatenated"] & ~layers["vision_concatenated"])
    best = single.group_by("language_layer", maintain_order=True).agg(pl.col("alignment").max())
    side = depth.filter(depth["modality"] == "language")
    assert side["alignment"].to_list() == best["alignment"].to_list()


def test_a_dataset_comes_before_its_variants(
    homes: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variants have as many pairs, and were scored later."""
    monkeypatch.setenv("PRH_DATA", str(homes["captions"]))
    shown = queries.settings().frame["dataset_id"].unique(maintain_order=True).to_list()
    assert shown[0] == "planted" and len(shown) == 3


def _setting(metric: str) -> Setting:
    row = queries.settings().frame.filter(pl.col("metric") == metric).row(0, named=True)
    return Setting(**{column: row[column] for column in Setting.__dataclass_fields__})


def test_a_distance_puts_the_smallest_first(
    homes: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(homes["full"]))
    pairs = queries.alignment(_setting("procrustes"), concatenated=True, untrained=True).frame
    assert pairs["alignment"].is_sorted() and not pairs["higher_is_closer"].any()
    depth = queries.depth(pairs["unit_key"][0]).frame
    layers = queries.layers(pairs["unit_key"][0]).frame
    single = layers.filter(~layers["language_concatenated"] & ~layers["vision_concatenated"])
    best = single.group_by("language_layer", maintain_order=True).agg(pl.col("alignment").min())
    side = depth.filter(depth["modality"] == "language")
    assert side["alignment"].to_list() == best["alignment"].to_list()
    partners = single.join(best, on=["language_layer", "alignment"], nulls_equal=False)
    assert side["partner_layer"].to_list() == partners["vision_layer_name"].to_list()


def test_a_metric_without_k_is_found_and_named_from_the_registry(
    homes: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(homes["full"]))
    setting = _setting("cka")
    assert setting.k is None
    measured = queries.measured(setting).frame.row(0, named=True)
    assert measured["metric_label"] == get_metric("cka").label
    assert (measured["permutations"], measured["seeds"]) == ("19", "0")
    assert measured["interval_level"] == 0.95 and measured["pairs"] == 16


def test_single_layers_have_no_calibration_of_the_whole_table(
    homes: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(homes["full"]))
    whole, single = (
        queries.alignment(_setting("mutual_knn"), concatenated=choice, untrained=True).frame
        for choice in (True, False)
    )
    for column in ("calibrated", "p_value", "q_value", "null_threshold"):
        assert whole[column].null_count() == 0
        assert single[column].null_count() == single.height
    kept = single.join(whole, on="unit_key").filter(pl.col("interval_low").is_not_null())
    assert (kept["alignment"] == kept["alignment_right"]).all()


def test_the_metrics_are_compared_over_trained_models_once_each(
    homes: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(homes["full"]))
    setting = _setting("mutual_knn")
    frame = queries.metric_scores(setting.dataset_id, setting.row_order).frame
    assert sorted(frame["metric"]) == sorted({setting.metric for setting in SETTINGS})
    assert set(frame["pairs"]) == {9}
    mutual = frame.filter(pl.col("metric") == "mutual_knn").row(0, named=True)
    pairs = queries.alignment(setting, concatenated=True, untrained=False).frame
    assert (mutual["k"], mutual["truncation"]) == (10, "exact")
    assert mutual["calibrated"] == pytest.approx(pairs["calibrated"].mean())
    assert mutual["significant"] == (pairs["q_value"] <= 0.05).sum()


def test_charts_and_exports_need_no_streamlit() -> None:
    code = "import sys, pages.ui.charts, pages.ui.palette\nsys.exit('streamlit' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=FOLDER.parents[1], check=False)
    assert done.returncode == 0


def test_what_models_score_with_themselves_is_what_the_core_says(
    homes: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(homes["full"]))
    found = queries.self_agreement(
        _setting("mutual_knn"), language_model="lang-large", vision_model="vis-large"
    ).frame
    assert found["modality"].to_list() == ["language", "vision"]
    assert found["second_view"].to_list() == [None, "pictures mirrored"]
    root = Workspace(homes["full"]).features.root
    layers = {
        (header.model_id, header.dataset_id): read_layers(path)
        for path in root.rglob("*.safetensors")
        for header in [read_header(path)]
    }
    for row, model in zip(found.to_dicts(), ("lang-large", "vis-large"), strict=True):
        halves = split_half_agreement(layers[model, "planted"], truncate="exact", splits=10)
        assert row["split_half_agreement"] == pytest.approx(halves.score) and row["splits"] == 10
    wanted = align(
        layers["vis-large", "planted"], layers["vis-large", "planted.mirror"],
        truncate="exact", concatenate=True,
    )  # fmt: skip
    assert found["noise_ceiling"].to_list() == [None, pytest.approx(wanted.score)]
    other = queries.self_agreement(
        _setting("cka"), language_model="lang-large", vision_model="vis-large"
    ).frame
    assert other["noise_ceiling"].null_count() == 2


def test_means_over_batches_are_settings_of_their_own(
    own_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted rows: an older version is superseded, both directions of a pair are averaged."""
    warehouse = Warehouse(own_world)
    base = query(
        warehouse.path,
        "SELECT run_id, features_x, features_y, dataset_id, row_order, pooling_x, prompt_x, "
        "pooling_y, prompt_y, truncation, normalized, n, seed FROM scores "
        "WHERE metric = 'cka' AND model_x = 'lang-small' LIMIT 1",
    ).row(0, named=True)
    now = datetime(2026, 1, 1, tzinfo=UTC)

    def row(key: str, x: str, y: str, metric: str, score: float, version: int = 3) -> dict:
        return {
            **base, "unit_key": key, "model_x": x, "model_y": y, "metric": metric, "k": None,
            "sigma": None, "batch": 20, "batches": 3, "seed": 0, "score": score, "layer_x": 0,
            "layer_y": 0, "layer_name_x": "a", "layer_name_y": "b", "score_version": version,
            "finished_at": now,
        }  # fmt: skip

    rows = [
        row("a", "lang-small", "vis-small", "cka", 0.9, 2),
        row("b", "lang-small", "vis-small", "cka", 0.5),
        row("c", "lang-small", "vis-large", "procrustes", 0.3),
        row("d", "vis-small", "vis-large", "cycle_knn", 0.2),
        row("e", "vis-large", "vis-small", "cycle_knn", 0.4),
        row("f", "lang-large", "lang-small", "cka", 0.7),
    ]
    types = {"k": pl.Int64, "sigma": pl.Float64, "seed": pl.Int64}
    warehouse.append("batch_scores", "planted", pl.DataFrame(rows, schema_overrides=types))
    warehouse.publish()
    monkeypatch.setenv("PRH_DATA", str(own_world))

    def seen(within: str | None) -> list[tuple]:
        found = queries.metric_pairs(base["dataset_id"], base["row_order"], within=within).frame
        assert found.filter(pl.col("batch").is_null()).height > 0
        means = found.drop_nulls("batch").select("setting", "model_a", "model_b", "score", "n")
        return means.sort("setting").rows()

    said = f" {base['pooling_x']} {base['prompt_x']}"
    assert seen(None) == [
        ("CKA (linear), batches of 20", f"lang-small{said}", "vis-small", 0.5, 60),
        ("Procrustes distance, batches of 20", f"lang-small{said}", "vis-large", -0.3, 60),
    ]
    ((setting, *models, score, _),) = seen("vision")
    assert (setting, models) == ("cycle k-NN, batches of 20", ["vis-large", "vis-small"])
    assert score == pytest.approx(0.3)
    assert seen("language") == [
        ("CKA (linear), batches of 20", f"lang-large{said}", f"lang-small{said}", 0.7, 60)
    ]

"""Every query runs as it stands, and its function's docstring lists its columns."""

import importlib
import inspect
import itertools
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import duckdb
import polars as pl
import pytest

import pages
from ingest.store.features import read_header, read_layers
from ingest.store.warehouse import Warehouse
from ingest.store.workspace import Workspace
from pages.layers import queries as inside
from pages.metrics.queries import metric_pairs, metric_scores
from pages.ui import export, queries
from pages.ui.answers import Answer, Modality, Parameters, Setting
from prh_core import align, get_metric, split_half_agreement
from prh_core.warehouse.reading import open_readonly
from tests.worlds import SETTINGS, query

FOLDER = Path(pages.__file__).parent
QUERIES = {
    name: function
    for file in sorted([*FOLDER.glob("*/queries.py"), FOLDER / "ui" / "queries" / "__init__.py"])
    for module in [".".join(file.relative_to(FOLDER.parent).with_suffix("").parts)]
    for name, function in inspect.getmembers(
        importlib.import_module(module.removesuffix(".__init__")), inspect.isfunction
    )
    if function.__module__ == module.removesuffix(".__init__")
    and get_type_hints(function)["return"] is Answer
}
"""Every typed query, found in the pages' folders."""
INCLUDED = {
    str((path.parent / name).resolve().relative_to(FOLDER))
    for path in FOLDER.rglob("*.sql")
    for name in re.findall(r"^ *-- include (\S+\.sql),?$", path.read_text(encoding="utf-8"), re.M)
}
"""Parts that several queries share."""
MOST_TRIED = 1000


@pytest.fixture(scope="session")
def homes(
    world: Path, caption_world: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Return a full and an empty data folder, and one with caption sets."""
    empty = tmp_path_factory.mktemp("empty")
    Warehouse(empty).publish()
    return {"full": world, "empty": empty, "captions": caption_world}


@pytest.fixture(scope="session")
def answers(homes: dict[str, Path]) -> dict[str, dict[str, Answer]]:
    """Return what every query answers in each data folder, by its name."""
    found: dict[str, dict[str, Answer]] = {}
    with pytest.MonkeyPatch.context() as patch:
        for name, home in homes.items():
            patch.setenv("PRH_DATA", str(home))
            found[name] = _ask_everything()
    return found


def _ask_everything() -> dict[str, Answer]:
    """Ask every query, with arguments that its signature and the other answers suggest.

    Those without arguments come first; a record or a value of the others is a row, or the column
    of its name, of an answer that has rows, of the same folder if there is one.
    """
    filled: dict[str, Answer] = {}
    while True:
        tried = {
            name: _first_filled(function, filled)
            for name, function in QUERIES.items()
            if name not in filled and not _unknown(function, filled)
        }
        more = {name: answer for name, answer in tried.items() if answer.frame.height}
        if not more:
            break
        filled |= more
    rest = {name: _first_filled(QUERIES[name], filled) for name in QUERIES.keys() - filled.keys()}
    return filled | rest


def _parameters(function: Callable[..., Answer]) -> dict[str, Any]:
    """Return the types of the arguments that have no default."""
    hints = get_type_hints(function)
    signature = inspect.signature(function).parameters.items()
    return {name: hints[name] for name, one in signature if one.default is one.empty}


def _unknown(function: Callable[..., Answer], known: dict[str, Answer]) -> list[str]:
    return [
        name
        for name, kind in _parameters(function).items()
        if not _candidates(function, name, kind, known)
    ]


def _candidates(
    function: Callable[..., Answer], name: str, kind: Any, known: dict[str, Answer]
) -> list[Any]:
    parts = get_args(kind) if get_origin(kind) is UnionType else (kind,)
    literals = [v for part in parts if get_origin(part) is Literal for v in get_args(part)]
    if literals or kind is bool:
        return literals or [True, False]
    rooms = (function.__module__, "pages.ui.queries")
    nearest = sorted(
        known,
        key=lambda other: (
            *(QUERIES[other].__module__ != room for room in rooms),
            len(_parameters(QUERIES[other])),
        ),
    )
    frames = [known[asked].frame for asked in nearest]
    if isinstance(kind, type) and issubclass(kind, Parameters):
        return [made for frame in frames for made in _records(kind, frame)]
    return [
        value
        for frame in frames
        if name in frame.columns
        for value in frame[name].unique(maintain_order=True).drop_nulls().to_list()
    ]


def _records(kind: type[Parameters], frame: pl.DataFrame) -> list[Parameters]:
    try:
        return [kind.of(row) for row in frame.iter_rows(named=True)]
    except KeyError:
        return []


def _first_filled(function: Callable[..., Answer], known: dict[str, Answer]) -> Answer:
    """Return the first answer with a row, else one to arguments that nothing answers to."""
    kinds = _parameters(function)
    offered = [
        _candidates(function, name, kind, known) or [_nowhere(kind)] for name, kind in kinds.items()
    ]
    # What stands first in every list comes first, then what is one place away from it.
    places = sorted(itertools.product(*(range(len(values)) for values in offered)), key=sum)
    answer: Answer | None = None
    for chosen in places[:MOST_TRIED]:
        values = (values[place] for values, place in zip(offered, chosen, strict=True))
        answer = function(**dict(zip(kinds, values, strict=True)))
        if answer.frame.height:
            break
    assert answer is not None
    return answer


def _nowhere(kind: Any) -> Any:
    """Return a value of a type that no warehouse holds."""
    if isinstance(kind, type) and issubclass(kind, Parameters):
        hints = get_type_hints(kind)
        return kind(**{field.name: _nowhere(hints[field.name]) for field in fields(kind)})
    plain = {str: "none", int: 0, float: 0.0, bool: True}
    return plain.get(kind)


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("fill", ["full", "empty"])
def test_a_query_answers_with_the_columns_its_docstring_lists(
    answers: dict[str, dict[str, Answer]], name: str, fill: str
) -> None:
    answer = answers[_full(name) if fill == "full" else fill][name]
    listed = inspect.getdoc(QUERIES[name]).partition("Columns:")[2]  # type: ignore[union-attr]
    assert re.findall(r"^\s+(\w+):", listed, re.M) == answer.frame.columns
    # Metrics are those registered, and columns those there are, whatever was measured.
    assert (answer.frame.height > 0) == (fill == "full" or name in {"metrics", "figures", "schema"})


def _full(name: str) -> str:
    return "captions" if "captions" in QUERIES[name].__module__ else "full"


@pytest.mark.parametrize("name", QUERIES)
def test_the_downloaded_script_runs_as_it_stands(
    homes: dict[str, Path], answers: dict[str, dict[str, Answer]], name: str
) -> None:
    answer = answers[_full(name)][name]
    with open_readonly(homes[_full(name)] / "results.duckdb") as connection:
        rows = connection.execute(export.script(answer)).fetchall()
    assert len(rows) == answer.frame.height


def test_every_file_has_a_function_and_every_function_a_file() -> None:
    files = {str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/*.sql")} - INCLUDED
    files |= {str(path.relative_to(FOLDER)) for path in FOLDER.glob("ui/*/*.sql")} - INCLUDED
    functions = {
        str(Path(inspect.getfile(function)).with_name(f"{name}.sql").relative_to(FOLDER))
        for name, function in QUERIES.items()
    }
    assert functions == files


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.sql")), ids=lambda path: path.stem)
def test_a_file_starts_with_a_comment(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("-- ")


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_one_statement(answers: dict[str, dict[str, Answer]], name: str) -> None:
    assert len(duckdb.connect().extract_statements(answers[_full(name)][name].sql)) == 1


def test_a_quote_in_a_parameter_stays_a_value() -> None:
    answer = Answer(pl.DataFrame(), "quoted", "SELECT $a AS a", {"a": "o'clock"})
    assert duckdb.connect().execute(export.script(answer)).fetchall() == [("o'clock",)]


def test_depth_is_the_best_over_single_layers(
    homes: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(homes["full"]))
    setting = _setting("mutual_knn")
    pairs = queries.alignment(setting, concatenated=True, untrained=True).frame
    layers, depth = (
        ask(setting, unit_key=pairs["unit_key"][0], swapped=False).frame
        for ask in (inside.layers, inside.depth)
    )
    single = layers.filter(~layers["concatenated_x"] & ~layers["concatenated_y"])
    best = single.group_by("layer_x", maintain_order=True).agg(pl.col("alignment").max())
    side = depth.filter(depth["side"] == "language")
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
    return Setting.of(row)


def test_a_distance_puts_the_smallest_first(
    homes: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(homes["full"]))
    setting = _setting("procrustes")
    pairs = queries.alignment(setting, concatenated=True, untrained=True).frame
    assert pairs["alignment"].is_sorted() and not pairs["higher_is_closer"].any()
    depth, layers = (
        ask(setting, unit_key=pairs["unit_key"][0], swapped=False).frame
        for ask in (inside.depth, inside.layers)
    )
    single = layers.filter(~layers["concatenated_x"] & ~layers["concatenated_y"])
    best = single.group_by("layer_x", maintain_order=True).agg(pl.col("alignment").min())
    side = depth.filter(depth["side"] == "language")
    assert side["alignment"].to_list() == best["alignment"].to_list()
    partners = single.join(best, on=["layer_x", "alignment"], nulls_equal=False)
    assert side["partner_layer"].to_list() == partners["layer_name_y"].to_list()


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
    frame = metric_scores(setting.dataset_id, setting.row_order).frame
    assert sorted(frame["metric"]) == sorted({setting.metric for setting in SETTINGS})
    assert set(frame["pairs"]) == {9}
    mutual = frame.filter(pl.col("metric") == "mutual_knn").row(0, named=True)
    pairs = queries.alignment(setting, concatenated=True, untrained=False).frame
    assert (mutual["k"], mutual["truncation"]) == (10, "exact")
    assert mutual["calibrated"] == pytest.approx(pairs["calibrated"].mean())
    assert mutual["significant"] == (pairs["q_value"] <= 0.05).sum()


def test_charts_and_exports_need_no_streamlit() -> None:
    drawn = [f"pages.{file.parent.name}.chart" for file in sorted(FOLDER.glob("*/chart.py"))]
    assert len(drawn) >= 10
    code = f"import sys, {', '.join(drawn)}\nsys.exit('streamlit' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=FOLDER.parent, check=False)
    assert done.returncode == 0


def test_what_models_score_with_themselves_is_what_the_core_says(
    homes: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(homes["full"]))
    found = inside.self_agreement(
        _setting("mutual_knn"), model_x="lang-large", model_y="vis-large"
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
    other = inside.self_agreement(_setting("cka"), model_x="lang-large", model_y="vis-large").frame
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

    def seen(within: Modality | None) -> list[tuple]:
        found = metric_pairs(base["dataset_id"], base["row_order"], within=within).frame
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

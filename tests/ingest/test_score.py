"""From feature files to rows: the right numbers, the right refusals."""

from pathlib import Path

import numpy as np
import pytest

from ingest.errors import RowOrderError
from ingest.feature_store import FeatureStore
from ingest.progress import Silent
from ingest.score import ALL_LAYERS, FeatureFile, Refused, Setting, open_features, plan, score
from prh_core import align
from prh_core.errors import NeighbourCountError
from tests.ingest.test_feature_store import header

SETTING = Setting("mutual_knn", 5, "exact")


def features(
    folder: Path, model: str, layers: list[np.ndarray], row_order: str = "abc" * 20
) -> FeatureFile:
    described = header(
        n=len(layers[0]),
        model_id=model,
        key=model.ljust(32, "-"),
        row_order=row_order,
        layer_names=tuple(f"block {i}" for i in range(len(layers))),
        widths=tuple(layer.shape[1] for layer in layers),
    )
    named = dict(zip(described.layer_names, layers, strict=True))
    return open_features(FeatureStore(folder).write(described, named))


def random_layers(seed: int, n: int = 40, layers: int = 3, d: int = 6) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n, d)).astype(np.float32) for _ in range(layers)]


def scored(x: FeatureFile, y: FeatureFile, *settings: Setting) -> tuple[list[dict], list[Refused]]:
    refused: list[Refused] = []
    frames = list(score(plan([x], [y], settings or [SETTING]), "run", Silent(), refused))
    return [row for frame in frames for row in frame.to_dicts()], refused


def test_rows_equal_the_public_call(tmp_path: Path) -> None:
    xs, ys = random_layers(0), random_layers(1, layers=2)
    x, y = features(tmp_path, "x", xs), features(tmp_path, "y", ys)
    settings = [
        Setting("mutual_knn", k, truncation)
        for truncation in ("exact", "mean", "none")
        for k in (3, 9)
    ]
    rows, refused = scored(x, y, *settings)
    assert not refused and len(rows) == 6
    for row in rows:
        how = None if row["truncation"] == "none" else row["truncation"]
        expected = align(xs, ys, k=row["k"], truncate=how, concatenate=True)
        assert np.array_equal(row["layer_table"], expected.table)
        assert row["score"] == expected.score
        assert (row["layer_x"], row["layer_y"]) == expected.layers
        assert row["single_layer_score"] == align(xs, ys, k=row["k"], truncate=how).score
        assert row["layer_names_x"] == ["block 0", "block 1", "block 2", ALL_LAYERS]
        assert row["null_mean"] == row["k"] / 39


def test_a_constant_layer_leaves_its_cells_empty(tmp_path: Path) -> None:
    xs = random_layers(2)
    xs[0] = np.ones_like(xs[0])
    x, y = features(tmp_path, "x", xs), features(tmp_path, "y", random_layers(3))
    rows, refused = scored(x, y)
    assert not refused
    assert rows[0]["layer_table"][0] == [None] * 4
    rest = align(xs[1:], random_layers(3), k=5, truncate="exact")
    # The constant layer counts towards the threshold of truncation, so only shapes are compared.
    assert np.shape(rows[0]["layer_table"][1:3]) == (rest.table.shape[0], 4)
    assert all(value is not None for row in rows[0]["layer_table"][1:] for value in row)
    assert rows[0]["layer_x"] >= 1


def test_nothing_but_constant_layers_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    dead = features(tmp_path, "dead", [np.ones((40, 3), dtype=np.float32)])
    fine = features(tmp_path, "fine", random_layers(4))
    y = features(tmp_path, "y", random_layers(5))
    refused: list[Refused] = []
    frames = list(score(plan([dead, fine], [y], [SETTING]), "run", Silent(), refused))
    assert [frame["model_x"].to_list() for frame in frames] == [["fine"]]
    assert refused[0].model_id == "dead" and "all 1 layers are constant" in refused[0].reason


def test_a_damaged_file_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    bad, fine = (features(tmp_path, name, random_layers(6)) for name in ("bad", "fine"))
    y = features(tmp_path, "y", random_layers(7))
    content = bytearray(bad.path.read_bytes())
    content[-2] ^= 255
    bad.path.write_bytes(content)
    refused: list[Refused] = []
    frames = list(score(plan([bad, fine], [y], [SETTING]), "run", Silent(), refused))
    assert len(frames) == 1 and "does not match its checksum" in refused[0].reason


def test_another_row_order_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    x = features(tmp_path, "x", random_layers(8))
    y = features(tmp_path, "y", random_layers(9), row_order="def" * 20)
    with pytest.raises(RowOrderError, match="x and y do not list the same samples"):
        plan([x], [y], [SETTING])


@pytest.mark.parametrize("k", [0, 40, 100])
def test_k_beyond_n_minus_1_is_refused(tmp_path: Path, k: int) -> None:
    x, y = (features(tmp_path, name, random_layers(10)) for name in "xy")
    with pytest.raises(NeighbourCountError, match=rf"n - 1 = 39 on data \(n = 40\), got k = {k}"):
        plan([x], [y], [Setting("mutual_knn", k, "exact")])


def test_symmetric_pairs_are_scored_once(tmp_path: Path) -> None:
    files = [features(tmp_path, name, random_layers(i)) for i, name in enumerate("abc")]
    units = plan(files, files, [SETTING])
    pairs = {frozenset((u.x.header.model_id, u.y.header.model_id)) for u in units}
    assert len(units) == len(pairs) == 3

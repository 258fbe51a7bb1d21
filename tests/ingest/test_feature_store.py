"""Feature files: what goes in comes out, and anything else is refused by name."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from ingest.errors import DamagedFeatureFileError, RowOrderError
from ingest.store import features as feature_store
from ingest.store.features import (
    FeatureStore,
    check_same_rows,
    read_header,
    read_layers,
    unit_key,
)
from prh_core.errors import NotFiniteError
from tests.ingest.feature_headers import header


def stored(folder: Path, dtype: type = np.float32) -> tuple[Path, dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    layers = {"first": rng.normal(size=(5, 3)), "second": rng.normal(size=(5, 4))}
    layers = {name: layer.astype(dtype) for name, layer in layers.items()}
    return FeatureStore(folder).write(header(), layers), layers


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_round_trip(tmp_path: Path, dtype: type) -> None:
    path, layers = stored(tmp_path, dtype)
    assert read_header(path).layer_names == ("first", "second")
    assert read_header(path).facts == {"device": "cpu"}
    for back, layer in zip(read_layers(path), layers.values(), strict=True):
        assert back.dtype == np.float32 and np.array_equal(back, layer.astype(np.float32))
    assert np.array_equal(read_layers(path, [1])[0], layers["second"].astype(np.float32))


def test_strided_layers_are_not_scrambled(tmp_path: Path) -> None:
    rows = np.arange(20, dtype=np.float32).reshape(4, 5).T
    store = FeatureStore(tmp_path)
    path = store.write(header(layer_names=("a",), widths=(4,)), {"a": rows})
    assert np.array_equal(read_layers(path)[0], rows)


@given(st.integers(0, 10_000))
@settings(max_examples=40)
def test_a_truncated_file_is_refused(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path, _ = stored(tmp_path_factory.mktemp("cut"))
    content = path.read_bytes()
    path.write_bytes(content[: cut % len(content)])
    with pytest.raises(DamagedFeatureFileError, match="cannot be read|not a PRH"):
        read_layers(path)


def test_a_flipped_bit_is_refused_and_the_layer_named(tmp_path: Path) -> None:
    path, _ = stored(tmp_path)
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedFeatureFileError, match=r"layer 1 \(second\).*checksum"):
        read_layers(path)
    assert len(read_layers(path, [0])) == 1, "the undamaged layer is still readable"


def test_other_files_and_newer_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = tmp_path / "weights.safetensors"
    save_file({"w": np.zeros(3, dtype=np.float32)}, foreign)
    with pytest.raises(DamagedFeatureFileError, match="not a PRH Explorer feature file"):
        read_header(foreign)
    monkeypatch.setattr(feature_store, "SCHEMA_VERSION", 9)
    path, _ = stored(tmp_path)
    monkeypatch.setattr(feature_store, "SCHEMA_VERSION", 1)
    with pytest.raises(DamagedFeatureFileError, match="schema 9.*reads 1; update"):
        read_header(path)


def test_nan_and_wrong_row_counts_are_refused_and_nothing_is_stored(tmp_path: Path) -> None:
    bad = np.ones((5, 3), dtype=np.float32)
    bad[3, 1] = np.nan
    good = np.ones((5, 4), dtype=np.float32)
    with pytest.raises(NotFiniteError, match=r"model: layer 0 \(first\) is not finite in row 3"):
        FeatureStore(tmp_path).write(header(), {"first": bad, "second": good})
    with pytest.raises(RowOrderError, match="holds 4 rows, the dataset has 5"):
        FeatureStore(tmp_path).write(header(), {"first": good[:4], "second": good})
    assert not list(tmp_path.rglob("*.safetensors*"))


def test_other_row_orders_are_refused() -> None:
    with pytest.raises(RowOrderError, match="do not list the same samples in the same order"):
        check_same_rows(header(), header(row_order="def" * 20))
    check_same_rows(header(), header(model_id="another"))


def test_unit_keys_depend_on_every_part_and_not_on_their_order() -> None:
    assert unit_key({"a": 1, "b": 2}) == unit_key({"b": 2, "a": 1})
    assert unit_key({"a": 1, "b": 2}) != unit_key({"a": 1, "b": 3})

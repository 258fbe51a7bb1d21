"""Feature files: what goes in comes out, and anything else is refused by name."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
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
from ingest.store.precision import STORES
from prh_core.errors import NotFiniteError
from tests.ingest.feature_headers import header


def stored(folder: Path, dtype: str = "float32") -> tuple[Path, dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    layers = {"first": rng.normal(size=(5, 3)), "second": rng.normal(size=(5, 4))}
    layers = {name: layer.astype(np.float32) for name, layer in layers.items()}
    return FeatureStore(folder).write(header(dtype=dtype), layers), layers


def test_round_trip(tmp_path: Path) -> None:
    path, layers = stored(tmp_path)
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


def test_files_of_float32_are_what_they_always_were(tmp_path: Path) -> None:
    path, _ = stored(tmp_path)
    with safe_open(path, framework="numpy") as opened:
        told = opened.metadata()
    assert told["schema_version"] == "2" and "scales" not in json.loads(told["header"])
    assert read_header(path).scales == ()


@pytest.mark.parametrize("largest", [3e38, 1e6, 65_504.0, 1.0, 3e-5, 1e-38, 1e-44, 0.0])
def test_half_precision_neither_overflows_nor_loses_small_numbers(
    tmp_path: Path, largest: float
) -> None:
    rng = np.random.default_rng(1)
    # Activations as large as they get, beside those that are a millionth of them.
    layer = (rng.uniform(-1, 1, (6, 8)) * 10.0 ** rng.integers(-6, 1, (6, 8))).astype(np.float32)
    layer[2, 3] = -1
    layer *= np.float32(largest)
    described = header(n=6, layer_names=("a",), widths=(8,), dtype="float16")
    path = FeatureStore(tmp_path).write(described, {"a": layer})
    (back,) = read_layers(path)
    assert back.dtype == np.float32 and np.isfinite(back).all()
    smallest = np.spacing(np.float32(0))  # of float32's own denormal numbers
    assert (np.abs(back - layer) <= np.abs(layer) * 2.0**-11 + smallest).all()
    (scale,) = read_header(path).scales
    if largest:
        assert 2.0**14 <= scale * float(np.abs(layer).max()) < 2.0**15 or scale == 2.0**126
    with safe_open(path, framework="numpy") as opened:
        assert opened.get_tensor("0000").dtype == np.float16
        assert opened.metadata()["schema_version"] == "3"  # no version without scales reads it


def test_numbers_of_eleven_bits_come_back_exactly(tmp_path: Path) -> None:
    layer = (np.arange(-2048, 2048, dtype=np.float32) * np.float32(2.0**-30)).reshape(8, 512)
    described = header(n=8, layer_names=("a",), widths=(512,), dtype="float16")
    (back,) = read_layers(FeatureStore(tmp_path).write(described, {"a": layer}))
    assert np.array_equal(back, layer)


@pytest.mark.parametrize(
    ("scales", "said"),
    [
        ([4.0], "scales are not one a layer"),
        ([4.0, 3.0], r"scales is \(4.0, 3.0\)"),
        ([4.0, -2.0], "scales is"),
        ([4.0, 4], "scales is"),
        ([4.0, "2"], "scales is"),
        ([8192.0, 8192.0], r"layer \d \((first|second)\) does not match its checksum"),
    ],
)
def test_scales_that_were_not_written_are_refused(
    tmp_path: Path, scales: list[Any], said: str
) -> None:
    path, _ = stored(tmp_path, "float16")
    with safe_open(path, framework="numpy") as opened:
        told = opened.metadata()
        tensors = {name: opened.get_tensor(name) for name in ("0000", "0001")}
    fields = json.loads(told["header"]) | {"scales": scales}
    save_file(tensors, path, metadata=told | {"header": json.dumps(fields)})
    with pytest.raises(DamagedFeatureFileError, match=said):
        read_layers(path)


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
    for newer, said in ((9, "schema 9.*reads 2 and 3; update"), (1, "schema 1.*extract again")):
        with monkeypatch.context() as other:
            other.setattr(feature_store, "SCHEMA_VERSION", newer)
            path, _ = stored(tmp_path)
        with pytest.raises(DamagedFeatureFileError, match=said):
            read_header(path)


@pytest.mark.parametrize("dtype", STORES)
def test_nan_and_wrong_row_counts_are_refused_and_nothing_is_stored(
    tmp_path: Path, dtype: str
) -> None:
    bad = np.ones((5, 3), dtype=np.float32)
    bad[3, 1] = np.nan
    good = np.ones((5, 4), dtype=np.float32)
    with pytest.raises(NotFiniteError, match=r"model: layer 0 \(first\) is not finite in row 3"):
        FeatureStore(tmp_path).write(header(dtype=dtype), {"first": bad, "second": good})
    with pytest.raises(RowOrderError, match="holds 4 rows, the dataset has 5"):
        FeatureStore(tmp_path).write(header(dtype=dtype), {"first": good[:4], "second": good})
    assert not list(tmp_path.rglob("*.safetensors*"))


def test_other_row_orders_are_refused() -> None:
    with pytest.raises(RowOrderError, match="do not list the same samples in the same order"):
        check_same_rows(header(), header(row_order="def" * 20))
    check_same_rows(header(), header(model_id="another"))


def test_unit_keys_depend_on_every_part_and_not_on_their_order() -> None:
    assert unit_key({"a": 1, "b": 2}) == unit_key({"b": 2, "a": 1})
    assert unit_key({"a": 1, "b": 2}) != unit_key({"a": 1, "b": 3})

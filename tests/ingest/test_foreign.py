"""Features of other programs: every format read to the bit, everything malformed one sentence."""

import json
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet as pq
from safetensors.numpy import save_file

from ingest.errors import FeaturesFileError, MissingExtraError, SampleIdsError
from ingest.foreign import read_given, same_rows
from ingest.store.features import FeatureStore
from prh_core.errors import PRHError
from tests.ingest.command import environment
from tests.ingest.feature_files import BAD, GOOD, Bad
from tests.ingest.feature_headers import header

IDS = tuple(f"s{i}" for i in range(12))
FIRST, SECOND = GOOD, np.random.default_rng(1).normal(size=(12, 6)).astype(np.float32)


def _save(path: Path, arrays: dict[str, np.ndarray], ids: Any = IDS) -> Path:
    """Save layers and ids in the format that the ending names."""
    if path.suffix == ".npz":
        np.savez(path, allow_pickle=False, ids=np.array(ids), **arrays)
    elif path.suffix == ".safetensors":
        save_file(arrays, path, {"ids": json.dumps(list(ids))})
    elif path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            for name, array in arrays.items():
                file[name] = array
            file["ids"] = list(ids)
    else:
        columns = {name: pa.array(list(array)) for name, array in arrays.items()}
        pq.write_table(pa.table({"id": list(ids), **columns}), path)
    return path


@pytest.mark.parametrize("ending", [".npz", ".safetensors", ".h5", ".parquet"])
def test_layers_names_and_ids_of_every_format_are_read_to_the_bit(
    ending: str, tmp_path: Path
) -> None:
    path = _save(tmp_path / f"features{ending}", {"block.2": FIRST, "block.10": SECOND})
    given = read_given([path])
    assert list(given.layers) == ["block.2", "block.10"]  # not as letters sort
    assert given.ids == IDS and given.n == 12
    for name, array in (("block.2", FIRST), ("block.10", SECOND)):
        layer = given.layers[name]
        assert layer.dtype == np.float32 and layer.flags.c_contiguous and layer.flags.writeable
        assert np.array_equal(layer, array)


def test_fixed_lists_and_compressed_files_are_read_like_others(tmp_path: Path) -> None:
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(FIRST.ravel()), 4)
    pq.write_table(pa.table({"x": fixed, "label": [1] * 12}), tmp_path / "fixed.parquet")
    np.savez_compressed(tmp_path / "packed.npz", x=FIRST)
    with h5py.File(tmp_path / "packed.h5", "w") as file:
        file.create_dataset("deep/x", data=FIRST, chunks=(5, 2), compression="gzip")
    for name in ("fixed.parquet", "packed.npz", "packed.h5"):
        given = read_given([tmp_path / name])
        assert np.array_equal(next(iter(given.layers.values())), FIRST)
    assert read_given([tmp_path / "fixed.parquet"]).notes == (
        "fixed.parquet: label left alone: no layer, no ids",
    )


@pytest.mark.parametrize("dtype", ["f2", "f8", "i2", "i8", "u1"])
def test_other_numbers_are_narrowed_as_numpy_narrows_them(dtype: str, tmp_path: Path) -> None:
    array = (10 * np.abs(FIRST)).astype(dtype)
    np.save(tmp_path / "x.npy", array)
    (layer,) = read_given([tmp_path / "x.npy"]).layers.values()
    assert np.array_equal(layer, array.astype(np.float32))


def test_bfloat16_is_the_upper_half_of_float32(tmp_path: Path) -> None:
    upper = (FIRST.view(np.uint32) >> 16).astype("<u2")
    told = {"x": {"dtype": "BF16", "shape": [12, 4], "data_offsets": [0, 96]}}
    text = json.dumps(told).encode()
    path = tmp_path / "half.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + upper.tobytes())
    (layer,) = read_given([path]).layers.values()
    assert np.array_equal(layer.view(np.uint32), upper.astype(np.uint32) << 16)


@pytest.mark.parametrize("layout", ["lnd", "nld"])
def test_three_axes_are_layers_where_the_layout_is_said(layout: Any, tmp_path: Path) -> None:
    layers = np.random.default_rng(2).normal(size=(3, 12, 4)).astype(np.float32)
    np.save(tmp_path / "all.npy", layers if layout == "lnd" else layers.swapaxes(0, 1))
    given = read_given([tmp_path / "all.npy"], layout=layout)
    assert list(given.layers) == ["all.0", "all.1", "all.2"]
    assert all(np.array_equal(a, b) for a, b in zip(given.layers.values(), layers, strict=True))


def test_several_files_are_one_models_layers(tmp_path: Path) -> None:
    for name, array in (("one", FIRST), ("two", SECOND)):
        np.save(tmp_path / f"{name}.npy", array)
        np.savez(tmp_path / f"{name}.npz", x=array)
    assert list(read_given([tmp_path / "two.npy", tmp_path / "one.npy"]).layers) == ["two", "one"]
    named = read_given([tmp_path / "one.npz", tmp_path / "two.npz"])
    assert list(named.layers) == ["x", "two.x"]
    _save(tmp_path / "a.npz", {"a": FIRST})
    _save(tmp_path / "b.npz", {"b": FIRST}, IDS[::-1])
    with pytest.raises(SampleIdsError, match="b.npz lists other samples, or in another order"):
        read_given([tmp_path / "a.npz", tmp_path / "b.npz"])


@pytest.mark.parametrize("name", ["ids.txt", "ids.csv", "ids.jsonl", "ids.parquet", "ids.npy"])
def test_ids_may_lie_beside(name: str, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", FIRST)
    path = tmp_path / name
    if name == "ids.npy":
        np.save(path, np.array(IDS))
    elif name == "ids.parquet":
        pq.write_table(pa.table({"label": [0] * 12, "sample_id": list(IDS)}), path)
    else:
        lines = {
            "ids.txt": IDS,
            "ids.csv": ["label,id", *(f"0,{one}" for one in IDS)],
            "ids.jsonl": [json.dumps({"id": one, "label": 0}) for one in IDS],
        }[name]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert read_given([tmp_path / "x.npy"], ids=path).ids == IDS


def test_a_feature_file_of_a_data_folder_tells_its_layers_and_row_order(tmp_path: Path) -> None:
    described = header(n=12, widths=(4, 6))
    path = FeatureStore(tmp_path).write(described, {"first": FIRST, "second": SECOND})
    given = read_given([path])
    assert list(given.layers) == ["first", "second"]
    assert given.ids is None and given.row_order == described.row_order
    assert np.array_equal(given.layers["second"], SECOND)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_what_is_malformed_is_one_sentence_and_takes_no_memory(bad: Bad, tmp_path: Path) -> None:
    path = tmp_path / bad.name
    bad.write(path)
    tracemalloc.start()
    try:
        with pytest.raises(PRHError, match=bad.sentence) as told:
            read_given([path], layout=bad.layout)  # type: ignore[arg-type] - one of them
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "\n" not in str(told.value).strip() and bad.name in str(told.value)
    assert len(str(told.value)) < 400
    assert peak < 64 * 2**20


def test_forty_of_them_there_are() -> None:
    assert len(BAD) >= 40


def test_false_claims_are_refused_where_there_is_no_room_for_them(tmp_path: Path) -> None:
    """Arrow and HDF5 allocate by themselves, so the system holds the bound: 1 GiB more."""
    claims = [bad for bad in BAD if "claim" in bad.name or "bomb" in bad.name]
    for bad in claims:
        bad.write(tmp_path / bad.name)
    code = (
        "import pathlib, resource, sys\n"
        "import h5py, pyarrow.parquet\n"
        "from ingest.foreign import read_given\n"
        "from prh_core.errors import PRHError\n"
        "pages = int(open('/proc/self/statm').read().split()[0])\n"
        "room = pages * resource.getpagesize() + 2**30\n"
        "resource.setrlimit(resource.RLIMIT_AS, (room, room))\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n"
        "        read_given([pathlib.Path(name)])\n"
        "    except PRHError as error:\n"
        "        print(type(error).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *(str(tmp_path / bad.name) for bad in claims)],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    assert done.stdout.split() == ["FeaturesFileError"] * len(claims), done.stderr
    assert len(claims) >= 5


def test_a_missing_file_a_folder_and_a_missing_library_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FeaturesFileError, match="nowhere.npy should be a file of features, and i"):
        read_given([tmp_path / "nowhere.npy"])
    with pytest.raises(FeaturesFileError, match="and is a folder"):
        read_given([tmp_path])
    monkeypatch.setitem(sys.modules, "h5py", None)
    (tmp_path / "x.h5").write_bytes(b"")
    with pytest.raises(MissingExtraError, match=r"needs h5py: pip install 'prh-explorer\[hdf5\]'"):
        read_given([tmp_path / "x.h5"])


def test_rows_are_put_in_order_by_ids_and_strangers_are_named() -> None:
    rows = same_rows("abcd", "cadb", "X", "Y", intersect=False)
    assert rows.x is None and rows.y is not None and rows.y.tolist() == [1, 3, 0, 2]
    assert same_rows("abcd", "abcd", "X", "Y", intersect=False)[:2] == (None, None)
    with pytest.raises(SampleIdsError) as told:
        same_rows("abcd", "cabxyzw", "X", "Y", intersect=False)
    assert str(told.value) == (
        "Y lacks 1 of X's 4 samples (d) and X lacks 4 of Y's 7 samples (x, y, z and 1 more); "
        "--intersect takes the 3 in common"
    )
    rows = same_rows("abcd", "cabxyzw", "X", "Y", intersect=True)
    assert rows.x is not None and rows.x.tolist() == [0, 1, 2]
    assert rows.y is not None and rows.y.tolist() == [1, 2, 0]
    assert rows[2:] == (1, 4)
    with pytest.raises(SampleIdsError, match="X and Y have no sample in common: a, b there, c, d"):
        same_rows("ab", "cd", "X", "Y", intersect=True)


def test_the_reader_imports_no_network_library() -> None:
    code = "import sys, ingest.foreign; print({'torch', 'timm', 'polars', 'PIL'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True
    )
    assert done.stdout.strip() == "set()"

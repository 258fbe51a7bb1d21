"""Files of features that are none: each writer returns the words that read them."""

import io
import json
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import pyarrow as pa
from numpy.lib import format as npy
from pyarrow import parquet as pq
from safetensors.numpy import save_file

GIB = 2**30
GOOD = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)


class Bad(NamedTuple):
    """A file that must be refused."""

    name: str
    write: Callable[[Path], object]
    sentence: str
    """What the refusal says, a regular expression."""
    layout: str = "auto"


def _npy_header(shape: str, dtype: str = "<f4") -> Callable[[Path], object]:
    """Write a .npy file of 100 bytes that claims a shape."""

    def write(path: Path) -> None:
        text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
        path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(100))

    return write


def _npy_bytes(shape: tuple[int, ...], values: int) -> bytes:
    head = io.BytesIO()
    npy.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return head.getvalue() + bytes(values)


def _zip(*members: tuple[str, bytes], **options: Any) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        options.setdefault("compression", zipfile.ZIP_DEFLATED)
        with zipfile.ZipFile(path, "w", **options) as made, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # two members of one name
            for name, content in members:
                made.writestr(name, content)

    return write


def _bomb(path: Path) -> None:
    """Pack 300 MB of zeros, a piece at a time, into 300 kB."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made,
        made.open("layer.npy", "w", force_zip64=True) as member,
    ):
        member.write(_npy_bytes((300, 250_000), 0))
        for _ in range(300):
            member.write(bytes(1_000_000))


def _bad_checksum(path: Path) -> None:
    _zip(("x.npy", _npy_bytes((12, 4), 192)), compression=zipfile.ZIP_STORED)(path)
    raw = bytearray(path.read_bytes())
    raw[200] ^= 1
    path.write_bytes(raw)


def _safetensors(header: object, values: int = 192) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(values))

    return write


def _tensor(dtype: str, shape: list[int], end: int) -> dict[str, Any]:
    return {"x": {"dtype": dtype, "shape": shape, "data_offsets": [0, end]}}


def _table(**columns: Any) -> Callable[[Path], object]:
    return lambda path: pq.write_table(pa.table(columns), path)


def _dense_table(path: Path) -> None:
    """Write two million times one list: a dictionary and its repeats pack it to nothing."""
    one = pa.array(np.zeros(2_000_000, np.float32))
    lists = pa.FixedSizeListArray.from_arrays(one, 2000)
    with pq.ParquetWriter(path, pa.schema([("x", lists.type)])) as writer:
        for _ in range(20):
            writer.write_table(pa.table({"x": lists}))


def _cut(write: Callable[[Path], object], keep: int) -> Callable[[Path], object]:
    def cut(path: Path) -> None:
        write(path)
        path.write_bytes(path.read_bytes()[:keep])

    return cut


def _h5(fill: Callable[[h5py.File], object]) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        with h5py.File(path, "w") as file:
            fill(file)

    return write


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((12, 4), "f4")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "x", (12, 4))
    file.create_virtual_dataset("x", layout)


def _external(file: h5py.File) -> None:
    file.create_dataset("x", (12, 4), "f4", external=[("/etc/hostname", 0, 192)])


def _saved(values: Any, **more: Any) -> Callable[[Path], object]:
    return lambda path: np.save(path, values, **more)


def _with(row: int, column: int, value: float, dtype: str = "f4") -> np.ndarray:
    changed = GOOD.astype(dtype)
    changed[row, column] = value
    return changed


BAD = (
    # --- .npy
    Bad("empty.npy", lambda p: p.write_bytes(b""), "empty.npy is no array that numpy wrote"),
    Bad("text.npy", lambda p: p.write_text("0.1 0.2\n"), "is no array that numpy wrote"),
    Bad("claim.npy", _npy_header("(1342177, 1000)"), r"claims \(1342177, 1000\).*5.4 GB.*100 byt"),
    Bad("overflow.npy", _npy_header(f"({2**62}, 4)"), "claims.*and holds 100 bytes"),
    Bad("negative.npy", _npy_header("(-5, 4)"), r"claims the shape \(-5, 4\), which no array has"),
    Bad("code.npy", _npy_header("__import__('os').getcwd()"), "is no array that numpy wrote"),
    Bad("cut.npy", _cut(_saved(GOOD), 200), "is cut off or no whole .npy file"),
    Bad(
        "objects.npy",
        _saved(np.array([[1.0, None]], object), allow_pickle=True),
        "holds Python objects, which are code and are never read",
    ),
    Bad("records.npy", _saved(np.zeros((5,), [("a", "f4")])), "holds records of .*plain numbers"),
    Bad("complex.npy", _saved(GOOD.astype("c8")), "'complex' should hold real numbers, got dtype"),
    Bad("flags.npy", _saved(GOOD > 0), "should hold real numbers, got dtype bool"),
    Bad("vector.npy", _saved(GOOD[0]), r"expected \(n, d\) or, with --layout, three axes, got ve"),
    Bad("none.npy", _saved(GOOD[:0]), r"should be \(n, d\) with n and d at least 1"),
    Bad(
        "axes.npy",
        _saved(np.zeros((3, 12, 4), "f4")),
        r"say --layout lnd where it is \(layers, n, d\), here 12 samples, or --layout nld",
    ),
    Bad("nan.npy", _saved(_with(7, 2, np.nan)), "the first in row 7, column 2: nan"),
    Bad("large.npy", _saved(_with(3, 1, 1e300, "f8")), "3, column 1: 1e.300 is beyond float32's"),
    Bad("half.npy", _saved(_with(0, 3, np.inf, "f2")), "the first in row 0, column 3: inf"),
    Bad(
        "deep.npy",
        _saved(np.where(np.arange(24).reshape(2, 3, 4) == 20, np.nan, 0.5)),
        "layer 'deep.1' holds 1 values that are not finite, the first in row 2, column 0",
        "lnd",
    ),
    # --- .npz
    Bad("text.npz", lambda p: p.write_bytes(b"PK no zip"), "text.npz is no .npz file"),
    Bad("strange.npz", _zip(("run.py", b"import os")), "holds 'run.py', which is no array"),
    Bad("bomb.npz", _bomb, "layer claims 300.0 MB, and 29.* kB .* do not pack 20 to 1"),
    Bad(
        "claim.npz",
        _zip(("x.npy", _npy_bytes((1_342_177, 1000), 64))),
        "x claims .*5.4 GB, and unpacks to 64 bytes",
    ),
    Bad(
        "objects.npz",
        lambda p: np.savez(p, x=np.array([None, 1], object)),
        "objects.npz, x holds Python objects",
    ),
    Bad("checksum.npz", _bad_checksum, "checksum.npz, x cannot be unpacked: Bad CRC"),
    Bad("method.npz", _zip(("x.npy", b""), compression=zipfile.ZIP_LZMA), "packed in a way that n"),
    Bad(
        "twice.npz",
        _zip(("x.npy", _npy_bytes((12, 4), 192)), ("x.npy", _npy_bytes((12, 4), 192))),
        "holds two arrays called 'x'",
    ),
    Bad(
        "rows.npz",
        lambda p: np.savez(p, first=GOOD, second=GOOD[:11]),
        "layer 'second' holds 11 samples, layer 'first' holds 12",
    ),
    Bad("labels.npz", lambda p: np.savez(p, labels=np.arange(12)), "labels have fewer axes"),
    Bad(
        "ids.npz",
        lambda p: np.savez(p, x=GOOD, ids=["a"] * 12),
        "a sample id should stand for one row, and a stands for several",
    ),
    Bad(
        "fewids.npz",
        lambda p: np.savez(p, x=GOOD, ids=["a", "b"]),
        "holds 12 rows, and fewids.npz 2 sample ids",
    ),
    Bad("floats.npz", lambda p: np.savez(p, x=GOOD, id=GOOD[:, 0]), "text or whole numbers, got"),
    # --- .safetensors
    Bad("text.safetensors", lambda p: p.write_text("x"), "is no whole .safetensors file"),
    Bad(
        "header.safetensors",
        lambda p: p.write_bytes(struct.pack("<Q", 5 * GIB) + b"{}"),
        "is no whole .safetensors file",
    ),
    Bad(
        "claim.safetensors",
        _safetensors(_tensor("F32", [1_342_177, 1000], 4 * 1_342_177_000)),
        "is no whole .safetensors file",
    ),
    Bad("shape.safetensors", _safetensors(_tensor("F32", [13, 4], 192)), "is no whole .safetensor"),
    Bad("json.safetensors", _safetensors(b"[" * 5000), "is no whole .safetensors file"),
    Bad("small.safetensors", _safetensors(_tensor("F8_E4M3", [12, 16], 192)), "holds F8_E4M3, exp"),
    Bad(
        "ids.safetensors",
        lambda p: save_file({"x": GOOD}, p, {"ids": "a,b"}),
        "ids in the metadata are no JSON",
    ),
    # --- .parquet
    Bad("text.parquet", lambda p: p.write_text("PAR1PAR1"), "is no whole .parquet file"),
    Bad("cut.parquet", _cut(_table(x=[[0.5, 1.0]] * 12), 100), "is no whole .parquet file"),
    Bad("claim.parquet", _dense_table, "x claims .* features do not pack 20 to 1"),
    Bad("flat.parquet", _table(x=[0.5, 1.0]), r"columns of lists of numbers.*x \(double\)"),
    Bad("ragged.parquet", _table(x=[[0.5], [1.0, 2.0]]), "should be of one length, got 1 to 2"),
    Bad("empty.parquet", _table(x=[[0.5], None]), "column x has 1 empty places"),
    Bad("ids.parquet", _table(x=[[0.5], [1.0]], id=["a", None]), "row 1 has no sample id"),
    # --- .h5
    Bad("text.h5", lambda p: p.write_text("x" * 100), "text.h5 is no whole HDF5 file"),
    Bad(
        "claim.h5",
        _h5(lambda f: f.create_dataset("x", (1_342_177, 1000), "f4", chunks=True)),
        "x claims 5.4 GB, and 0 bytes of the file are its",
    ),
    Bad(
        "unwritten.h5",
        _h5(lambda f: f.create_dataset("x", (12, 4), "f4")),
        r"x claims \(12, 4\) float32 and holds 0 bytes",
    ),
    Bad("link.h5", _h5(lambda f: f.__setitem__("x", h5py.ExternalLink("e.h5", "x"))), "link to e"),
    Bad("soft.h5", _h5(lambda f: f.__setitem__("x", h5py.SoftLink("/y"))), "link to elsewhere"),
    Bad("virtual.h5", _h5(_virtual), "keeps its values in other files"),
    Bad("external.h5", _h5(_external), "keeps its values in other files"),
    Bad("words.h5", _h5(lambda f: f.create_dataset("x", data=[["a", "b"]])), "should hold real nu"),
    # --- none of them
    Bad("model.pt", lambda p: p.write_bytes(b"\x80\x02."), "as .safetensors: a pickle is code"),
    Bad("table.csv", lambda p: p.write_text("1,2"), "should be in a .safetensors, .npy, .npz"),
)
"""More than forty."""

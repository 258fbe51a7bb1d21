"""Damaged input: whatever a reader of people's files is given, it reads or refuses by name.

Files of every kind are written as they should be, then bits are turned, stretches cut, put in, put
twice or exchanged, and values of JSON, TOML and file heads replaced by those of another kind. An
input is `read`, `refused` (one of our errors), or `failed`: any other error, kept with its
traceback and the seed that makes it again.

One file, since every kind of file is damaged by one runner.
"""

import contextlib
import io
import json
import os
import struct
import sys
import tempfile
import traceback
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from ingest.catalog import Catalog, load, load_catalog
from ingest.catalog.records import DatasetRecord, TaskRecord
from ingest.datasets import open_dataset
from ingest.datasets.images import check_bytes, content_hash, decode
from ingest.datasets.tasks.openers import open_task
from ingest.experiments.bits.texts import text_of_files
from ingest.experiments.color.words import words_of
from ingest.experiments.imports.harness import read_results
from ingest.store.features import FeatureHeader, FeatureStore, read_header, read_layers
from prh_core.errors import PRHError

Random = np.random.Generator
VERDICTS = ("read", "refused", "failed")
PER_COUNT = 5
"""Inputs of every other kind for one of each image format."""


class Failure(NamedTuple):
    """An input that ended in an error which is none of ours."""

    kind: str
    seed: tuple[int, ...]
    """What `np.random.default_rng` was given to make it."""
    trace: str


class Kind(NamedTuple):
    """One kind of file: whole ones, their own mutations, and who reads it."""

    name: str
    """Of the file."""
    whole: Sequence[bytes]
    read: Callable[[Path], None]
    structural: Callable[[bytes, Random], bytes] | None = None


def run(count: int, seed: int) -> dict[str, dict[str, int]]:
    """Mutate `count` images of each format and five times as many of every other kind.

    Tracebacks of what failed go to standard error.

    Args:
        count: images of each format.
        seed: of all mutations.

    Returns:
        By kind, how many inputs were read, refused and failed.
    """
    failures: list[Failure] = []
    with _quiet():
        counts = mutate(count, seed, failures)
    for failure in failures:
        sys.stderr.write(f"{failure.kind}, seed {failure.seed}:\n{failure.trace}\n")
    return counts


def mutate(
    count: int,
    seed: int,
    failures: list[Failure] | None = None,
    only: Sequence[str] = (),
) -> dict[str, dict[str, int]]:
    """Do what `run` says; failures are added to the list given.

    Args:
        count: images of each format.
        seed: of all mutations.
        failures: filled with what failed.
        only: kinds to mutate; all by default.
    """
    counts: dict[str, dict[str, int]] = {}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, (name, kind) in enumerate(kinds(Path(folder)).items()):
            if only and name not in only:
                continue
            counts[name] = dict.fromkeys(VERDICTS, 0)
            many = count if name.startswith("image ") else count * PER_COUNT
            for i in range(many):
                verdict = _verdict(name, kind, Path(folder), (seed, number, i), failures)
                counts[name][verdict] += 1
    return counts


def _verdict(
    name: str, kind: Kind, folder: Path, seed: tuple[int, ...], failures: list[Failure] | None
) -> str:
    rng = np.random.default_rng(seed)
    path = folder / kind.name
    path.write_bytes(damaged(kind, rng))
    try:
        kind.read(path)
    except PRHError:
        return "refused"
    except Exception:  # noqa: BLE001 - what a sweep is for
        if failures is not None:
            failures.append(Failure(name, seed, traceback.format_exc()))
        return "failed"
    return "read"


def damaged(kind: Kind, rng: Random) -> bytes:
    """Return a file of a kind with one to three things wrong."""
    raw = kind.whole[int(rng.integers(len(kind.whole)))]
    if kind.structural is not None and rng.random() < 0.6:
        raw = kind.structural(raw, rng)
        if rng.random() < 0.7:
            return raw
    for _ in range(rng.integers(1, 4)):
        raw = _BYTES[rng.integers(len(_BYTES))](raw, rng)
    return raw


def _stretch(raw: bytes, rng: Random) -> tuple[int, int]:
    """Return where a short stretch starts and ends; every other one lies in the head."""
    end = min(len(raw), 256) if rng.random() < 0.5 else len(raw)
    start = int(rng.integers(end)) if end else 0
    return start, min(len(raw), start + int(rng.integers(1, 33)))


def _turned(raw: bytes, rng: Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(rng.integers(1, 9)):
        start, end = _stretch(raw, rng)
        if start < end:
            changed[start] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _overwritten(raw: bytes, rng: Random) -> bytes:
    start, end = _stretch(raw, rng)
    fill = rng.integers(0, 256, end - start, np.uint8).tobytes()
    extremes = (fill, b"\xff" * (end - start), b"\0" * (end - start))
    return raw[:start] + extremes[rng.integers(3)] + raw[end:]


def _truncated(raw: bytes, rng: Random) -> bytes:
    return raw[: rng.integers(len(raw) + 1)]


def _put_in(raw: bytes, rng: Random) -> bytes:
    start, end = _stretch(raw, rng)
    return raw[:start] + rng.integers(0, 256, end - start, np.uint8).tobytes() + raw[start:]


def _cut_out(raw: bytes, rng: Random) -> bytes:
    start, end = _stretch(raw, rng)
    return raw[:start] + raw[end:]


def _twice(raw: bytes, rng: Random) -> bytes:
    start, end = _stretch(raw, rng)
    return raw[:end] + raw[start:]


def _exchanged(raw: bytes, rng: Random) -> bytes:
    a, b, c, d = sorted(rng.integers(0, len(raw) + 1, 4).tolist())
    return raw[:a] + raw[c:d] + raw[b:c] + raw[a:b] + raw[d:]


_BYTES = (_turned, _overwritten, _truncated, _put_in, _cut_out, _twice, _exchanged)

ODD: tuple[Any, ...] = (
    None, True, 0, -1, 3, 1.5, float("nan"), float("inf"), 10**30, "", "x", "\0", "\ud83e",
    "../x", "a" * 300, [], {}, [None], [[1]], {"x": {}}, ["x", 3], {"": None},
)  # fmt: skip
"""Values that stand where one of another kind should."""


def odd_value(value: Any, rng: Random) -> Any:
    """Return a JSON value with one part replaced, left out, put twice or named otherwise."""
    inside = [key for key in _keys(value)]
    if not inside or rng.random() < 0.15:
        return ODD[rng.integers(len(ODD))]
    key = inside[rng.integers(len(inside))]
    changed = dict(value) if isinstance(value, dict) else list(value)
    what = rng.random()
    if what < 0.08:
        del changed[key]
    elif what < 0.12 and isinstance(changed, list):
        changed.append(changed[key])
    elif what < 0.12:
        changed[str(ODD[rng.integers(len(ODD))])] = changed.pop(key)  # type: ignore[index, arg-type]
    else:
        changed[key] = odd_value(changed[key], rng)
    return changed


def _keys(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value)
    return range(len(value)) if isinstance(value, list) else ()


def _odd_json(raw: bytes, rng: Random) -> bytes:
    return json.dumps(odd_value(json.loads(raw), rng)).encode()


def _odd_line(raw: bytes, rng: Random) -> bytes:
    lines = raw.split(b"\n")
    at = rng.integers(len(lines))
    lines[at] = _odd_json(lines[at], rng) if lines[at] else b"null"
    return b"\n".join(lines)


_TOML = (
    "1", "-1", "1.5", "nan", "inf", '""', '"x"', '"\\u0000"', "true", "[]", "{}", "[1]", '["x"]',
    "{ x = 1 }", "[[1]]", "1979-05-27", '"../x"', f'"{"a" * 300}"', "9" * 5000, "'",
)  # fmt: skip


def _odd_toml(raw: bytes, rng: Random) -> bytes:
    lines = raw.decode().split("\n")
    at = int(rng.integers(len(lines)))
    what = rng.random()
    if what < 0.1:
        del lines[at]
    elif what < 0.2:
        lines.insert(at, lines[at])
    elif "=" in lines[at]:
        lines[at] = lines[at].split("=")[0] + "= " + _TOML[rng.integers(len(_TOML))]
    else:
        lines[at] = ("[x]", "[[x]]", "[model]", "[[series]]", "x")[rng.integers(5)]
    return "\n".join(lines).encode()


def _odd_cell(raw: bytes, rng: Random) -> bytes:
    """Put a sign that means something in CSV, or to Unicode, somewhere."""
    text = raw.decode()
    at = int(rng.integers(len(text) + 1))
    signs = ('"', ",", "\r", "\n", "\u2028", "\x1c", "\0", "\ufeff", '""', "e\u0301", ";", "nan")
    return (text[:at] + signs[rng.integers(len(signs))] + text[at:]).encode()


def _odd_chunk(raw: bytes, rng: Random) -> bytes:
    """Damage one chunk of a PNG, and write its length and checksum anew."""
    chunks: list[tuple[bytes, bytes]] = []
    at = 8
    while at < len(raw):
        size = struct.unpack(">I", raw[at : at + 4])[0]
        chunks.append((raw[at + 4 : at + 8], raw[at + 8 : at + 8 + size]))
        at += 12 + size
    place = int(rng.integers(len(chunks)))
    names = b"tRNS PLTE eXIf iCCP tEXt iTXt zTXt gAMA pHYs sRGB acTL fcTL cHRM".split()
    if rng.random() < 0.4:
        name = names[rng.integers(len(names))]
        chunks.insert(place, (name, rng.integers(0, 256, rng.integers(40), np.uint8).tobytes()))
    else:
        name, content = chunks[place]
        chunks[place] = (name, _BYTES[rng.integers(len(_BYTES))](content, rng))
    return raw[:8] + b"".join(
        struct.pack(">I", len(content)) + name + content
        + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )  # fmt: skip


def _odd_member(raw: bytes, rng: Random) -> bytes:
    """Damage one array of an archive, and pack it anew with the right checksums."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = list(members)[rng.integers(len(members))]
    if rng.random() < 0.5:
        kinds_of = ("<i8", "<f4", "<u2", "|b1", "<U3", "|S2", "<c8", "|O", "<M8[s]", "<f2", ">i2")
        kind = kinds_of[rng.integers(len(kinds_of))]
        head = members[name].split(b"\n")[0]
        start = head.index(b"'descr': '") + 10
        end = head.index(b"'", start)
        changed = head[:start] + kind.encode() + head[end:]
        members[name] = changed[: len(head)].ljust(len(head)) + members[name][len(head) :]
    else:
        members[name] = _BYTES[rng.integers(len(_BYTES))](members[name], rng)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return buffer.getvalue()


def _odd_head(raw: bytes, rng: Random) -> bytes:
    """Change the head of a safetensors file, and its length to fit."""
    size = struct.unpack("<Q", raw[:8])[0]
    head = json.loads(raw[8 : 8 + size])
    about = head["__metadata__"]
    if rng.random() < 0.6:
        about["header"] = json.dumps(odd_value(json.loads(about["header"]), rng))
    elif rng.random() < 0.5:
        head["__metadata__"] = {key: str(value) for key, value in _object(about, rng).items()}
    else:
        head = odd_value(head, rng)
    content = json.dumps(head).encode()
    return struct.pack("<Q", len(content)) + content + raw[8 + size :]


def _object(value: Mapping[str, Any], rng: Random) -> Mapping[str, Any]:
    changed = odd_value(value, rng)
    return changed if isinstance(changed, dict) else {}


_OF_IMAGES = {"PNG": _odd_chunk}


def kinds(folder: Path) -> dict[str, Kind]:
    """Return every kind of file with whole ones of it; `folder` holds what they refer to."""
    shipped = load_catalog()
    images = {
        f"image {name.lower()}": Kind(
            f"picture.{name.lower()}", whole, _read_image, _OF_IMAGES.get(name)
        )
        for name, whole in _images().items()
    }
    (folder / "images").mkdir()
    names = [f"{i}.png" for i in range(3)]
    for i, name in enumerate(names):
        Image.new("RGB", (4, 4), (40 * i, 0, 0)).save(folder / "images" / name)
    rows = "\r\n".join(['image,caption,"a, b"', *(f'{n},"a ""red"" dot\n{n}",x' for n in names)])
    lines = [json.dumps({"image": n, "caption": ["a dot", f"a dot of {n}"]}) for n in names]
    texts = [json.dumps({"text": f"a dot of {n}"}) for n in names]
    words = "\n".join(["word,L,a,b,count", *(f"word{i},{i},{i * 2},-{i},1{i}0" for i in range(9))])
    numbered = "".join(f"{name} {i % 2}\n" for i, name in enumerate(names))
    return images | {
        "captions csv": Kind("captions.csv", [rows.encode()], _dataset, _odd_cell),
        "captions jsonl": Kind("captions.jsonl", ["\n".join(lines).encode()], _dataset, _odd_line),
        "listed images": Kind("list.txt", [numbered.encode()], _listed, _odd_cell),
        "color words": Kind("words.csv", [words.encode()], _words, _odd_cell),
        "catalog toml": Kind("mine.toml", [_CATALOG.encode()], _catalog, _odd_toml),
        "task npz": Kind("task.npz", _archives(), _task, _odd_member),
        "text jsonl": Kind("text.jsonl", ["\n".join(texts).encode()], _text, _odd_line),
        "text parquet": Kind("text.parquet", _tables(), _text),
        "lm-eval json": Kind("results.json", [_RESULTS], _harness(shipped), _odd_json),
        "features": Kind("features.safetensors", [_features(folder)], _feature_file, _odd_head),
    }


def _images() -> dict[str, list[bytes]]:
    """Return small pictures in every format this Pillow writes and reads."""
    rng = np.random.default_rng(0)
    ramp = np.add.outer(np.arange(20), np.arange(28)) * 5
    gray = Image.fromarray((ramp + rng.integers(0, 9, ramp.shape)).astype(np.uint8))
    colors = Image.merge("RGB", (gray, gray.transpose(Image.Transpose.ROTATE_180), gray))
    clear = colors.copy()
    clear.putalpha(gray)
    deep = Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
    tags = Image.Exif()
    tags[0x0112] = 6
    tags[0x8825] = {1: "N", 2: (51.0, 2.5, 0.0)}
    few = colors.quantize(8)
    wanted: dict[str, list[tuple[Image.Image, dict[str, Any]]]] = {
        "PNG": [(colors, {"exif": tags}), (clear, {}), (deep, {}), (few, {"transparency": 1})],
        "JPEG": [(colors, {"exif": tags}), (gray, {"progressive": True})],
        "GIF": [(few, {"transparency": 2}), (few, {"save_all": True, "append_images": [few]})],
        "WEBP": [(colors, {"exif": tags}), (clear, {"lossless": True})],
        "BMP": [(colors, {}), (few, {}), (clear, {})],
        "TIFF": [
            (colors, {"tiffinfo": {0x0112: 6}}), (deep, {}), (clear, {"compression": "tiff_lzw"}),
            (gray, {"compression": "tiff_adobe_deflate"}),
        ],
        "AVIF": [(colors, {"exif": tags}), (clear, {})],
        "JPEG2000": [(colors, {}), (deep, {})],
        "PPM": [(colors, {}), (gray, {}), (deep, {})],
        "ICO": [(clear, {"sizes": [(16, 16)]})],
        "TGA": [(clear, {"compression": "tga_rle"}), (few, {})],
        "PCX": [(colors, {})],
        "SGI": [(colors, {})],
        "DDS": [(clear, {})],
        "QOI": [(clear, {})],
    }  # fmt: skip
    found: dict[str, list[bytes]] = {}
    for name, pictures in wanted.items():
        for picture, how in pictures:
            buffer = io.BytesIO()
            with contextlib.suppress(OSError, KeyError):  # a Pillow without this format
                picture.save(buffer, name, **how)
                found.setdefault(name, []).append(buffer.getvalue())
    return found


def _read_image(path: Path) -> None:
    raw = path.read_bytes()
    named = content_hash(raw)
    picture = decode(raw)
    assert picture.mode == "RGB" and check_bytes(raw) == named


def _record(folder: Path, kind: str, **options: str) -> DatasetRecord:
    return DatasetRecord(
        id="mine", title="Mine", kind=kind, source="here", revision="1", license="MIT",  # type: ignore[arg-type]
        citation="me", options=dict(options), base=folder,
    )  # fmt: skip


def _dataset(path: Path) -> None:
    opened = open_dataset(_record(path.parent, "folder", images="images", captions=path.name))
    assert opened.row_order and opened.caption_hash


def _listed(path: Path) -> None:
    (path.parent / "names.txt").write_text("/a/barn 0\n/b/bridge 1\n")
    opened = open_dataset(
        _record(path.parent, "listed", images="images", list=path.name, categories="names.txt")
    )
    assert opened.row_order and opened.caption_hash


def _words(path: Path) -> None:
    assert words_of(path).digest


_CATALOG = """
[[model]]
id = "mine"
label = "Mine"
modality = "vision"
family = "mine"
objective = "none"
source = "here"
revision = "1"
license = "MIT"
loader = "timm-random"
citation = "me"
options = { architecture = "x", layers = [1, 2] }
[[series]]
[series.common]
modality = "language"
label = "Own"
family = "own"
objective = "none"
source = "own"
license = "MIT"
loader = "transformers"
citation = "me"
[series.common.options]
path = "x"
[[series.member]]
id = "own-1"
revision = "1"
[[dataset]]
id = "photos"
title = "Photos"
kind = "folder"
source = "here"
revision = "1"
license = "MIT"
citation = "me"
[dataset.options]
images = "images"
where = { split = "test" }
[[panel]]
id = "both"
title = "Both"
models = ["mine", "own-1"]
"""


def _catalog(path: Path) -> None:
    # Without the records that ship: they are read in full for each of thousands.
    with mock.patch.object(load, "SHIPPED", path.parent / "nothing ships"):
        assert load_catalog([path]).panels is not None


def _archives() -> list[bytes]:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (8, 5, 6, 3), np.uint8)
    found: list[bytes] = []
    for images, labels in (
        (pictures, np.arange(8) % 2), (pictures[..., 0] / 255, np.array(["a", "b"] * 4)),
        (pictures[..., 0].astype(np.uint16) * 257, np.eye(2)[np.arange(8) % 2]),
    ):  # fmt: skip
        buffer = io.BytesIO()
        arrays = {
            "train_images": images[:5], "train_labels": labels[:5],
            "test_images": images[5:], "test_labels": labels[5:],
        }  # fmt: skip
        np.savez(buffer, **arrays)  # type: ignore[arg-type]
        found.append(buffer.getvalue())
    return found


def _task(path: Path) -> None:
    task = open_task(
        TaskRecord(
            id="mine",
            title="Mine",
            group="natural",
            kind="npz",
            source="here",
            revision="1",
            license="MIT",
            citation="me",
            options={"file": path.name},
            base=path.parent,
        )  # fmt: skip
    )
    assert task.dataset.row_order and task.dataset.image_hash
    assert all(task.dataset.image(i).mode == "RGB" for i in range(len(task.dataset)))


def _tables() -> list[bytes]:
    texts = ["one", None, "two dots"] * 9
    found: list[bytes] = []
    for kind, packing in ((pa.string(), "none"), (pa.large_string(), "zstd")):
        sink = pa.BufferOutputStream()
        table = pa.table({"text": pa.array(texts, kind), "other": list(range(27))})
        pq.write_table(table, sink, compression=packing)
        found.append(sink.getvalue().to_pybytes())
    return found


def _text(path: Path) -> None:
    text = text_of_files(path, "text")
    for document in text.read(lambda _: None):
        assert document.text.encode()


_RESULTS = json.dumps(
    {
        "results": {
            "hellaswag": {
                "alias": "hellaswag", "acc,none": 0.5, "acc_stderr,none": 0.01,
                "acc_norm,none": 0.6, "acc_norm_stderr,none": "N/A",
            },
            "gsm8k": {"exact_match,strict-match": 0.1, "exact_match_stderr,strict-match": 0.02},
        },
        "n-shot": {"hellaswag": 0, "gsm8k": 5},
        "config": {"model": "hf", "model_args": "pretrained=bigscience/bloomz-560m,dtype=auto"},
        "model_name": "bigscience/bloomz-560m",
        "lm_eval_version": "0.4.9",
    }
).encode()  # fmt: skip


def _harness(catalog: Catalog) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        read_results(path, catalog)

    return read


def _features(folder: Path) -> bytes:
    layers = {name: np.arange(8, dtype=np.float32).reshape(4, 2) for name in ("0", "1")}
    header = FeatureHeader(
        key="k" * 32, model_id="mine", revision="1", dataset_id="photos", dataset_revision="1",
        row_order="r" * 64, n=4, pooling="mean", prompt="none", layer_names=("0", "1"),
        widths=(2, 2), dtype="float32", facts={"device": "cpu"},
    )  # fmt: skip
    return FeatureStore(folder / "store").write(header, layers).read_bytes()


def _feature_file(path: Path) -> None:
    header = read_header(path)
    assert len(read_layers(path)) == len(header.layer_names)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what C libraries say of damaged files off the terminal."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)

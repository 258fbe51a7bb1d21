"""Images as people bring them: every depth, odd tags, strangers, links and names."""

import io
import os
import struct
import unicodedata
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from ingest.datasets import open_dataset
from ingest.datasets.images import check_bytes, check_files, content_hash, decode, image_endings
from ingest.errors import (
    CorruptImageError,
    DatasetError,
    MissingCaptionError,
    UnsupportedImageError,
)
from ingest.progress import Silent
from tests.ingest.photos import NAMES, captions, record
from tests.ingest.photos import folder as folder  # a fixture

RAMP = np.arange(0, 256, dtype=np.uint8).reshape(16, 16)
DEEP = RAMP.astype(np.uint16) * 257


def encoded(picture: Image.Image, kind: str, **how: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **how)
    return buffer.getvalue()


def tiff(
    samples: np.ndarray, kind: int = 1, white_is_zero: bool = False, bits: int | None = None
) -> bytes:
    """Return an uncompressed TIFF of one channel; `kind` is its sample format."""
    height, width = samples.shape
    content = samples.tobytes() if bits is None else packed(samples, bits)
    end = ">" if samples.dtype.byteorder == ">" else "<"
    tags = [
        (256, 4, width), (257, 4, height), (258, 3, bits or samples.dtype.itemsize * 8),
        (259, 3, 1), (262, 3, 0 if white_is_zero else 1), (273, 4, 8), (277, 3, 1),
        (278, 4, height), (279, 4, len(content)), (339, 3, kind),
    ]  # fmt: skip
    head = (b"II*\0" if end == "<" else b"MM\0*") + struct.pack(end + "I", 8 + len(content))
    body = struct.pack(end + "H", len(tags))
    for tag, form, value in tags:
        one = struct.pack(end + "HH", value, 0) if form == 3 else struct.pack(end + "I", value)
        body += struct.pack(end + "HHI", tag, form, 1) + one
    return head + content + body + struct.pack(end + "I", 0)


def packed(samples: np.ndarray, bits: int) -> bytes:
    """Return samples of so many bits, without gaps."""
    text = "".join(f"{value:0{bits}b}" for value in samples.ravel().tolist())
    return int(text, 2).to_bytes(len(text) // 8, "big")


def png16(channels: np.ndarray, color: int, clear: tuple[int, ...] = ()) -> bytes:
    """Return a PNG of 16 bits a channel; `clear` is its transparent color."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + checksum

    height, width = channels.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in channels)
    head = struct.pack(">IIBBBBB", width, height, 16, color, 0, 0, 0)
    named = chunk(b"tRNS", struct.pack(f">{len(clear)}H", *clear)) if clear else b""
    content = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + named + content + chunk(b"IEND", b"")


def pgm(top: int, plain: bool = False) -> bytes:
    """Return the ramp as a portable gray map whose white is `top`."""
    values = np.rint(RAMP.astype(float) * top / 255).astype(">u2")
    if plain:
        return f"P2 16 16 {top}\n{' '.join(map(str, values.ravel()))}\n".encode()
    return f"P5 16 16 {top}\n".encode() + values.tobytes()


DEEP_RAMPS: dict[str, Callable[[], bytes]] = {
    "png": lambda: encoded(Image.fromarray(DEEP), "PNG"),
    "png of colors": lambda: png16(np.repeat(DEEP[..., None], 3, axis=2), 2),
    "png of gray and alpha": lambda: png16(np.stack([DEEP, np.full_like(DEEP, 65535)], 2), 4),
    "tiff": lambda: encoded(Image.fromarray(DEEP), "TIFF"),
    "tiff, big-endian": lambda: tiff(DEEP.astype(">u2")),
    "tiff, white is zero": lambda: tiff(65535 - DEEP, white_is_zero=True),
    "tiff of 12 bits": lambda: tiff(np.rint(RAMP * (4095 / 255)).astype("<u2"), bits=12),
    "jpeg 2000": lambda: encoded(Image.fromarray(DEEP), "JPEG2000", irreversible=False),
    "pgm": lambda: pgm(65535),
    "pgm of 1000": lambda: pgm(1000),
    "pgm of 4095": lambda: pgm(4095),
    "pgm in figures": lambda: pgm(4095, plain=True),
    "ico": lambda: encoded(Image.fromarray(DEEP), "ICO", sizes=[(16, 16)]),
}


@pytest.mark.parametrize("kind", DEEP_RAMPS)
def test_deep_gray_is_scaled_by_its_own_range(kind: str) -> None:
    found = np.asarray(decode(DEEP_RAMPS[kind]()))
    assert found.shape == (16, 16, 3) and found.dtype == np.uint8
    np.testing.assert_array_equal(found, np.repeat(RAMP[..., None], 3, axis=2))


@pytest.mark.parametrize(
    "raw",
    [
        tiff(DEEP.astype("<i4"), kind=2),
        tiff(DEEP.astype("<u4")),
        tiff((DEEP.astype(int) - 32768).astype("<i2"), kind=2),
        tiff((RAMP.astype(int) - 128).astype("i1"), kind=2),
        tiff((RAMP / 255).astype("<f4"), kind=3),
        b"Pf 16 16 -1.0\n" + (RAMP / 255).astype("<f4").tobytes(),
    ],
    ids=["i4", "u4", "i2", "i1", "f4", "pfm"],
)
def test_numbers_without_a_range_are_refused(raw: bytes) -> None:
    with pytest.raises(UnsupportedImageError, match="range of their own: save it as"):
        decode(raw)
    assert check_bytes(raw) is None


def test_the_key_of_deep_pictures_alone_says_how_they_are_read() -> None:
    for make in (DEEP_RAMPS["png"], DEEP_RAMPS["pgm"], DEEP_RAMPS["tiff, big-endian"]):
        assert content_hash(make()).endswith(":decoding-1") and check_bytes(make()) == content_hash(
            make()
        )
    for plain in (
        encoded(Image.fromarray(RAMP), "PNG"),
        encoded(Image.fromarray(RAMP), "JPEG"),
        DEEP_RAMPS["png of colors"](),
    ):
        assert len(content_hash(plain)) == 64 and check_bytes(plain) == content_hash(plain)


def test_shallow_pictures_are_read_as_ever() -> None:
    """The reading of before: upright, transparency over white, everything else by Pillow."""
    rng = np.random.default_rng(0)
    colors = Image.fromarray(rng.integers(0, 256, (12, 9, 3), np.uint8))
    alpha = colors.copy()
    alpha.putalpha(Image.fromarray(rng.integers(0, 256, (12, 9), np.uint8)))
    exif = Image.Exif()
    exif[0x0112] = 6
    for raw in (
        encoded(colors, "PNG"), encoded(colors.convert("L"), "PNG"),
        encoded(colors.quantize(7), "PNG"), encoded(colors.quantize(7), "PNG", transparency=2),
        encoded(colors.convert("1"), "PNG"), encoded(colors.convert("CMYK"), "JPEG"),
        encoded(colors.convert("L"), "PNG", transparency=9), encoded(alpha.convert("LA"), "PNG"),
        encoded(colors.convert("LAB"), "TIFF"), encoded(colors.convert("YCbCr"), "TIFF"),
    ):  # fmt: skip
        with Image.open(io.BytesIO(raw)) as opened:
            wanted = opened.convert("RGB")
            if opened.has_transparency_data:
                seen = opened.convert("RGBA")
                white = Image.new("RGBA", seen.size, "white")
                wanted = Image.alpha_composite(white, seen).convert("RGB")
        assert decode(raw).tobytes() == wanted.tobytes()
    turned = decode(encoded(colors, "PNG", exif=exif))
    assert turned.tobytes() == colors.transpose(Image.Transpose.ROTATE_270).tobytes()


def test_a_transparent_color_of_16_bits_is_white() -> None:
    gray = np.asarray(decode(png16(DEEP, 0, clear=(int(DEEP[0, 3]),))))
    assert gray[0, 3].tolist() == [255] * 3 and gray[0, 4].tolist() == [4] * 3
    colors = np.repeat(DEEP[..., None], 3, axis=2)
    found = np.asarray(decode(png16(colors, 2, clear=(int(DEEP[0, 3]),) * 3)))
    assert found[0, 3].tolist() == [255] * 3 and found[0, 4].tolist() == [4] * 3
    palette = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    palette.putpalette([10, 20, 30, 0, 40, 50, 60, 255], "RGBA")
    assert decode(encoded(palette, "TIFF")).size == (2, 1)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_an_odd_tag_does_not_damage_a_picture() -> None:
    """EXIF that no reader understands, before the picture and within a TIFF."""
    picture = Image.fromarray(np.dstack([RAMP] * 3))
    plain = encoded(picture, "PNG")
    for exif in (
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0no such thing",
        b"Exif\0\0II*\0\x08\0",
    ):
        odd = encoded(picture, "PNG", exif=exif)
        assert odd != plain and decode(odd).tobytes() == picture.tobytes()
    entries = [
        (0x0112, 3, 1, 6),  # upright after a quarter turn
        (0x011A, 5, 1, 0xFFFFFF),  # a resolution that lies beyond the end
        (0x8769, 4, 1, 0xFFFFFF), (0x8825, 4, 1, 3),  # notes and a place that are none
    ]  # fmt: skip
    ifd = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + ifd + b"\0" * 4
    wide = picture.crop((0, 0, 16, 8))
    for kind in ("JPEG", "PNG", "WEBP"):
        assert decode(encoded(wide, kind, exif=exif)).size == (8, 16)
    for tag in (0x8769, 0x8825, 0x010F):  # in a TIFF the pixels stand beside such tags
        raw = bytearray(tiff(RAMP))
        at = raw.index(struct.pack("<HHI", 277, 3, 1))
        raw[at : at + 12] = struct.pack("<HHII", tag, 4 if tag > 0x8000 else 2, 99, 0xFFFFFF)
        assert decode(bytes(raw)).tobytes() == picture.tobytes()


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "it is empty"),
        (b"%PDF-1.7 and so on", "a PDF document"),
        (b"\n<!DOCTYPE html><html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
        (b"no picture at all", "no image that Pillow reads"),
        (encoded(Image.fromarray(RAMP), "PNG")[:-40], "."),
        (encoded(Image.fromarray(RAMP), "JPEG")[:300], "."),
    ],
)
def test_what_is_no_whole_picture_is_corrupt(raw: bytes, told: str) -> None:
    with pytest.raises(CorruptImageError, match=told) as refusal:
        decode(raw)
    assert "0x" not in str(refusal.value) and str(refusal.value)


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow writes no AVIF")
def test_a_decoder_that_raises_what_it_likes_is_told_as_damage() -> None:
    raw = bytearray(encoded(Image.fromarray(np.dstack([RAMP] * 3)), "AVIF"))
    raw[-60:] = b"\0" * 60
    with pytest.raises(CorruptImageError):
        decode(bytes(raw))


@pytest.mark.parametrize(
    "error", [RuntimeError("x"), struct.error("x"), MemoryError(), KeyError(1)]
)
def test_any_error_of_a_decoder_has_a_name(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise error

    raw = encoded(Image.fromarray(RAMP), "PNG")
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", fail)
    with pytest.raises(CorruptImageError):
        decode(raw)


def test_a_picture_too_large_to_hold_is_refused() -> None:
    head = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    claim = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    rest = encoded(Image.fromarray(RAMP), "PNG")[33:]
    with pytest.raises(CorruptImageError, match="3600000000 pixels"):
        decode(b"\x89PNG\r\n\x1a\n" + claim + rest)


@pytest.mark.parametrize(
    ("raw", "told"),
    [(b"\0\0\0\x18ftypheic" + b"\0" * 40, "pillow-heif"), (b"\xff\x0a" + b"\0" * 40, "JPEG XL")],
)
def test_a_picture_without_its_decoder_is_no_damage(folder: Path, raw: bytes, told: str) -> None:
    with pytest.raises(UnsupportedImageError, match=told):
        decode(raw)
    assert {".heic", ".jxl", ".png", ".avif"} <= image_endings() and ".pdf" not in image_endings()
    (folder / "images" / "a.png").rename(folder / "images" / "a.HEIC")
    (folder / "images" / "a.HEIC").write_bytes(raw)
    captions(folder, [("b.png", "x"), ("a.HEIC", "x"), ("c.png", "x")])
    for skip in (False, True):
        with pytest.raises(UnsupportedImageError, match=rf"a\.HEIC is not read.*{told}"):
            open_dataset(record(folder), skip_corrupt=skip)


def test_the_check_forgets_what_another_decoding_found(folder: Path, tmp_path: Path) -> None:
    """A check of before says of a 16-bit picture that it is what its bytes are."""
    path, cache = folder / "images" / "a.png", tmp_path / "cache"
    path.write_bytes(DEEP_RAMPS["png"]())
    found = path.stat()
    cache.mkdir()
    earlier = f'{{"{path.resolve()}": [{found.st_size}, {found.st_mtime_ns}, "{"0" * 64}"]}}'
    (cache / "checked-images.json").write_text(earlier)
    hashes, decoded = check_files([path], Silent(), cache)
    assert decoded == 1 and hashes == [content_hash(path.read_bytes())]
    assert check_files([path], Silent(), cache) == (hashes, 0)


def test_names_match_however_their_accents_are_spelled(folder: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "café.png") for form in ("NFC", "NFD"))
    images = folder / "images"
    for on_disk, in_table in ((decomposed, composed), (composed, decomposed)):
        (images / "a.png").rename(images / on_disk)
        captions(folder, [("b.png", "x"), (in_table, "y"), ("c.png", "z")])
        dataset = open_dataset(record(folder))
        assert dataset.sample_ids == ("b.png", in_table, "c.png")
        assert dataset.image_refs[1].endswith(on_disk)
        (images / on_disk).rename(images / "a.png")
    # Each name as it stands, where both are there.
    for name in (composed, decomposed):
        (images / name).write_bytes((images / "a.png").read_bytes())
    rows = [(name, "x") for name in (*NAMES, composed, decomposed)]
    captions(folder, rows)
    assert [Path(ref).name for ref in open_dataset(record(folder)).image_refs[3:]] == [
        composed, decomposed,
    ]  # fmt: skip
    # One file by two names, and one name for two files.
    (images / decomposed).unlink()
    with pytest.raises(DatasetError, match="more than one caption row"):
        open_dataset(record(folder))
    twice = [f"e{marks}.png" for marks in ("\u0323\u0302", "\u0302\u0323")]
    for name in twice:
        (images / name).write_bytes((images / "a.png").read_bytes())
    captions(folder, [(name, "x") for name in (*NAMES, composed, "\u1ec7.png")])
    with pytest.raises(DatasetError, match="may be 2 files.*accents"):
        open_dataset(record(folder))


@pytest.mark.parametrize(
    "name", ["a[1].png", "star*.png", "what?.PNG", "back\\slash.png", "[x]/y.Png"]
)
def test_names_with_signs_of_patterns_are_names(folder: Path, name: str) -> None:
    path = folder / "images" / name
    path.parent.mkdir(exist_ok=True)
    (folder / "images" / "a.png").rename(path)
    captions(folder, [("b.png", "x"), (name, "y"), ("c.png", "z")])
    assert open_dataset(record(folder)).sample_ids == ("b.png", name, "c.png")


def test_links_are_followed_and_a_dangling_one_is_named(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / "images" / "a.png").rename(elsewhere / "a.png")
    (folder / "images" / "more").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(folder / "images")  # round and round
    captions(folder, [("b.png", "x"), ("more/a.png", "y"), ("c.png", "z")])
    assert open_dataset(record(folder)).sample_ids[1] == "more/a.png"
    (elsewhere / "a.png").unlink()
    (elsewhere / "a.png").symlink_to(tmp_path / "nowhere.png")
    for skip in (False, True):
        with pytest.raises(DatasetError, match=r"a\.png is a link that leads nowhere"):
            open_dataset(record(folder), skip_corrupt=skip)


def test_what_is_no_file_or_no_image_is_said(folder: Path) -> None:
    with pytest.raises(DatasetError, match="it is a file"):
        open_dataset(record(folder, images="captions.csv"))
    with pytest.raises(DatasetError, match="Cannot read the captions file"):
        (folder / "table.csv").mkdir()
        open_dataset(record(folder, captions="table.csv"))
    os.mkfifo(folder / "images" / "pipe.png")
    captions(folder, [(name, "x") for name in (*NAMES, "pipe.png")])
    with pytest.raises(DatasetError, match=r"pipe\.png is no file"):
        open_dataset(record(folder))
    (folder / "images" / "pipe.png").unlink()
    (folder / "images" / "paper.pdf").write_bytes(b"%PDF-1.7")
    captions(folder, [(name, "x") for name in (*NAMES, "paper.pdf")])
    with pytest.raises(
        DatasetError, match=r"1 caption rows name what is no image file: paper\.pdf"
    ):
        open_dataset(record(folder))
    captions(folder, [(name, "x") for name in NAMES])
    notes: list[str] = []
    told = Silent()
    told.note = notes.append  # type: ignore[method-assign]
    assert len(open_dataset(record(folder), progress=told)) == 3
    assert notes == ["1 file is no image and is left alone: paper.pdf."]


def test_a_file_whose_name_is_not_utf8_is_named(folder: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(folder / "images") + b"/caf\xe9.png")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system has no such names")
    with pytest.raises(DatasetError, match="caf.*is not UTF-8") as refusal:
        open_dataset(record(folder))
    assert str(refusal.value).encode("utf-8")


def test_a_hidden_file_needs_no_caption_and_may_have_one(folder: Path) -> None:
    (folder / "images" / "._a.png").write_bytes(b"what macOS leaves")
    assert len(open_dataset(record(folder))) == 3
    (folder / "images" / "._a.png").write_bytes((folder / "images" / "a.png").read_bytes())
    captions(folder, [(name, "x") for name in (*NAMES, "._a.png")])
    assert len(open_dataset(record(folder))) == 4
    (folder / "images" / "d.png").write_bytes((folder / "images" / "a.png").read_bytes())
    with pytest.raises(MissingCaptionError, match=r"5 images but captions for only 4.*d\.png"):
        open_dataset(record(folder))

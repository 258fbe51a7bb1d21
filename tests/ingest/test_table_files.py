"""Captions files and lists as people bring them: read to the letter, or refused by name."""

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.datasets import open_dataset
from ingest.errors import DatasetError, MissingCaptionError
from tests.ingest.photos import NAMES, captions, record
from tests.ingest.photos import folder as folder  # a fixture

SEPARATORS = [*"\u2028\u2029\u0085\v\f\x1c\x1d\x1e", "\n", "\r", "\r\n", "\n\r", "\t", '""']


@pytest.mark.parametrize("mark", SEPARATORS, ids=ascii)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=ascii)
def test_a_cell_is_read_to_the_letter(folder: Path, mark: str, end: str) -> None:
    rows = ["image,caption", *(f'{name},"one{mark}two, {name}"' for name in NAMES)]
    (folder / "captions.csv").write_bytes(("\ufeff" + end.join(rows) + end).encode())
    wanted = tuple(f"one{mark}two, {name}".replace('""', '"') for name in NAMES)
    assert open_dataset(record(folder)).captions == wanted
    lines = [json.dumps({"image": n, "caption": w}, ensure_ascii=False) for n, w in
             zip(NAMES, wanted, strict=True)]  # fmt: skip
    lines[1:1] = ["", "  ", "null"]
    (folder / "c.jsonl").write_bytes(("\ufeff" + end.join(lines) + end).encode())
    assert open_dataset(record(folder, captions="c.jsonl")).captions == wanted


def test_separators_need_no_quotes(folder: Path) -> None:
    captions(folder, [(name, f"one\u2028{name}\x1cthree") for name in NAMES])
    assert open_dataset(record(folder)).captions[0] == "one\u2028b.png\x1cthree"


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"image,caption,caption\nb.png,x,y\n", "names the column 'caption' more than once"),
        (b"image,caption\n,x\n", r"Row 1 of .* should name an image file; got ''"),
        (b"caption,image\nx\n", r"Row 1 of .* should name an image file; got None"),
        ("image,caption\nb.png,x\n".encode("utf-16-le"), "NUL bytes, as UTF-16"),
        ("image,caption\nb.png,x\n".encode("utf-16"), "not UTF-8"),
        (b"image,caption\nb.png,a\0b\n", "NUL"),
        (b'image,caption\nb.png,"never closed\n', "no valid CSV"),
        (b"", "holds no rows"),
        (b"\n\n", "holds no rows"),
        (b"image,caption\n", "holds no rows"),
    ],
)
def test_a_table_that_is_not_as_described_is_refused(folder: Path, raw: bytes, told: str) -> None:
    (folder / "captions.csv").write_bytes(raw)
    with pytest.raises(DatasetError, match=told):
        open_dataset(record(folder))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"image": "b.png", "caption": "\\ud83e lone"}', r"b\.png holds half of a surrogate pair"),
        ('{"image": "\\udce9.png", "caption": "x"}', r"Row 1 of .* is no UTF-8 text"),
        ('{"image": null, "caption": "x"}', r"Row 1 of .* should name an image file; got None"),
        ('{"image": ["b.png"], "caption": "x"}', "should name an image file"),
        ('{"image": "b.png", "caption": {"en": "x"}}', r"caption of b\.png should be text"),
        ('{"image": "b.png", "caption": true}', r"caption of b\.png should be text; got True"),
        ('["b.png", "x"]', "is no JSON object"),
        ("[" * 100_000, "is no valid JSON"),
        ('{"image": ' + "9" * 5000 + "}", "is no valid JSON"),
    ],
)
def test_a_line_that_is_not_as_described_is_refused(folder: Path, line: str, told: str) -> None:
    others = [json.dumps({"image": name, "caption": "x"}) for name in ("a.png", "c.png", "b.png")]
    (folder / "c.jsonl").write_text("\n".join([line, *others[: 3 if "udce9" in line else 2]]))
    with pytest.raises(DatasetError, match=told) as refusal:
        open_dataset(record(folder, captions="c.jsonl"))
    assert str(refusal.value).encode() and len(str(refusal.value)) < 600


def test_columns_without_a_name_and_long_cells_are_no_fault(folder: Path) -> None:
    rows = [f"{i},{name},x,{'long ' * 40_000},," for i, name in enumerate(NAMES)]
    (folder / "captions.csv").write_text("\n".join([",image,caption,article,,", *rows]))
    assert open_dataset(record(folder)).captions == ("x", "x", "x")


def test_captions_are_counted_from_zero(folder: Path) -> None:
    lines = [json.dumps({"image": name, "caption": ["one", "two"]}) for name in NAMES]
    (folder / "c.jsonl").write_text("\n".join(lines))
    options: dict[str, Any] = {"captions": "c.jsonl"}
    assert open_dataset(record(folder, caption_index=1, **options)).captions[0] == "two"
    with pytest.raises(DatasetError, match="counts from 0; got -1"):
        open_dataset(record(folder, caption_index=-1, **options))
    with pytest.raises(DatasetError, match="should be int; got True"):
        open_dataset(record(folder, caption_index=True, **options))
    with pytest.raises(MissingCaptionError, match="has 2 captions, but number 2"):
        open_dataset(record(folder, caption_index=2, **options))


def test_truth_is_chosen_in_csv_and_json_alike(folder: Path) -> None:
    lines = [
        json.dumps({"image": name, "caption": str(kept), "kept": kept})
        for name in NAMES
        for kept in (True, False)
    ]
    (folder / "c.jsonl").write_text("\n".join(lines))
    chosen = open_dataset(record(folder, captions="c.jsonl", where={"kept": True}))
    assert chosen.captions == ("True",) * 3


def test_a_caption_set_keeps_a_name_that_files_can_have(folder: Path) -> None:
    from ingest.datasets.caption_sets import build_sets, caption_index, parse_set

    columns = ["名前", "説明", "long" * 60]
    rows = [[name, *(f"{c} of {name}" for c in columns)] for name in NAMES]
    text = "\n".join(",".join(row) for row in [["image", *columns], *rows])
    (folder / "captions.csv").write_text(text, encoding="utf-8")
    base = open_dataset(record(folder, caption_column=columns[0]))
    sets = build_sets(base, [f"column:{c}" for c in columns[1:]], open_dataset)
    ids = [found.dataset.record.id for found in sets]
    assert len(set(ids)) == 2 and all(len(one) < 100 and one.isascii() for one in ids)
    assert parse_set("column:lemma").name == "column:lemma"
    odd = base.record.model_copy(update={"options": {"where": {"caption_index": "first"}}})
    with pytest.raises(DatasetError, match="should be a number from 0; got 'first'"):
        caption_index(odd)


def test_a_list_is_read_to_the_letter_too(folder: Path) -> None:
    listed = record(folder).model_copy(
        update={
            "kind": "listed",
            "options": {"images": "images", "list": "list.txt", "categories": "names.txt"},
        }
    )
    (folder / "images" / "a.png").rename(folder / "images" / "a\u2028[1].png")
    (folder / "list.txt").write_bytes("\ufeffb.png 0\r\n\r\na\u2028[1].png 1\rc.png 0\n".encode())
    (folder / "names.txt").write_text("/a/bridge 0\n/b/barn 1\n")
    found = open_dataset(listed)
    assert found.sample_ids == ("b.png", "a\u2028[1].png", "c.png")
    assert found.captions == ("bridge", "barn", "bridge")
    for text, told in (
        ("/a/bridge 0\n/b/barn 0\n", "give number 0 to both /a/bridge and /b/barn"),
        ("/a/bridge ²\n", "expected a new name and a number"),
        (f"/a/bridge {'9' * 5000}\n", "expected a new name and a number"),
    ):
        (folder / "names.txt").write_text(text, encoding="utf-8")
        with pytest.raises(DatasetError, match=told):
            open_dataset(listed)
    (folder / "names.txt").write_bytes(b"/a/caf\xe9 0\n")
    with pytest.raises(DatasetError, match=r"names\.txt is not UTF-8"):
        open_dataset(listed)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("word,L,a,a,b\nred,1,2,3,4\n", "'a' more than once"),
        ("word,L,a,b\nred,1,2\n", "should be numbers"),
        ("word,L,a,b\nred,1,2,nan\n", "not finite"),
        ('word,L,a,b\n"red,1,2,3\n', "no valid CSV"),
    ],
)
def test_color_words_that_are_not_as_described_are_refused(
    tmp_path: Path, text: str, told: str
) -> None:
    from ingest.experiments.color.words import words_of

    (tmp_path / "words.csv").write_text(text)
    with pytest.raises(DatasetError, match=told):
        words_of(tmp_path / "words.csv")


def test_color_words_are_read_to_the_letter(tmp_path: Path) -> None:
    from ingest.experiments.color.words import words_of

    words = ["dark\u2028red", "blue", "sea\x1cgreen", "ochre"]
    rows = [f"{word},{i},{i * i},{-i}" for i, word in enumerate(words)]
    (tmp_path / "words.csv").write_bytes("\r".join(["word,L,a,b", *rows]).encode("utf-8-sig"))
    assert words_of(tmp_path / "words.csv").names == words

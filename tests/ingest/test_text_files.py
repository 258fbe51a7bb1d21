"""Text files as people bring them: read to the letter, what holds none told, the rest refused."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.errors import DatasetError
from ingest.experiments.bits.texts import Skipped, documents, text_of_files


def read(source: Path, column: str = "text") -> tuple[list[str], list[tuple[str, str]]]:
    """Return the texts of a source, read as a command reads it, and what was left out."""
    skipped: list[Skipped] = []
    found = [d.text for d in text_of_files(source, column).read(skipped.append)]
    return found, [(item.name, item.reason) for item in skipped]


def line(text: object) -> str:
    return json.dumps({"text": text}, ensure_ascii=False)


@pytest.mark.parametrize("name", ["a.txt", "A.TXT", "b.Txt"])
@pytest.mark.parametrize("text", ["one\r\ntwo\rthree\n", "\ufeffone", "o\u2028ne\x1c\x85two", " x"])
def test_a_text_is_read_to_the_letter(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_bytes(text.encode())
    for source in (tmp_path, tmp_path / name):
        assert read(source) == ([text.removeprefix("\ufeff")], [])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=ascii)
def test_blank_lines_nulls_and_halves_are_told(tmp_path: Path, end: str) -> None:
    lines = [line("one\u2028o\rne"), "", line(None), " \t", "null", line(" "),
             '{"text": "x \\ud83e y"}', line("two"), ""]  # fmt: skip
    (tmp_path / "a.JSONL").write_bytes(("\ufeff" + end.join(lines) + end).encode())
    found, skipped = read(tmp_path)
    assert found == ["one\u2028o\rne", "two"]
    blank, empty = "the line is blank", "it is empty"
    half = "it holds half of a surrogate pair, which is no text"
    assert skipped == [
        (f"a.JSONL:{number}", why)
        for number, why in enumerate([blank, empty, blank, empty, empty, half], start=2)
    ] + [("a.JSONL:9", blank)]


def test_a_line_that_is_not_utf8_ends_no_file(tmp_path: Path) -> None:
    raw = line("one").encode() + b"\n" + b'{"text": "caf\xe9"}\n' + line("two").encode()
    (tmp_path / "a.jsonl").write_bytes(raw)
    assert read(tmp_path) == (["one", "two"], [("a.jsonl:2", "it is not UTF-8 at byte 13")])


@pytest.mark.parametrize("bad", ["{", "[1]", "3", '"text"', '{"text": 3}', "[" * 100_000,
                                 '{"text": ' + "9" * 5000 + "}", '{"body": "x"}'])  # fmt: skip
def test_a_line_without_the_text_is_refused(tmp_path: Path, bad: str) -> None:
    (tmp_path / "a.jsonl").write_text(f"{line('one')}\n{bad}\n")
    with pytest.raises(DatasetError, match=r"a\.jsonl, line 2: expected a JSON object"):
        read(tmp_path)


def test_columns_of_text_of_every_kind_are_read(tmp_path: Path) -> None:
    texts = ["one", None, "two\u2028", " ", "two\u2028"]
    kinds = [pa.string(), pa.large_string(), pa.string_view(),
             pa.dictionary(pa.int32(), pa.string())]  # fmt: skip
    for i, kind in enumerate(kinds):
        column = pa.array(texts, pa.string()).cast(kind) if i != 2 else pa.array(texts, kind)
        pq.write_table(pa.table({"text": column, "other": [1] * 5}), tmp_path / f"{i}.PARQUET")
    found, skipped = read(tmp_path)
    assert found == ["one", "two\u2028", "two\u2028"] * 4
    assert skipped[:2] == [("0.PARQUET:2", "it is empty"), ("0.PARQUET:4", "it is empty")]
    pq.write_table(pa.table({"text": pa.nulls(2)}), tmp_path / "null.parquet")
    assert read(tmp_path / "null.parquet")[0] == []


def test_text_that_is_not_utf8_in_a_table_is_told(tmp_path: Path) -> None:
    odd = pa.Array.from_buffers(
        pa.string(),
        2,
        [None, pa.py_buffer(b"\0\0\0\0\4\0\0\0\7\0\0\0"), pa.py_buffer(b"caf\xe9two")],
    )
    pq.write_table(pa.table({"text": odd}), tmp_path / "a.parquet")
    assert read(tmp_path) == (["two"], [("a.parquet:1", "it is not UTF-8 at byte 3")])


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (pa.array([1, 2]), "should hold text, it holds int64"),
        (pa.array([["a"]]), "should hold text, it holds list"),
        (pa.array([b"a"]), "should hold text, it holds binary"),
        (pa.array([{"a": "b"}]), "should hold text, it holds struct"),
        (pa.array([1.5, None]), "should hold text, it holds double"),
        (pa.array([1, 2]).dictionary_encode(), "should hold text, it holds int64"),
    ],
)
def test_a_column_without_text_is_refused_before_a_model_is_loaded(
    tmp_path: Path, column: pa.Array, told: str
) -> None:
    pq.write_table(pa.table({"text": column}), tmp_path / "a.parquet")
    with pytest.raises(DatasetError, match=told):
        text_of_files(tmp_path, "text")
    with pytest.raises(DatasetError, match="expected a column 'body', it has text"):
        text_of_files(tmp_path, "body")


def test_a_damaged_table_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    for raw in (b"PAR1xxxx", b"", b"PAR1" + b"\xff" * 40 + b"PAR1"):
        file.write_bytes(raw)
        with pytest.raises(DatasetError, match=r"a\.parquet cannot be read as a \.parquet file"):
            text_of_files(file, "text")
    pq.write_table(pa.table({"text": ["some text"] * 1000}), file, compression="zstd")
    raw = bytearray(file.read_bytes())
    raw[8:60] = b"\xff" * 52
    file.write_bytes(bytes(raw))
    with pytest.raises(DatasetError, match=r"a\.parquet cannot be read as a \.parquet file"):
        read(file)
    twice = pa.Table.from_arrays([pa.array(["a"])] * 2, names=["text", "text"])
    pq.write_table(twice, file)
    with pytest.raises(DatasetError, match="expected a column 'text', two of them"):
        text_of_files(file, "text")


def test_a_folder_is_read_as_it_lies(tmp_path: Path) -> None:
    source = tmp_path / "[texts]*"
    (source / "b.txt").mkdir(parents=True)
    (source / "b.txt" / "B.TXT").write_text("two")
    (source / "a?.txt").write_text("one")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.txt").write_text("three")
    (source / "c").symlink_to(tmp_path / "elsewhere")
    (source / "c" / "back").symlink_to(source)
    assert read(source) == (["one", "two", "three"], [])
    (source / "d.txt").symlink_to(tmp_path / "nowhere.txt")
    with pytest.raises(DatasetError, match=r"Cannot read the text .*d\.txt: No such file"):
        text_of_files(source, "text")
    with pytest.raises(DatasetError, match=r"Cannot read the text .*d\.txt: No such file"):
        list(documents(source, "text", lambda _: None))
    with pytest.raises(DatasetError, match="expected a .txt"):
        text_of_files(tmp_path / "nowhere.txt", "text")


def test_the_key_changes_only_where_the_text_did(tmp_path: Path) -> None:
    from ingest.extract.content import files_hash

    file = tmp_path / "a.txt"
    for raw, otherwise in (
        (b"one\ntwo", False), (b"one\r\ntwo", True), (b"x" * (1 << 20) + b"\r", True),
        (b"\xef\xbb\xbfone", True), (b"one\xef\xbb\xbf", False), (b"caf\xe9", False),
    ):  # fmt: skip
        file.write_bytes(raw)
        wanted = f"{files_hash([file])} text" + (" to the letter" if otherwise else "")
        assert text_of_files(file, "text").content == wanted
    lines = tmp_path / "a.jsonl"
    for raw, otherwise in ((b'{"text": "a"}\r\n', False), (b'{"text": "a\xe9"}\n', True)):
        lines.write_bytes(raw)
        assert text_of_files(lines, "text").content.endswith("letter") == otherwise


def test_a_file_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("x")

    def refused(*_: object, **__: object) -> None:  # as root, no mode keeps one out
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(DatasetError, match="Permission denied"):
        text_of_files(tmp_path, "text")

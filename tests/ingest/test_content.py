"""Weights, tokenizers, modules of one's own: what they hold belongs to what is made of them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from ingest.catalog.records import ModelRecord
from ingest.errors import CatalogError, ModelFailedError
from ingest.extract import Variant, content, extract
from ingest.extract.content import content_hash, local_content
from ingest.extract.user_modules import module_file
from ingest.pipeline.extraction import extract_missing
from ingest.pipeline.features import extraction_parts, plan_extraction
from ingest.pipeline.run import Run
from ingest.progress import Silent
from ingest.store.workspace import Workspace
from tests.ingest import tiny

MEAN = Variant("mean", "none")
SMALL: Any = {"vocab_size": 32, "n_embd": 16, "n_layer": 2, "n_head": 2}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(content, "_made", {})
    monkeypatch.setattr(content, "_WORTH_KEEPING", 0)  # tests have no megabytes to hash


def trained(folder: Path, seed: int) -> ModelRecord:
    torch.manual_seed(seed)
    network = transformers.GPT2Model(transformers.GPT2Config(**SMALL))
    network.save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)
    return tiny.model("language", "transformers", folder, options={"path": "."})


def planned(home: Path, record: ModelRecord) -> tuple[str, bool]:
    (unit,) = plan_extraction(Workspace(home), tiny.dataset(4), [(record, [MEAN])])
    return unit.key, unit.path.exists()


def extracted(home: Path, record: ModelRecord) -> Run:
    data = tiny.dataset(4)
    with Run(Workspace(home)) as run:
        units = plan_extraction(run.workspace, data, [(record, [MEAN])])
        extract_missing(run, data, units, Silent(), devices=["cpu"])
    return run


def test_weights_replaced_under_the_same_path_are_other_weights(tmp_path: Path) -> None:
    home, folder = tmp_path / "data", tmp_path / "net"
    first = planned(home, trained(folder, 0))[0]
    extracted(home, trained(folder, 0))
    assert planned(home, trained(folder, 0)) == (first, True)
    record = trained(folder, 1)
    assert planned(home, record)[0] != first
    run = extracted(home, record)
    assert (run.done, run.skipped) == (1, 0)
    # Back to the old ones: what was stored of them is still there.
    assert planned(home, trained(folder, 0)) == (first, True)


BESIDE: dict[str, Callable[[Path], object]] = {
    "tokenizer": lambda folder: (folder / "tokenizer.json").write_text(
        (folder / "tokenizer.json").read_text().replace('"dog"', '"hog"')
    ),
    "configuration": lambda folder: (folder / "config.json").write_text(
        (folder / "config.json").read_text().replace('"gelu_new"', '"relu"')
    ),
}


@pytest.mark.parametrize("what", BESIDE)
def test_what_lies_beside_the_weights_counts_too(tmp_path: Path, what: str) -> None:
    record = trained(tmp_path / "net", 0)
    before = local_content(record)
    BESIDE[what](tmp_path / "net")
    assert local_content(record) != before
    (tmp_path / "net" / "README.md").write_text("a word to the reader")
    after = local_content(record)
    (tmp_path / "net" / "README.md").write_text("two words to the reader")
    assert local_content(record) == after


def test_a_users_module_is_its_file_and_its_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "nets.py").write_text("build = 1\n")
    record = tiny.model("vision", "module", tmp_path, source="nets:build")
    assert module_file(record) == tmp_path / "nets.py"
    first = local_content(record)
    (tmp_path / "nets.py").write_text("build = 2\n")
    second = local_content(record)
    assert None not in (first, second) and first != second
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "er.py").write_text("")
    assert module_file(record.model_copy(update={"source": "deep.er:build"})) is not None
    installed = module_file(record.model_copy(update={"source": "json.decoder:JSONDecoder"}))
    assert installed is not None and installed.name == "decoder.py"
    for nowhere in ("no_such_module:f", "json.no_such:f", "random:0:x", "a b:c", ".:f"):
        other = record.model_copy(update={"source": nowhere})
        assert nowhere.startswith("random") or module_file(other) is None
    held = record.model_copy(update={"options": {"checkpoint": "w.pt"}})
    (tmp_path / "w.pt").write_bytes(b"1")
    one = local_content(held)
    (tmp_path / "w.pt").write_bytes(b"2")
    assert local_content(held) != one


def test_a_models_without_local_files_has_the_key_it_always_had() -> None:
    hub = tiny.model("language", "transformers", source="EleutherAI/pythia-160m")
    assert local_content(hub) is None
    assert "weights" not in extraction_parts(hub, tiny.dataset(3), MEAN)
    gone = hub.model_copy(update={"options": {"path": "nowhere"}})
    assert local_content(gone) is None


def test_a_hash_is_made_once_and_again_when_the_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"weights")
    first, opened = content_hash(file), []
    real = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, *a, **k: opened.append(self.name) or real(self, *a, **k)
    )
    monkeypatch.setattr(content, "_made", {})  # as in another process: the kept hash is read
    assert content_hash(file) == first and file.name not in opened
    before = file.stat()
    file.write_bytes(b"WEIGHTS")  # as long
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # and as old, as rsync leaves it
    assert content_hash(file) != first and file.name in opened
    for junk in ("", "[]", '{"state": 1}', '{"state": "x", "sha256": 5}'):
        for kept in (tmp_path / "cache" / "hashes").iterdir():
            kept.write_text(junk)
        monkeypatch.setattr(content, "_made", {})
        assert content_hash(file).startswith("sha256:")


def test_a_cache_that_cannot_be_written_costs_time_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PRH_CACHE", str(tmp_path / "file"))  # no folder can be made in it
    (tmp_path / "w.bin").write_bytes(b"weights")
    assert content_hash(tmp_path / "w.bin").startswith("sha256:")


def test_unreadable_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = trained(tmp_path / "net", 0)

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(content.hashlib, "file_digest", refused)
    with pytest.raises(CatalogError, match="Cannot read .*: Permission denied"):
        local_content(record)
    # One model's unreadable weights leave that model out; the others go on.
    good = tiny.model("language", "transformers", id="good")
    models = [(record, [MEAN]), (good, [MEAN])]
    data = tiny.dataset(4)
    with Run(Workspace(tmp_path / "data")) as run:
        units = plan_extraction(run.workspace, data, models)
        extract_missing(run, data, units[:1], Silent(), devices=["cpu"])
    assert len(units) == 2
    assert [item.name for item in run.refused] == ["tiny"]
    assert "Permission denied" in run.refused[0].reason


CRASHES = {
    "in build": "def build():\n    raise OverflowError('cannot\\nfit')\n",
    "at import": "import nothing_of_that_name\n",
    "no Python": "def build(:\n",
    "leaving": "import sys\nsys.exit(3)\n",
    "in forward": (
        "class Net:\n"
        "    def encode(self, texts):\n        return [[1] for _ in texts]\n"
        "    def states(self, ids, mask):\n        yield ids[0, 99]\n"
        "def build():\n    return Net()\n"
    ),
    "axes": (
        "import torch\n"
        "class Net:\n"
        "    def encode(self, texts):\n        return [[1, 2] for _ in texts]\n"
        "    def states(self, ids, mask):\n        yield torch.zeros(2, len(ids), 3)\n"
        "def build():\n    return Net()\n"
    ),
}


@pytest.mark.parametrize("what", CRASHES)
def test_what_one_models_code_raises_leaves_that_model_out(tmp_path: Path, what: str) -> None:
    (tmp_path / "bad.py").write_text(CRASHES[what])
    bad = tiny.model("language", "module", tmp_path, source="bad:build", id="bad")
    good, data = trained(tmp_path / "net", 0), tiny.dataset(4)
    with Run(Workspace(tmp_path / "data")) as run:
        models = [(bad, [MEAN]), (good, [MEAN])]
        units = plan_extraction(run.workspace, data, models)
        extract_missing(run, data, units, Silent(), devices=["cpu"])
    assert run.done == 1 and [item.name for item in run.refused] == ["bad"]
    assert "\n" not in run.refused[0].reason


def test_a_crash_is_named_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(CRASHES["in build"])
    bad = tiny.model("language", "module", tmp_path, source="bad:build")
    with pytest.raises(ModelFailedError, match=r"OverflowError: cannot \(bad.py, line 2\)"):
        extract(bad, tiny.dataset(4), [MEAN])


def test_a_module_that_was_edited_is_read_anew(tmp_path: Path) -> None:
    source = (
        "import torch\n"
        "class Net:\n"
        "    def encode(self, texts):\n        return [[1] for _ in texts]\n"
        "    def states(self, ids, mask):\n        yield torch.full((*ids.shape, 2), VALUE)\n"
        "def build():\n    return Net()\n"
    )
    record = tiny.model("language", "module", tmp_path, source="mine:build")
    for value in (1.0, 2.0):
        (tmp_path / "mine.py").write_text(source.replace("VALUE", str(value)))
        layers = extract(record, tiny.dataset(3), [MEAN], device="cpu")[MEAN].layers
        assert np.all(layers["hidden.0"] == value)

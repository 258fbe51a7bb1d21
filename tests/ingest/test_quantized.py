"""Weights in fewer bits: asked of transformers as it wants it, and marked in every result.

bitsandbytes is not installed here, so what it makes is stood in for by the whole network: these
tests hold our side of the bargain, not its own.
"""

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers

from ingest.errors import CatalogError, MissingPackageError
from ingest.extract import transformers_models as subject
from ingest.extract.device import place
from ingest.extract.loaded import LoadedLanguage
from ingest.extract.loaders import load
from ingest.pipeline.run import Run, record_model
from ingest.store.workspace import Workspace
from tests.ingest import tiny


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a tiny Llama in `net`."""
    config = transformers.LlamaConfig(
        vocab_size=32, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
        num_attention_heads=2,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(tmp_path / "net")
    tiny.tokenizer().save_pretrained(tmp_path / "net")
    return tmp_path


def packed(folder: Path, bits: str = "4bit", **fields: Any) -> Any:
    options = {"path": "net", "quantization": bits}
    return tiny.model("language", "transformers", folder, options=options, **fields)


def test_the_option_reaches_transformers_and_marks_the_revision(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    real, find = subject._class, importlib.util.find_spec

    def opener(name: str, where: dict[str, Any]) -> Any:
        def from_pretrained(name: str, **how: Any) -> Any:
            asked.update(how)
            kept = {k: v for k, v in how.items() if k not in ("quantization_config", "device_map")}
            return real(name, where).from_pretrained(name, **kept)

        return SimpleNamespace(from_pretrained=from_pretrained)

    monkeypatch.setattr(subject, "_class", opener)
    monkeypatch.setattr(transformers, "BitsAndBytesConfig", lambda **how: how)
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: name == "bitsandbytes" or find(name)
    )
    loaded = load(packed(folder), place("cpu", "float32"))
    assert isinstance(loaded, LoadedLanguage)
    assert asked["quantization_config"] == {
        "load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": torch.float32,
    }  # fmt: skip
    assert asked["device_map"] == {"": "cpu"}
    assert loaded.placed
    assert loaded.revision.endswith(", 4bit")


def test_results_carry_the_mark_in_their_label(folder: Path) -> None:
    workspace = Workspace(folder / "data")
    with Run(workspace) as run:
        record_model(run, packed(folder, label="Tiny"))
        record_model(run, packed(folder, "8bit", id="other", label="Tiny, 8bit"))
    rows = workspace.warehouse.rows("models")
    assert rows is not None
    assert set(rows["label"]) == {"Tiny (4bit)", "Tiny, 8bit"}


def test_a_missing_package_or_another_number_of_bits_is_one_sentence(folder: Path) -> None:
    if importlib.util.find_spec("bitsandbytes") is None:
        with pytest.raises(MissingPackageError, match="in 4bit, which needs the package bitsandby"):
            load(packed(folder), place("cpu", "float32"))
    with pytest.raises(CatalogError, match="'4bit' or '8bit'; got '2bit'"):
        load(packed(folder, "2bit"), place("cpu", "float32"))

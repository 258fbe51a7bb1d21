"""Language features against a plain loop over output_hidden_states=True, text by text."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from torch import Tensor

import ingest.extract.language as language
from ingest.datasets import Dataset
from ingest.errors import (
    CatalogError,
    CheckpointMismatchError,
    DatasetError,
    OutOfMemoryError,
    RowOrderError,
)
from ingest.extract import Variant, extract, variants_for
from prh_core.errors import NotFiniteError
from tests.ingest import tiny

SMALL: dict[str, Any] = {
    "vocab_size": 32,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
}
CONFIGS = {
    "llama": lambda: transformers.LlamaConfig(**SMALL, intermediate_size=24),
    "bert": lambda: transformers.BertConfig(**SMALL, intermediate_size=24),
    "gpt2": lambda: transformers.GPT2Config(vocab_size=32, n_embd=16, n_layer=3, n_head=2),
    "bloom": lambda: transformers.BloomConfig(vocab_size=32, hidden_size=16, n_layer=3, n_head=2),
    "gemma": lambda: transformers.GemmaConfig(
        **SMALL, intermediate_size=24, num_key_value_heads=1, head_dim=8
    ),
    "olmo": lambda: transformers.OlmoConfig(**SMALL, intermediate_size=24),
    "mixtral": lambda: transformers.MixtralConfig(
        **SMALL, intermediate_size=24, num_key_value_heads=1, num_local_experts=2
    ),
}
MEAN, LAST, PAPER = Variant("mean", "none"), Variant("last", "none"), Variant("last", "paper")


def saved(folder: Path, kind: str = "llama", pad: bool = True) -> Path:
    torch.manual_seed(0)
    config = CONFIGS[kind]()
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    tiny.tokenizer(pad).save_pretrained(folder)
    return folder


def oracle(folder: Path, texts: Sequence[str], pooling: str) -> list[np.ndarray]:
    """One text at a time, all hidden states at once, pooled by hand."""
    network = transformers.AutoModel.from_pretrained(folder).eval()
    tokens: Any = transformers.AutoTokenizer.from_pretrained(folder)
    rows = []
    for text in texts:
        ids = torch.tensor([tokens(text)["input_ids"]])
        with torch.no_grad():
            states = network(input_ids=ids, output_hidden_states=True).hidden_states
        rows.append([s[0].mean(0) if pooling == "mean" else s[0, -1] for s in states])
    return [torch.stack(layer).numpy() for layer in zip(*rows, strict=True)]


@pytest.mark.parametrize("kind", CONFIGS)
def test_every_hidden_state_equals_the_plain_loop(tmp_path: Path, kind: str) -> None:
    folder, data = saved(tmp_path, kind), tiny.dataset(11)
    record = tiny.model("language", "transformers", tmp_path, options={"path": "."})
    got = extract(record, data, [MEAN, LAST, PAPER], device="cpu", batch_size=4)
    prompts = [f"An image with the caption '{c}'. This is an image of a" for c in data.captions]
    wanted = {
        MEAN: oracle(folder, data.captions, "mean"),
        LAST: oracle(folder, data.captions, "last"),
        PAPER: oracle(folder, prompts, "last"),
    }
    for variant, layers in wanted.items():
        assert list(got[variant].layers) == [f"hidden.{i}" for i in range(4)]
        for mine, theirs in zip(got[variant].layers.values(), layers, strict=True):
            assert mine.dtype == np.float32 and mine.flags.c_contiguous
            np.testing.assert_allclose(mine, theirs, atol=2e-5)


def test_a_tokenizer_without_padding_token(tmp_path: Path) -> None:
    folder, data = saved(tmp_path, pad=False), tiny.dataset(9)
    record = tiny.model("language", "transformers", tmp_path, options={"path": "."})
    got = extract(record, data, [MEAN], device="cpu")[MEAN].layers
    for mine, theirs in zip(got.values(), oracle(folder, data.captions, "mean"), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=2e-5)


def test_facts_say_what_was_run(tmp_path: Path) -> None:
    saved(tmp_path)
    record = tiny.model("language", "transformers", tmp_path, options={"path": "."})
    facts = extract(record, tiny.dataset(), variants_for(record), device="cpu")[MEAN].facts
    assert facts["revision"].startswith("sha256:") and facts["dtype"] == "float32"
    assert facts["device"] == "cpu" and facts["truncated_captions"] == "0"
    assert facts["torch"] == torch.__version__ and float(facts["items_per_second"]) > 0
    network = transformers.AutoModel.from_pretrained(tmp_path)
    assert int(facts["parameters"]) == sum(p.numel() for p in network.parameters())


def test_long_captions_are_cut_to_the_window_and_counted(tmp_path: Path) -> None:
    config = transformers.LlamaConfig(**SMALL, intermediate_size=24, max_position_embeddings=4)
    transformers.LlamaModel(config).save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    record = tiny.model("language", "transformers", tmp_path, options={"path": "."})
    data = tiny.dataset(2, captions=["a red dog sits on the mat", "a cat"])
    got = extract(record, data, [LAST], device="cpu")[LAST]
    assert got.facts["truncated_captions"] == "1"
    cut = oracle(tmp_path, ["a red dog sits", "a cat"], "last")
    np.testing.assert_allclose(got.layers["hidden.3"], cut[-1], atol=2e-5)


def test_half_precision_pools_in_float32(tmp_path: Path) -> None:
    folder, data = saved(tmp_path), tiny.dataset(9)
    record = tiny.model("language", "transformers", tmp_path, options={"path": "."})
    got = extract(record, data, [MEAN], device="cpu", dtype="bfloat16")[MEAN]
    assert got.facts["dtype"] == "bfloat16"
    for mine, theirs in zip(
        got.layers.values(), oracle(folder, data.captions, "mean"), strict=True
    ):
        assert mine.dtype == np.float32
        assert np.linalg.norm(mine - theirs) < 0.05 * np.linalg.norm(theirs)


def test_running_out_of_memory_halves_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path)
    record, data = (
        tiny.model("language", "transformers", tmp_path, options={"path": "."}),
        (tiny.dataset(11)),
    )
    whole = extract(record, data, [MEAN], device="cpu")[MEAN].layers
    real, limit = language.run_texts, 2

    def narrow(loaded, ids, poolings, place, see=None):  # noqa: ANN001, ANN202
        if len(ids) > limit:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")
        return real(loaded, ids, poolings, place, see)

    monkeypatch.setattr(language, "run_texts", narrow)
    halved = extract(record, data, [MEAN], device="cpu")[MEAN].layers
    for name in whole:
        np.testing.assert_allclose(halved[name], whole[name], atol=1e-5)
    limit = 0
    with pytest.raises(OutOfMemoryError):
        extract(record, data, [MEAN], device="cpu")


def test_scrambled_rows_are_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path)
    record = tiny.model("language", "transformers", tmp_path, options={"path": "."})
    real = language.LayerStack.put
    monkeypatch.setattr(
        language.LayerStack, "put", lambda self, rows, layers: real(self, rows[::-1], layers)
    )
    with pytest.raises(RowOrderError, match="run alone"):
        extract(record, tiny.dataset(11), [MEAN], device="cpu")


def test_weights_with_nan_are_refused(tmp_path: Path) -> None:
    saved(tmp_path)
    network = transformers.AutoModel.from_pretrained(tmp_path)
    torch.nn.init.constant_(network.layers[1].mlp.up_proj.weight, float("nan"))
    network.save_pretrained(tmp_path)
    record = tiny.model("language", "transformers", tmp_path, options={"path": "."})
    with pytest.raises(NotFiniteError, match=r"hidden\.2"):
        extract(record, tiny.dataset(), [MEAN], device="cpu")


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    saved(tmp_path)
    config = transformers.AutoConfig.from_pretrained(tmp_path)
    config.num_hidden_layers = 5
    config.save_pretrained(tmp_path)
    record = tiny.model("language", "transformers", tmp_path, options={"path": "."})
    with pytest.raises(CheckpointMismatchError, match="missing"):
        extract(record, tiny.dataset(), [MEAN], device="cpu")


def test_a_folder_that_holds_no_model(tmp_path: Path) -> None:
    record = tiny.model("language", "transformers", tmp_path, options={"path": "."})
    with pytest.raises(CatalogError, match="no transformers model"):
        extract(record, tiny.dataset(), [MEAN], device="cpu")


def test_variants_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    record = tiny.model("language", "transformers", tmp_path, options={"path": "."})
    with pytest.raises(CatalogError, match="'cls'"):
        extract(record, tiny.dataset(), [Variant("cls", "none")])
    with pytest.raises(CatalogError, match="'rhyme'"):
        extract(record, tiny.dataset(), [Variant("mean", "rhyme")])


CUSTOM = """
import torch

class Letters(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.table = torch.nn.Embedding(128, width)
        self.lstm = torch.nn.LSTM(width, width + 1, batch_first=True)
    def encode(self, texts):
        return [[ord(c) for c in text if ord(c) < 128] for text in texts]
    def states(self, input_ids, mask):
        first = self.table(input_ids)
        yield first
        yield self.lstm(first)[0]

def build(width):
    torch.manual_seed(0)
    return Letters(width)
"""


def test_a_users_own_language_module(tmp_path: Path) -> None:
    (tmp_path / "letters.py").write_text(CUSTOM)
    record = tiny.model(
        "language", "module", tmp_path, source="letters:build", options={"width": 6}
    )
    data = tiny.dataset(9)
    got = extract(record, data, [MEAN, LAST], device="cpu", batch_size=3)
    assert [layer.shape for layer in got[MEAN].layers.values()] == [(9, 6), (9, 7)]
    torch.manual_seed(0)
    table = torch.nn.Embedding(128, 6)
    ids = torch.tensor([ord(c) for c in data.captions[4]])
    np.testing.assert_allclose(
        got[MEAN].layers["hidden.0"][4], table(ids).mean(0).detach().numpy(), atol=1e-6
    )
    wrong = record.model_copy(update={"source": "letters:Letters.missing"})
    with pytest.raises(CatalogError, match="no function"):
        extract(wrong, data, [MEAN])
    with pytest.raises(CatalogError, match="does not take"):
        extract(record.model_copy(update={"options": {"depth": 1}}), data, [MEAN])
    nothing = tiny.dataset(2, captions=["a", "\u00e9"])
    with pytest.raises(DatasetError, match="no token"):
        extract(record, nothing, [MEAN])


class _States:
    """Only here so that the protocol's shape is type-checked."""

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        return [[0] for _ in texts]

    def states(self, input_ids: Tensor, mask: Tensor) -> Iterator[Tensor]:
        yield torch.zeros(*input_ids.shape, 1)


def test_the_documented_protocol_is_enough() -> None:
    from ingest.extract.custom import LanguageModule

    assert isinstance(_States(), LanguageModule)
    assert isinstance(tiny.dataset(), Dataset)

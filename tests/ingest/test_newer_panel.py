"""The panel `today`: records say what configurations say, and tiny twins load and are read."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
import transformers

from ingest.catalog import ModelRecord, load_catalog
from ingest.errors import CatalogError
from ingest.extract import extract, variants_for
from tests.ingest import tiny

CATALOG = load_catalog()
LANGUAGE = [CATALOG.model(name) for name in CATALOG.panel("today-language").models]
STEPS = [CATALOG.model(name) for name in CATALOG.panel("pythia-steps").models]
VISION = [CATALOG.model(name) for name in CATALOG.panel("today-vision").models]
TIMM = [record for record in VISION if record.loader.startswith("timm")]

# Network, configuration, and the published numbers of each repository that parameters follow from.
QWEN = (
    transformers.Qwen3ForCausalLM,
    transformers.Qwen3Config,
    {"vocab_size": 151936, "num_key_value_heads": 8, "head_dim": 128},
)
GEMMA = (
    transformers.Gemma3ForCausalLM,
    transformers.Gemma3TextConfig,
    {"vocab_size": 262144, "num_key_value_heads": 1, "head_dim": 256},
)
OLMO = (transformers.Olmo2ForCausalLM, transformers.Olmo2Config, {"vocab_size": 100352})
LLAMA = (
    transformers.LlamaForCausalLM,
    transformers.LlamaConfig,
    {"vocab_size": 128256, "num_key_value_heads": 8, "tie_word_embeddings": True},
)
SMOL = (
    transformers.SmolLM3ForCausalLM,
    transformers.SmolLM3Config,
    {"vocab_size": 128256, "num_key_value_heads": 4, "tie_word_embeddings": True},
)
NEOX = (transformers.GPTNeoXForCausalLM, transformers.GPTNeoXConfig, {"vocab_size": 50304})
BERT = (transformers.BertModel, transformers.BertConfig, {})
MPNET = (
    transformers.MPNetModel,
    transformers.MPNetConfig,
    {"vocab_size": 30527, "max_position_embeddings": 514},
)
SHAPES: dict[str, tuple[Any, int, int, dict[str, Any]]] = {
    "Qwen/Qwen3-0.6B-Base": (QWEN, 16, 3072, {"tie_word_embeddings": True}),
    "Qwen/Qwen3-1.7B-Base": (QWEN, 16, 6144, {"tie_word_embeddings": True}),
    "Qwen/Qwen3-4B-Base": (QWEN, 32, 9728, {"tie_word_embeddings": True}),
    "Qwen/Qwen3-8B-Base": (QWEN, 32, 12288, {"tie_word_embeddings": False}),
    "google/gemma-3-1b-pt": (GEMMA, 4, 6912, {}),
    "allenai/OLMo-2-0425-1B": (OLMO, 16, 8192, {}),
    "allenai/OLMo-2-1124-7B": (OLMO, 32, 11008, {}),
    "allenai/OLMo-2-1124-13B": (OLMO, 40, 13824, {}),
    "meta-llama/Llama-3.2-1B": (LLAMA, 32, 8192, {"head_dim": 64}),
    "meta-llama/Llama-3.2-3B": (LLAMA, 24, 8192, {"head_dim": 128}),
    "HuggingFaceTB/SmolLM3-3B-Base": (SMOL, 16, 11008, {}),
    "EleutherAI/pythia-70m": (NEOX, 8, 2048, {}),
    "EleutherAI/pythia-160m": (NEOX, 12, 3072, {}),
    "EleutherAI/pythia-410m": (NEOX, 16, 4096, {}),
    "EleutherAI/pythia-1b": (NEOX, 8, 8192, {}),
    "EleutherAI/pythia-1.4b": (NEOX, 16, 8192, {}),
    "EleutherAI/pythia-2.8b": (NEOX, 32, 10240, {}),
    "EleutherAI/pythia-6.9b": (NEOX, 32, 16384, {"vocab_size": 50432}),
    "EleutherAI/pythia-12b": (NEOX, 40, 20480, {"vocab_size": 50688}),
    "sentence-transformers/all-mpnet-base-v2": (MPNET, 12, 3072, {}),
    "BAAI/bge-base-en-v1.5": (BERT, 12, 3072, {}),
    "intfloat/e5-base-v2": (BERT, 12, 3072, {}),
}
SMALL: dict[str, Any] = {
    "vocab_size": 32, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 3,
    "num_attention_heads": 2, "head_dim": 8,
}  # fmt: skip


def test_every_source_is_described_once_and_every_record_says_its_shape() -> None:
    assert {record.source for record in LANGUAGE + STEPS} == set(SHAPES)
    for record in LANGUAGE + STEPS + VISION:
        assert record.layers and record.width and record.parameters, record.id
        assert record.revision in ("main", "seed-0", "as published") or record in STEPS
    assert len({record.id for record in LANGUAGE + STEPS + VISION}) == 30 + 18 + 32


@pytest.mark.parametrize("source", SHAPES)
def test_parameters_follow_from_layers_and_width(source: str) -> None:
    (network, config, common), heads, inner, own = SHAPES[source]
    records = [record for record in LANGUAGE + STEPS if record.source == source]
    shapes = {(record.layers, record.width, record.parameters) for record in records}
    ((layers, width, parameters),) = shapes
    shape = config(
        num_hidden_layers=layers, hidden_size=width, num_attention_heads=heads,
        intermediate_size=inner, **common | own,
    )  # fmt: skip
    with torch.device("meta"):
        built = network(shape)
    built.tie_weights()
    assert sum(p.numel() for p in built.parameters()) == parameters


@pytest.mark.parametrize("family", [QWEN, GEMMA, OLMO, LLAMA, SMOL, NEOX, BERT, MPNET])
def test_a_tiny_twin_of_every_language_architecture_is_read(tmp_path: Path, family: Any) -> None:
    network, config, common = family
    few = {"num_key_value_heads": 1} if "num_key_value_heads" in common else {}
    torch.manual_seed(1)
    network(config(**SMALL | few, pad_token_id=1)).save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    records = [record for record in LANGUAGE if SHAPES[record.source][0] is family]
    assert any(record.trained for record in records)
    assert any(not record.trained for record in records), "every architecture has its control"
    seen: dict[bool, np.ndarray] = {}
    for record in records:
        options = {**record.options, "path": "."}
        twin = record.model_copy(update={"options": options, "base": tmp_path})
        (got,) = extract(twin, tiny.dataset(3), variants_for(twin), device="cpu").values()
        assert [layer.shape for layer in got.layers.values()] == [(3, 16)] * 4
        seen[record.trained] = got.layers["hidden.3"]
    assert not np.allclose(seen[True], seen[False]), "the control takes none of the weights"


def test_the_control_is_its_seeds(tmp_path: Path) -> None:
    transformers.LlamaConfig(**SMALL).save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)

    def layer(seed: object) -> np.ndarray:
        options = {"path": ".", "seed": seed}
        record = tiny.model("language", "transformers-random", tmp_path, options=options)
        (got,) = extract(record, tiny.dataset(3), variants_for(record), device="cpu").values()
        assert got.facts["revision"] == f"seed-{seed}"
        return got.layers["hidden.3"]

    np.testing.assert_array_equal(layer(0), layer(0))
    assert not np.allclose(layer(0), layer(1))
    with pytest.raises(CatalogError, match="seed should be a whole number; got 'x'"):
        layer("x")


def architecture(record: ModelRecord) -> str:
    """Return timm's name of the architecture, with the weights' where the hub has them."""
    return str(record.options.get("architecture", record.id))


@pytest.mark.parametrize("record", TIMM, ids=lambda record: record.id)
def test_a_vision_record_says_what_timm_builds_and_serves(record: ModelRecord) -> None:
    with torch.device("meta"):
        network: Any = timm.create_model(architecture(record), pretrained=False, num_classes=0)
    info = network.feature_info
    assert sum(p.numel() for p in network.parameters()) == record.parameters
    assert (len(info), info[-1]["num_chs"]) == (record.layers, record.width)
    if record.trained:
        served: Any = timm.get_pretrained_cfg(record.id)
        assert record.source == (served.hf_hub_id or served.url)
        wanted = "timm-checkpoint" if served.hf_hub_id is None else "timm"
        assert record.loader == wanted
        if wanted == "timm-checkpoint":
            assert served.url.endswith(f"/{record.options['checkpoint']}")


def shrunk(name: str) -> dict[str, Any]:
    """Return arguments that make a tiny network of timm's architecture, and its side in pixels."""
    if name.startswith("convnext"):
        return {"depths": [1, 1, 1, 1], "dims": [8, 16, 24, 32], "input_size": 64}
    patch = 14 if "patch14" in name else 16
    return {"depth": 2, "embed_dim": 64, "num_heads": 2, "input_size": 4 * patch}


@pytest.mark.parametrize("record", TIMM, ids=lambda record: record.id)
def test_a_tiny_twin_of_every_vision_architecture_is_read(record: ModelRecord) -> None:
    name = architecture(record).partition(".")[0]
    kept = {k: v for k, v in record.options.items() if k not in ("checkpoint", "num_classes")}
    twin = tiny.model(
        "vision", "timm-random", options={**kept, "architecture": name, **shrunk(name)}
    )
    (got,) = extract(twin, tiny.dataset(3), variants_for(twin), device="cpu").values()
    assert got.facts["pooling"] == record.options["pooling"]
    if name.startswith("convnext"):
        assert [layer.shape for layer in got.layers.values()] == [(3, d) for d in (8, 16, 24, 32)]
    else:
        assert list(got.layers) == ["blocks.0", "blocks.1"]
        assert {layer.shape for layer in got.layers.values()} == {(3, 64)}


def test_an_encoders_checkpoint_is_brought_as_it_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I-JEPA's file holds an encoder of data-parallel training beside a predictor and counts."""
    monkeypatch.setenv("PRH_CHECKPOINTS", str(tmp_path))
    record = CATALOG.model("vit_huge_patch14_gap_224.in1k_ijepa")
    small = shrunk("vit_huge_patch14_gap_224")
    size = small.pop("input_size")
    torch.manual_seed(0)
    network = timm.create_model(
        "vit_huge_patch14_gap_224", img_size=size, num_classes=0, **small
    ).eval()
    encoder = {f"module.{key}": value for key, value in network.state_dict().items()}
    path = tmp_path / "IN1K-vit.h.14-300e.pth.tar"
    torch.save({"encoder": encoder, "predictor": {"x": torch.zeros(1)}, "epoch": 300}, path)
    assert record.checkpoint == path
    twin = record.model_copy(update={"options": {**record.options, **small, "input_size": size}})
    (got,) = extract(twin, tiny.dataset(2), variants_for(twin), device="cpu").values()
    assert list(got.layers) == ["blocks.0", "blocks.1"]
    assert got.facts["revision"].startswith("sha256:")


def test_a_name_stands_for_the_trained_model_not_for_a_step_on_the_way() -> None:
    named = CATALOG.model_named("EleutherAI/pythia-410m")
    assert named is not None and named.id == "pythia-410m"
    assert [record.revision for record in STEPS[:9]] == [
        "step1", "step8", "step64", "step512", "step1000", "step4000", "step16000", "step64000",
        "step143000",
    ]  # fmt: skip

"""Networks of many makes: their text is read in the right part, all of it, or they are refused."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from ingest.errors import CatalogError
from ingest.extract import Variant, extract
from tests.ingest import tiny

MEAN = Variant("mean", "none")
library: Any = transformers  # whose configurations take more than their signatures say
SIZE: dict[str, Any] = {"hidden_size": 32, "intermediate_size": 48, "num_attention_heads": 4}
TEXT: dict[str, Any] = {
    **SIZE,
    "vocab_size": 64,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}
ENCODER: dict[str, Any] = {**SIZE, "vocab_size": 64, "num_hidden_layers": 3, "pad_token_id": 1}
SIGHT: dict[str, Any] = {**SIZE, "image_size": 32, "patch_size": 8}


def saved(folder: Path, network: Any) -> Path:
    network.save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)
    return folder


def layers_of(folder: Path, captions: Sequence[str] | None = None) -> tuple[Any, dict[str, str]]:
    record = tiny.model("language", "transformers", folder, options={"path": "."})
    found = extract(record, tiny.dataset(5, captions=captions), [MEAN], device="cpu", batch_size=3)
    return list(found[MEAN].layers.values()), found[MEAN].facts


def assert_the_librarys_own(layers: Sequence[np.ndarray], network: Any, folder: Path) -> None:
    """A text at a time, all states at once, averaged by hand."""
    tokens: Any = transformers.AutoTokenizer.from_pretrained(folder)
    network = network.eval()
    for row, caption in enumerate(tiny.dataset(5).captions):
        ids = torch.tensor([tokens(caption)["input_ids"]])
        with torch.no_grad():
            states = network(input_ids=ids, output_hidden_states=True).hidden_states
        assert len(states) == len(layers)
        for mine, state in zip(layers, states, strict=True):
            wanted = state[0, : ids.shape[1]].mean(0).numpy()
            np.testing.assert_allclose(mine[row], wanted, atol=1e-5 * (1 + np.abs(wanted).max()))


def internvl(depth: int) -> Any:
    config = library.InternVLConfig(
        vision_config={**SIGHT, "image_size": [32, 32], "patch_size": [8, 8],
                       "num_hidden_layers": depth},
        text_config={**TEXT, "model_type": "qwen2", "num_hidden_layers": 3}, image_token_id=63,
    )  # fmt: skip
    return transformers.InternVLForConditionalGeneration(config)


def llava(depth: int) -> Any:
    config = library.LlavaConfig(
        vision_config={**SIGHT, "model_type": "clip_vision_model", "num_hidden_layers": depth},
        text_config={**TEXT, "model_type": "llama", "num_hidden_layers": 3}, image_token_id=63,
    )  # fmt: skip
    return transformers.LlavaForConditionalGeneration(config)


def gemma3(depth: int) -> Any:
    config = library.Gemma3Config(
        vision_config={**SIGHT, "num_hidden_layers": depth},
        text_config={**TEXT, "num_hidden_layers": 3, "head_dim": 8}, image_token_id=63,
        mm_tokens_per_image=4,
    )  # fmt: skip
    return transformers.Gemma3ForConditionalGeneration(config)


def smolvlm(depth: int) -> Any:
    config = library.SmolVLMConfig(
        vision_config={**SIGHT, "num_hidden_layers": depth},
        text_config={**TEXT, "model_type": "llama", "num_hidden_layers": 3}, image_token_id=63,
        pad_token_id=1, scale_factor=2,
    )  # fmt: skip
    return transformers.SmolVLMForConditionalGeneration(config)


@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("build", [internvl, llava, gemma3, smolvlm])
def test_the_text_tower_is_read_whatever_the_others_depth(
    tmp_path: Path, build: Callable[[int], Any], depth: int
) -> None:
    torch.manual_seed(0)
    network = build(depth)
    layers, facts = layers_of(saved(tmp_path, network))
    assert_the_librarys_own(layers, network, tmp_path)
    assert len(layers) == 4
    assert facts["tower"].startswith(("language_model (", "text_model ("))


def test_a_whole_clip_is_read_by_its_text_tower(tmp_path: Path) -> None:
    text = {**ENCODER, "max_position_embeddings": 16, "eos_token_id": 2, "bos_token_id": 0}
    config = transformers.CLIPConfig(
        text_config=text, vision_config={**SIGHT, "num_hidden_layers": 3}, projection_dim=16
    )
    torch.manual_seed(0)
    network = transformers.CLIPModel(config)
    layers, facts = layers_of(saved(tmp_path, network))
    assert_the_librarys_own(layers, network.text_model, tmp_path)
    assert facts["tower"].startswith("text_model (")
    # CLIP's last hidden state is what its last block gives, not the normalized output.
    assert "the last is its last block's output" in facts["tower"]


OTHERS: dict[str, Callable[[], Any]] = {
    "longformer": lambda: transformers.LongformerModel(
        transformers.LongformerConfig(**ENCODER, max_position_embeddings=66, attention_window=8)
    ),
    "reformer": lambda: transformers.ReformerModel(
        transformers.ReformerConfig(
            vocab_size=64, hidden_size=32, attention_head_size=8, num_attention_heads=4,
            attn_layers=["local"] * 3, feed_forward_size=48, axial_pos_embds_dim=[16, 16],
            axial_pos_shape=[8, 8], max_position_embeddings=64, local_attn_chunk_length=8,
        )
    ),
    "xlnet": lambda: transformers.XLNetModel(
        transformers.XLNetConfig(vocab_size=64, d_model=32, n_head=4, d_head=8, n_layer=3,
                                 d_inner=48)
    ),
    "mamba": lambda: transformers.MambaModel(
        transformers.MambaConfig(vocab_size=64, hidden_size=32, num_hidden_layers=3, state_size=8)
    ),
    "rwkv": lambda: transformers.RwkvModel(
        transformers.RwkvConfig(vocab_size=64, hidden_size=32, num_hidden_layers=3,
                                attention_hidden_size=32)
    ),
    "albert": lambda: transformers.AlbertModel(
        transformers.AlbertConfig(**ENCODER, embedding_size=16)
    ),
    "t5 encoder": lambda: transformers.T5EncoderModel(
        transformers.T5Config(vocab_size=64, d_model=32, d_kv=8, d_ff=48, num_layers=3, num_heads=4)
    ),
    "umt5 encoder": lambda: transformers.UMT5EncoderModel(
        transformers.UMT5Config(vocab_size=64, d_model=32, d_kv=8, d_ff=48, num_layers=3,
                                num_heads=4)
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", OTHERS)
def test_states_that_blocks_do_not_tell_are_the_librarys_own(tmp_path: Path, kind: str) -> None:
    torch.manual_seed(0)
    network = OTHERS[kind]()
    layers, facts = layers_of(saved(tmp_path, network))
    assert_the_librarys_own(layers, network, tmp_path)
    assert "4 hidden states, the last is" in facts["tower"]


def test_a_network_without_a_state_a_token_is_refused_by_name(tmp_path: Path) -> None:
    config = transformers.Gemma3nTextConfig(
        **TEXT, vocab_size_per_layer_input=64, hidden_size_per_layer_input=8, head_dim=8,
        num_hidden_layers=5, num_kv_shared_layers=0, laurel_rank=4, sliding_window=4,
        activation_sparsity_pattern=[0.0] * 5, pad_token_id=1,
    )  # fmt: skip
    saved(tmp_path, transformers.Gemma3nForCausalLM(config))
    with pytest.raises(CatalogError, match="6 hidden states of shape .* for 5 layers") as refused:
        layers_of(tmp_path)
    assert "\n" not in str(refused.value)
    canine = transformers.CanineConfig(**(ENCODER | {"num_attention_heads": 2}))
    saved(tmp_path / "canine", transformers.CanineModel(canine))
    with pytest.raises(CatalogError, match="no stack of hidden states"):
        layers_of(tmp_path / "canine")
    bart = transformers.BartConfig(
        vocab_size=64, d_model=32, encoder_layers=3, decoder_layers=3, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=48, decoder_ffn_dim=48,
    )  # fmt: skip
    saved(tmp_path / "bart", transformers.BartModel(bart))
    with pytest.raises(CatalogError, match="encoder-decoder"):
        layers_of(tmp_path / "bart")


BEHIND_PADDING: dict[str, Callable[[int], Any]] = {
    "roberta": lambda most: transformers.RobertaModel(
        transformers.RobertaConfig(**ENCODER, max_position_embeddings=most)
    ),
    "xlm-r": lambda most: transformers.XLMRobertaModel(
        transformers.XLMRobertaConfig(**ENCODER, max_position_embeddings=most)
    ),
    "mpnet": lambda most: transformers.MPNetModel(
        transformers.MPNetConfig(**ENCODER, max_position_embeddings=most)
    ),
    "data2vec": lambda most: transformers.Data2VecTextModel(
        transformers.Data2VecTextConfig(**ENCODER, max_position_embeddings=most)
    ),
    "esm": lambda most: transformers.EsmModel(
        transformers.EsmConfig(
            **ENCODER, max_position_embeddings=most, position_embedding_type="absolute",
            mask_token_id=4,
        )
    ),
    "camembert": lambda most: transformers.CamembertModel(
        transformers.CamembertConfig(**ENCODER, max_position_embeddings=most)
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", BEHIND_PADDING)
def test_positions_that_start_behind_padding_shorten_the_window(tmp_path: Path, kind: str) -> None:
    torch.manual_seed(0)
    saved(tmp_path, BEHIND_PADDING[kind](10))
    long = ["a red dog sits on the mat under the big sky", *tiny.dataset(5).captions[1:4], "a dog"]
    layers, facts = layers_of(tmp_path, long)
    # 10 positions, the first of them 2: eight tokens fit.
    longer = sum(len(caption.split()) > 8 for caption in long)
    assert facts["truncated_captions"] == str(longer) and longer >= 1
    cut, _ = layers_of(tmp_path, [" ".join(caption.split()[:8]) for caption in long])
    for mine, wanted in zip(layers, cut, strict=True):
        np.testing.assert_allclose(mine, wanted, atol=1e-5)


def test_a_bert_keeps_its_whole_window(tmp_path: Path) -> None:
    bert = transformers.BertConfig(**ENCODER, max_position_embeddings=10)
    saved(tmp_path, transformers.BertModel(bert))
    _, facts = layers_of(tmp_path, ["a red dog sits on the mat under big sky", *["a dog"] * 4])
    assert facts["truncated_captions"] == "0"

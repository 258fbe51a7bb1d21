"""Language architectures of transformers, tiny and with random weights, through extraction."""

import contextlib
import gc
import inspect
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers.models.auto import modeling_auto

from ingest.extract import Variant, extract
from ingest.extract.quantization import quiet
from prh_core.errors import PRHError
from tests.ingest import tiny
from tests.sweep.outcome import Outcome

MOST = 30_000_000
"""Parameters of what is still called tiny: what does not shrink below is not built."""
CLOSE = 1e-3
"""Largest difference of a row from the library's own, relative to the row's norm."""
DEPTH = 3
MEAN = Variant("mean", "none")

# What configurations call their sizes, and how small they are made.
_SIZES: Mapping[int, Sequence[str]] = {
    32: (
        "hidden_size d_model n_embd dim emb_dim embed_dim embedding_size encoder_hidden_dim "
        "input_hidden_size d_embed hidden_dim decoder_hidden_size attention_hidden_size lru_width "
        "embed_proj_dim image_size input_size hidden_size_ratio_base projection_dim"
    ).split(),
    DEPTH: (
        "num_hidden_layers n_layer num_layers n_layers encoder_layers decoder_layers depth "
        "num_encoder_layers num_decoder_layers n_encoder_layers num_blocks"
    ).split(),
    4: (
        "num_attention_heads n_head num_heads n_heads encoder_attention_heads num_experts "
        "decoder_attention_heads num_attn_heads num_local_experts n_routed_experts "
        "moe_num_experts num_moe_experts n_experts"
    ).split(),
    2: (
        "num_key_value_heads num_kv_heads n_kv_heads num_experts_per_tok moe_top_k "
        "num_experts_per_token top_k_experts moe_k linear_num_value_heads linear_num_key_heads"
    ).split(),
    48: (
        "intermediate_size ffn_dim n_inner d_ff encoder_ffn_dim decoder_ffn_dim ffn_hidden_size "
        "d_inner moe_intermediate_size shared_expert_intermediate_size expert_ffn_hidden_size "
        "dense_intermediate_size mlp_dim intermediate_size_mlp ff_dim"
    ).split(),
    8: (
        "head_dim d_kv d_head attention_head_size qk_nope_head_dim qk_rope_head_dim v_head_dim "
        "global_head_dim linear_key_head_dim linear_value_head_dim swa_head_dim rotary_dim "
        "patch_size hidden_size_per_layer_input"
    ).split(),
    16: ("kv_lora_rank", "q_lora_rank", "index_topk"),
    1: (
        "n_group topk_group first_k_dense_replace n_shared_experts num_shared_experts "
        "moe_layer_start_index num_kv_shared_layers"
    ).split(),
    600: "vocab_size vocab_size_per_layer_input padded_vocab_size text_vocab_size".split(),
    128: (
        "max_position_embeddings n_positions n_ctx max_sequence_length max_seq_len "
        "context_length max_target_positions max_source_positions max_seq_length seq_length"
    ).split(),
}
_SMALL = {name: value for value, names in _SIZES.items() for name in names}
_TOKENS = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
# What one architecture needs besides.
_OWN: Mapping[str, Mapping[str, Any]] = {
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "mamba_dt_rank": 4},
    "bamba": {"attn_layer_indices": [1], "mamba_n_heads": 8, "mamba_d_head": 8},
    "granitemoehybrid": {
        "layer_types": ["linear_attention", "full_attention", "linear_attention"],
        "mamba_n_heads": 8, "mamba_d_head": 8,
    },
    "layoutlmv3": {"coordinate_size": 6, "shape_size": 4},
    "reformer": {
        "is_decoder": True, "attn_layers": ["local"] * 3, "axial_pos_embds_dim": [16, 16],
        "axial_pos_shape": [8, 16], "local_attn_chunk_length": 8,
    },
    "longformer": {"attention_window": 8},
    "esm": {"mask_token_id": 4, "position_embedding_type": "absolute"},
    "zamba2": {"mamba_ngroups": 1},
    "mamba2": {"num_heads": 8, "head_dim": 8, "n_groups": 1, "expand": 2},
    "xmod": {"default_language": "en_XX", "languages": ["en_XX"]},
    "gemma3n_text": {
        "num_hidden_layers": 5, "num_kv_shared_layers": 0, "laurel_rank": 4, "sliding_window": 4,
        "activation_sparsity_pattern": [0.0] * 5,
        "layer_types": [*["sliding_attention"] * 4, "full_attention"],
    },
    "funnel": {"block_sizes": [1, 1, 1], "num_decoder_layers": 1},
    "lilt": {"channel_shrink_ratio": 4, "hidden_size": 48},
}  # fmt: skip


def architectures() -> list[str]:
    """Return the model types of transformers that have a network of their own."""
    kinds = [*modeling_auto.MODEL_MAPPING_NAMES, *modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES]
    return list(dict.fromkeys(kinds))


def sweep(kinds: Sequence[str]) -> Iterator[Outcome | None]:
    """Yield what becomes of each architecture; None of one that reads no text."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    for kind in kinds:
        with warnings.catch_warnings(), quiet():
            warnings.simplefilter("ignore")
            try:
                yield _one(kind)
            except Exception as error:
                yield Outcome(kind, "traceback", _said(error))
        gc.collect()


def _one(kind: str) -> Outcome | None:
    if not _reads_text(kind):
        return None
    with tempfile.TemporaryDirectory() as folder:
        try:
            network = _built(kind)
            network.save_pretrained(folder)
            _tokenizer().save_pretrained(folder)
            plain = type(network).from_pretrained(folder).eval()
            tokens: Any = transformers.AutoTokenizer.from_pretrained(folder)
        except Exception as error:  # what the library cannot make, run, save or open
            return Outcome(kind, "not built", _said(error))
        data = tiny.dataset(6)
        record = tiny.model("language", "transformers", Path(folder), options={"path": "."})
        try:
            found = extract(record, data, [MEAN], device="cpu", batch_size=4)[MEAN]
        except PRHError as error:
            said = str(error).replace(folder, "the folder").replace("Model 'tiny'", "the model")
            return Outcome(kind, "refused", f"{type(error).__name__}: {said}")
        texts = [tokens(caption)["input_ids"] for caption in data.captions]
        path, part, _ = found.facts["tower"].partition(" (")
        return _compared(kind, plain, path if part else "", texts, found.layers)


def _reads_text(kind: str) -> bool:
    for names in (
        modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, modeling_auto.MODEL_MAPPING_NAMES,
    ):  # fmt: skip
        name = names.get(kind)
        network = getattr(transformers, name, None) if isinstance(name, str) else None
        if network is None:
            continue
        try:
            arguments = inspect.signature(network.forward).parameters
        except ImportError:  # a package of its own is not installed: it says so when built
            return True
        if "input_ids" in arguments:
            return True
    return False


def _tokenizer() -> Any:
    """Return a byte-level tokenizer of the vocabulary's size, taught on the captions."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # type: ignore[assignment]
    inner.decoder = decoders.ByteLevel()  # type: ignore[assignment]
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    teacher = trainers.BpeTrainer(
        vocab_size=300, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    inner.train_from_iterator(tiny.dataset(6).captions, teacher)
    named = dict(zip(("bos_token", "pad_token", "eos_token", "unk_token"), special, strict=True))
    return transformers.PreTrainedTokenizerFast(tokenizer_object=inner, **named)


def _compared(
    kind: str,
    network: Any,
    tower: str,
    texts: Sequence[Sequence[int]],
    layers: Mapping[str, np.ndarray],
) -> Outcome:
    """Hold what was extracted against the library's own states, a text at a time."""
    own = list(layers.values())
    worst = 0.0
    for row, ids in enumerate(texts):
        theirs = _states(network, tower, torch.tensor([list(ids)]))
        if len(theirs) != len(own):
            return Outcome(kind, "different", f"{len(own)} states, the library has {len(theirs)}")
        for mine, state in zip(own, theirs, strict=True):
            wanted = state[0, : len(ids)].float().mean(0).numpy()
            if wanted.shape != mine[row].shape:
                return Outcome(kind, "different", f"{mine[row].shape}, not {wanted.shape}")
            apart = np.linalg.norm(mine[row] - wanted) / max(float(np.linalg.norm(wanted)), 1e-6)
            worst = max(worst, float(apart))
    verdict = "equal" if worst <= CLOSE else "different"
    return Outcome(kind, verdict, f"{worst:.1e}")


def _states(network: Any, tower: str, ids: torch.Tensor) -> tuple[torch.Tensor, ...]:
    mask = torch.ones_like(ids)
    arguments = {"input_ids": ids, "attention_mask": mask, "output_hidden_states": True}
    with torch.no_grad():
        with contextlib.suppress(Exception):
            states = network(**arguments).hidden_states
            if states is not None:
                return states
        whole = network if network.get_output_embeddings() is None else network.base_model
        part = whole.get_submodule(tower) if tower else whole
        return part(**arguments).hidden_states


def _built(kind: str) -> Any:
    """Build an architecture with random weights, as small as its configuration allows.

    A configuration that is made of small sizes derives what follows from them; where that fails,
    the one of full size is made small.

    Raises:
        Exception: whatever the library raises that cannot build it, or run it on text.
    """
    with contextlib.suppress(Exception):
        made: Any = transformers.CONFIG_MAPPING[kind]
        return _run(kind, made(**_sizes(made(), kind)))
    config: Any = transformers.CONFIG_MAPPING[kind]()
    for part in (config, *_parts(config).values()):
        for name, value in _sizes(part, part.model_type).items():
            if name not in _parts(part):
                setattr(part, name, value)
    return _run(kind, config)


def _run(kind: str, config: Any) -> Any:
    """Return the network of a configuration, if it is small and the library runs it on text."""
    causal = kind in modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    auto: Any = transformers.AutoModelForCausalLM if causal else transformers.AutoModel
    with torch.device("meta"):
        size = sum(p.numel() for p in auto.from_config(config).parameters())
    if size > MOST:
        raise ValueError(f"{size:,} parameters at its smallest")
    torch.manual_seed(0)
    network = auto.from_config(config).eval()
    alone = config.get_text_config() is config and not getattr(config, "is_encoder_decoder", False)
    if alone:
        ids = torch.tensor([[3, 4, 5, 6, 7, 8, 9]])
        with torch.no_grad():
            network(input_ids=ids, attention_mask=torch.ones_like(ids))
    return network


def _parts(config: Any) -> dict[str, Any]:
    """Return the configurations inside a configuration."""
    is_part = transformers.PreTrainedConfig
    return {name: value for name, value in vars(config).items() if isinstance(value, is_part)}


def _sizes(config: Any, kind: str) -> dict[str, Any]:
    """Return the sizes a configuration knows, made small, those of its parts as their own."""
    found: dict[str, Any] = {}
    latent = "kv_lora_rank" in vars(config)
    for name, value in vars(config).items():
        if name in _parts(config):
            found[name] = {"model_type": value.model_type, **_sizes(value, value.model_type)}
        elif name in _SMALL and isinstance(value, int) and not isinstance(value, bool):
            heads = latent and name == "num_key_value_heads"
            found[name] = 4 if heads else _SMALL[name]
        elif name in _UNSAID and value is None:
            found[name] = _UNSAID[name]
        elif name in _TOKENS:
            found[name] = _TOKENS[name]
        elif isinstance(value, list) and len(value) > DEPTH and name.endswith(_LISTS):
            found[name] = _shortened(value)
        elif name == "rope_parameters" and isinstance(value, dict) and kind.startswith(_MROPE):
            half = int(8 * value.get("partial_rotary_factor", 1.0)) // 2
            sections = [half - half // 4 * 2, *[half // 4] * 2]
            found[name] = {**value, "mrope_section": sections}
    return {**found, **_OWN.get(kind, {})}


# What some configurations leave open, and a network of theirs needs.
_UNSAID = {"num_experts_per_tok": 2, "head_dim": 8, "mask_token_id": 4}
_MROPE = (
    "glm4v", "glm46v", "glm_ocr", "glm_image", "glmga", "qwen2_vl", "qwen2_5_vl", "paddleocr",
    "qwen2_5_omni", "qwen3_vl", "qwen3_omni",
)  # fmt: skip
_LISTS = ("layer_types", "block_type", "block_types", "no_rope_layers", "attention_layers")


def _shortened(kinds: Sequence[Any]) -> list[Any]:
    """Return three of a list of layers' kinds, different ones where there are."""
    new = [kind for place, kind in enumerate(kinds) if kind not in kinds[:place]]
    return [*new, *[kinds[-1]] * DEPTH][:DEPTH] if len(new) < DEPTH else new[:DEPTH]


def _said(error: Exception) -> str:
    line = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {line[:200]}"

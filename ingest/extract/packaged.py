"""Weights that ordinary packages ship: `source` is the distribution, `revision` its version."""

import math
import re

import torch
import transformers
from torch import Tensor
from torch.nn import functional

from ingest.catalog.packages import shipped_file
from ingest.catalog.records import ModelRecord
from ingest.errors import CheckpointMismatchError
from ingest.extract.checkpoints import below, fit, read_checkpoint
from ingest.extract.loaded import LoadedLanguage, LoadedVision, Placement
from ingest.extract.loaders import loader, text_option
from ingest.extract.onnx_weights import read_onnx
from ingest.extract.quantization import dequantized
from ingest.extract.timm_models import create
from ingest.extract.timm_models import wrap as wrap_timm
from ingest.extract.transformers_models import from_folder, random_network
from ingest.extract.transformers_models import wrap as wrap_transformers


@loader("package-efficientnet")
def package_efficientnet(record: ModelRecord, place: Placement) -> LoadedVision:
    """Load a .pth whose tensors are timm's, in timm's order, under other names."""
    path = shipped_file(record.source, record.revision, ".pth")
    weights = read_checkpoint(path)
    module = create(record, text_option(record, "architecture"), pretrained=False)
    names = module.state_dict()
    if len(weights) != len(names):
        raise CheckpointMismatchError(
            f"The checkpoint {path} holds {len(weights)} tensors; the architecture has "
            f"{len(names)}."
        )
    # `fit` checks every shape, so a tensor out of place does not pass unseen.
    fit(module, dict(zip(names, weights.values(), strict=True)), str(path))
    return wrap_timm(record, module, record.revision, place)


# Module names of transformers' DINOv2 inside the file -> timm's.
_VIT_NAMES = (
    (r"^embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
    (r"^embeddings\.cls_token$", "cls_token"),
    (r"^encoder\.layer\.(\d+)\.", r"blocks.\1."),
    (r"\.attention\.output\.dense\.", ".attn.proj."),
    (r"\.layer_scale([12])\.lambda1$", r".ls\1.gamma"),
    (r"^layernorm\.", "norm."),
)


@loader("package-vit-onnx")
def package_vit_onnx(record: ModelRecord, place: Placement) -> LoadedVision:
    """Load a DINOv2-shaped ViT from an ONNX file that holds it under 'backbone.'."""
    path = shipped_file(record.source, record.revision, ".onnx")
    raw = read_onnx(path)
    module = create(record, text_option(record, "architecture"), pretrained=False, num_classes=0)
    weights: dict[str, Tensor] = {}
    fused: dict[str, dict[str, Tensor]] = {}
    for name, value in below(raw, "backbone.").items():
        part = re.match(r"^(.*)\.attention\.attention\.(query|key|value)\.(weight|bias)$", name)
        if part is not None:
            key = f"{_renamed(part[1] + '.')}attn.qkv.{part[3]}"
            fused.setdefault(key, {})[part[2]] = value
        else:
            weights[_renamed(name)] = value
    for key, parts in fused.items():
        weights[key] = torch.cat([parts[name] for name in ("query", "key", "value")])
    count = module.state_dict()["pos_embed"].shape[1] - 1
    weights["pos_embed"] = _positions(raw, weights["cls_token"].shape[-1], count, str(path))
    # The file keeps patches as a convolution, as timm does; the mask token is for training only.
    weights.pop("embeddings.mask_token", None)
    fit(module, weights, str(path))
    return wrap_timm(record, module, record.revision, place)


@loader("package-transformers")
def package_transformers(record: ModelRecord, place: Placement) -> LoadedLanguage:
    """Load a transformers folder (option `config_file` names its config) or a `gguf_file`."""
    if "gguf_file" in record.options:
        file = shipped_file(record.source, record.revision, text_option(record, "gguf_file"))
        folder = dequantized(record, file, record.revision)
    else:
        file = shipped_file(record.source, record.revision, text_option(record, "config_file"))
        folder = file.parent
    return from_folder(record, folder, place, record.revision)


@loader("package-transformers-random")
def package_transformers_random(record: ModelRecord, place: Placement) -> LoadedLanguage:
    """Build the architecture of a packaged model with random weights (option `seed`)."""
    file = shipped_file(record.source, record.revision, text_option(record, "config_file"))
    return random_network(record, str(file), str(file.parent), {"local_files_only": True})


@loader("package-minilm-onnx")
def package_minilm_onnx(record: ModelRecord, place: Placement) -> LoadedLanguage:
    """Load a three-layer BERT from an ONNX file; option `tokenizer_package` lends its tokenizer."""
    path = shipped_file(record.source, record.revision, ".onnx")
    config = transformers.BertConfig(
        num_hidden_layers=3, hidden_size=384, num_attention_heads=12, intermediate_size=1536
    )
    module = transformers.BertModel(config, add_pooling_layer=False)
    fit(module, below(read_onnx(path), "model.0.auto_model."), str(path))
    lender, _, version = text_option(record, "tokenizer_package").partition("==")
    vocabulary = shipped_file(lender, version, "model/tokenizer_config.json")
    tokens = transformers.AutoTokenizer.from_pretrained(
        str(vocabulary.parent), local_files_only=True
    )
    return wrap_transformers(record, module, tokens, record.revision)


def _renamed(name: str) -> str:
    for pattern, replacement in _VIT_NAMES:
        name = re.sub(pattern, replacement, name)
    return name


def _positions(raw: dict[str, Tensor], width: int, count: int, source: str) -> Tensor:
    """Return the position embedding, (1, 1 + count, width), for `count` patches in a square.

    The export cut the class token's row off, and kept the patches' at the size of training; the
    network resamples them as it runs (bicubic, without antialiasing), which is done here once.
    """
    loose = [v for k, v in raw.items() if k.startswith("onnx::") and v.ndim == 3]
    first = [v for v in loose if v.shape == (1, 1, width)]
    patches = [v for v in loose if v.shape[1] > 1 and v.shape[2] == width]
    if len(first) != 1 or len(patches) != 1:
        raise CheckpointMismatchError(f"The checkpoint {source} holds no position embedding.")
    old, new = math.isqrt(patches[0].shape[1]), math.isqrt(count)
    grid = patches[0].reshape(1, old, old, width).permute(0, 3, 1, 2)
    grid = functional.interpolate(grid, size=(new, new), mode="bicubic", align_corners=False)
    return torch.cat([first[0], grid.flatten(2).transpose(1, 2)], dim=1)

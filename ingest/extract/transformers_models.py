"""Language networks of transformers: from the hub, a local folder, or a GGUF file."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import Tensor, nn

from ingest.catalog.hub import hub_errors, hub_file
from ingest.catalog.records import ModelRecord
from ingest.errors import CatalogError
from ingest.extract.content import content_hash
from ingest.extract.loaded import Causal, LoadedLanguage, Pieces, Placement, Span, StateTaker, Turn
from ingest.extract.loaders import loader, local_path
from ingest.extract.pretrained import opening, refuse_missing, seed_of
from ingest.extract.quantization import dequantized, quantized, quiet
from ingest.extract.spelling import Spelling
from ingest.extract.towers import Tower, text_tower, uncached


@loader("transformers")
def transformers_model(record: ModelRecord, place: Placement) -> LoadedLanguage:
    """Load `source` from the hub, or the local folder of option `path`.

    Options: `path`; `gguf_file` (its name within the repository or folder); `device_map` ('auto'
    spreads a model over all devices, through accelerate); `quantization` ('4bit' or '8bit', through
    bitsandbytes: what comes of it is marked in the results).
    """
    gguf = record.options.get("gguf_file")
    if "path" in record.options:
        folder = local_path(record, "path")
        revision = content_hash(folder / str(gguf) if gguf else folder)
        if gguf:
            folder = dequantized(record, folder / str(gguf), revision)
        return from_folder(record, folder, place, revision)
    with hub_errors("model", record.source, record.revision):
        if gguf:
            packed = hub_file(record.source, str(gguf), record.revision)
            folder = dequantized(record, packed.path, packed.commit)
            return from_folder(record, folder, place, packed.commit)
        config = hub_file(record.source, "config.json", record.revision)
        where = {"revision": config.commit, "local_files_only": config.offline}
        return from_pretrained(record, record.source, place, config.commit, where)


@loader("transformers-random")
def transformers_random(record: ModelRecord, place: Placement) -> LoadedLanguage:
    """Build the architecture of `source`, or of the local folder `path`, with random weights.

    Its configuration and tokenizer are read, none of its weights. Option `seed` makes these.
    """
    if "path" in record.options:
        folder = str(local_path(record, "path"))
        return random_network(record, folder, folder, {"local_files_only": True})
    with hub_errors("model", record.source, record.revision):
        config = hub_file(record.source, "config.json", record.revision)
        where = {"revision": config.commit, "local_files_only": config.offline}
        return random_network(record, record.source, record.source, where, config.commit)


def random_network(
    record: ModelRecord, config: str, tokenizer: str, where: dict[str, Any], commit: str = ""
) -> LoadedLanguage:
    """Build a network of random weights from a configuration and a tokenizer.

    Args:
        record: the model; its option `seed` makes the weights.
        config: hub repository, local folder or file of the configuration.
        tokenizer: hub repository or local folder of the tokenizer.
        where: transformers' own arguments: `revision`, `local_files_only`.
        commit: of the hub's repository, stored with the features beside the seed.

    Raises:
        CatalogError: the seed is no whole number.
    """
    seed = seed_of(record)
    shape = transformers.AutoConfig.from_pretrained(config, **where)
    tokens = transformers.AutoTokenizer.from_pretrained(tokenizer, **where)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = transformers.AutoModel.from_config(shape)
    revision = f"seed-{seed}" if not commit else f"{commit}, seed-{seed}"
    return wrap(record, module, tokens, revision)


def from_folder(
    record: ModelRecord, folder: Path, place: Placement, revision: str
) -> LoadedLanguage:
    """Load a model from a local folder; nothing is looked up on the hub.

    Raises:
        CatalogError: the folder holds no transformers model.
        CheckpointMismatchError: weights are missing or do not fit.
        UnsafeCheckpointError: the weights are a pickle that holds more.
    """
    return from_pretrained(record, str(folder), place, revision, {"local_files_only": True})


def from_pretrained(
    record: ModelRecord, name: str, place: Placement, revision: str, where: dict[str, Any]
) -> LoadedLanguage:
    """Load network and tokenizer.

    Args:
        record: the model.
        name: hub repository or local folder.
        place: for the precision of the weights.
        revision: what is stored with the features.
        where: transformers' own arguments: `revision`, `local_files_only`.
    """
    spread = record.options.get("device_map")
    packed = quantized(record, place)
    spread = spread or packed.get("device_map")
    arguments = {**where, **packed, **({"device_map": spread} if spread else {})}
    with quiet(), opening(record, name, where):
        tokens = transformers.AutoTokenizer.from_pretrained(name, **where)
        module, loading = _class(name, where).from_pretrained(
            name, dtype=place.dtype, output_loading_info=True, **arguments
        )
    # A pooler is never read here, and many sentence models come without one.
    refuse_missing(name, loading["missing_keys"], unread="pooler.")
    marked = f"{revision}, {record.quantization}" if packed else revision
    return wrap(record, module, tokens, marked, placed=bool(spread))


def _class(name: str, where: dict[str, Any]) -> Any:
    """Return what opens the weights: with the head that predicts tokens, where they have one.

    An encoder that was saved alone (of T5, of UMT5) is opened as what it says it is.
    """
    config: Any = transformers.AutoConfig.from_pretrained(name, **where)
    kinds = [str(kind) for kind in config.architectures or ()]
    for kind in kinds:
        if _encoder_alone(kind) and hasattr(transformers, kind):
            return getattr(transformers, kind)
    heads = [kind for kind in kinds if kind.endswith(("ForCausalLM", "LMHeadModel"))]
    if not heads:
        return transformers.AutoModel
    known = type(config) in transformers.MODEL_FOR_CAUSAL_LM_MAPPING
    # The text part of some multimodal models was saved alone, under its own name.
    return (
        transformers.AutoModelForCausalLM
        if known
        else getattr(transformers, heads[0], transformers.AutoModelForCausalLM)
    )


def _encoder_alone(kind: str) -> bool:
    return kind.endswith("EncoderModel")


def wrap(
    record: ModelRecord, module: nn.Module, tokens: Any, revision: str, placed: bool = False
) -> LoadedLanguage:
    """Say how to feed a transformers model and read its hidden states."""
    # A network that is being trained is not told again: modules may act on it (LoRA merges).
    if any(part.training for part in module.modules()):
        module.eval()
    config: Any = module.config
    if getattr(config, "is_encoder_decoder", False) and not _encoder_alone(type(module).__name__):
        raise CatalogError(
            f"Model {record.id!r} is an encoder-decoder; only encoders and decoders have one stack "
            "of hidden states."
        )
    text: Any = config.get_text_config()
    network: Any = module
    predicts = network.get_output_embeddings() is not None
    backbone = network.base_model if predicts else network
    window = window_of(tokens, text, backbone)
    towers: list[Tower] = []

    def encode(texts: Sequence[str]) -> list[list[int]]:
        return [list(map(int, row)) for row in tokens(list(texts), verbose=False)["input_ids"]]

    def shorten(texts: Sequence[str], window: int) -> list[list[int]]:
        cut = tokens(list(texts), truncation=True, max_length=window)["input_ids"]
        return [list(map(int, row)) for row in cut]

    def spans(texts: Sequence[str]) -> list[list[Span | None]]:
        cut = {} if window is None else {"truncation": True, "max_length": window}
        read = tokens(
            list(texts), return_offsets_mapping=True, return_special_tokens_mask=True,
            verbose=False, **cut,
        )  # fmt: skip
        rows = zip(read["offset_mapping"], read["special_tokens_mask"], strict=True)
        return [
            [None if hidden else (a, b) for (a, b), hidden in zip(*row, strict=True)]
            for row in rows
        ]

    def stream(ids: Tensor, mask: Tensor, take: StateTaker) -> None:
        if not towers:  # found on the first batch, where the network will run
            towers.append(text_tower(record, backbone, ids[0][mask[0] == 1], window))
        towers[0].stream(ids, mask, take)

    def logits(ids: Tensor, mask: Tensor) -> Tensor:
        return network(input_ids=ids, attention_mask=mask, **uncached(network)).logits

    def last(ids: Tensor, mask: Tensor) -> Tensor:
        return backbone(input_ids=ids, attention_mask=mask, **uncached(backbone)).last_hidden_state

    spelling = functools.cache(lambda: Spelling(tokens))

    def pieces(text: str) -> Pieces:
        split = tokens(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        ids, offsets = list(split["input_ids"]), list(split["offset_mapping"])
        opening_bytes = spelling().opening_bytes(text, ids[0], offsets) if ids else 0
        opening = spelling().opening(text, ids, offsets) if ids else 1
        return Pieces(ids, [begin for begin, _ in offsets], opening_bytes, opening)

    def answer(conversations: Sequence[Sequence[Turn]], longest: int) -> list[str]:
        return continue_conversations(network, tokens, conversations, longest)

    pads = (tokens.pad_token_id, tokens.eos_token_id, 0)
    return LoadedLanguage(
        module=module,
        encode=encode,
        stream=stream,
        window=window,
        pad_id=next(int(pad) for pad in pads if pad is not None),
        revision=revision,
        shorten=shorten,
        spans=spans if getattr(tokens, "is_fast", False) else None,
        causal=Causal(
            logits,
            pieces,
            tokens.bos_token_id,
            network.get_output_embeddings(),
            last,
            answer if getattr(tokens, "chat_template", None) else None,
        )
        if predicts
        else None,
        placed=placed,
        tower=lambda: towers[0].description if towers else None,
    )


def window_of(tokens: Any, text: Any, network: nn.Module) -> int | None:
    """Return the most tokens a network can take; None when there is no limit.

    Args:
        tokens: the tokenizer, which may name a limit.
        text: the configuration of the part that reads text, which may name another.
        network: its tables of positions limit it, too. Where one has a padding index (RoBERTa,
            XLM-R, MPNet, ESM, Data2Vec), positions start behind it.
    """
    limits = [tokens.model_max_length, getattr(text, "max_position_embeddings", None)]
    # Tokenizers without a limit say 1e30, networks without one -1 or None.
    real = [int(limit) for limit in limits if limit is not None and 0 < limit < 10**9]
    for path, module in network.named_modules():
        if isinstance(module, nn.Embedding) and path.endswith("position_embeddings"):
            if module.padding_idx is not None and module.num_embeddings in real:
                real.append(module.num_embeddings - module.padding_idx - 1)
    return min(real) if real else None


def continue_conversations(
    network: Any, tokens: Any, conversations: Sequence[Sequence[Turn]], longest: int
) -> list[str]:
    """Continue conversations by the network's chat template, the likeliest token at every step.

    Padding stands before the text, so that every answer begins at the same place.
    """
    prompts = [
        tokens.apply_chat_template(
            [turn._asdict() for turn in turns], tokenize=False, add_generation_prompt=True
        )
        for turns in conversations
    ]
    pad = tokens.pad_token_id if tokens.pad_token_id is not None else tokens.eos_token_id
    rows = [tokens(text, add_special_tokens=False)["input_ids"] for text in prompts]
    width = max(len(row) for row in rows)
    device = next(network.parameters()).device
    ids = torch.tensor([[pad] * (width - len(row)) + row for row in rows], device=device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=device)
    with quiet(), torch.inference_mode():
        answers = network.generate(
            input_ids=ids, attention_mask=mask, do_sample=False, num_beams=1, temperature=None,
            top_p=None, top_k=None, max_new_tokens=longest, pad_token_id=pad,
        )  # fmt: skip
    return [tokens.decode(row[width:], skip_special_tokens=True).strip() for row in answers]

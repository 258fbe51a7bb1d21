"""Language networks of transformers: from the hub, a local folder, or a GGUF file."""

import contextlib
import functools
import importlib.util
import pickle
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from torch import Tensor, nn

from ingest.catalog.hub import hub_errors, hub_file
from ingest.catalog.records import ModelRecord
from ingest.errors import (
    CatalogError,
    CheckpointMismatchError,
    MissingPackageError,
    UnsafeCheckpointError,
)
from ingest.extract.cache import cached_folder
from ingest.extract.content import content_hash
from ingest.extract.loaded import (
    Causal,
    LoadedLanguage,
    Pieces,
    Placement,
    StateTaker,
    Turn,
)
from ingest.extract.loaders import loader, local_path
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
        found = hub_file(record.source, "config.json", record.revision)
        where = {"revision": found.commit, "local_files_only": found.offline}
        return from_pretrained(record, record.source, place, found.commit, where)


def from_folder(
    record: ModelRecord,
    folder: Path,
    place: Placement,
    revision: str,
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
    with quiet():
        try:
            tokens = transformers.AutoTokenizer.from_pretrained(name, **where)
            module, found = _class(name, where).from_pretrained(
                name, dtype=place.dtype, output_loading_info=True, **arguments
            )
        except pickle.UnpicklingError as error:
            raise UnsafeCheckpointError(
                f"The weights of {name} are a pickle that holds more than weights; loading them "
                "could run code, so they are refused."
            ) from error
        except SafetensorError as error:
            raise CheckpointMismatchError(f"The weights of {name} cannot be read: {error}.") from (
                error
            )
        except RuntimeError as error:
            if "size mismatch" in str(error) or "mismatched" in str(error):
                raise CheckpointMismatchError(
                    f"The weights of {name} do not fit its config.json: {str(error)[:300]}"
                ) from error
            raise
        except (OSError, ValueError, KeyError) as error:
            if "revision" not in where:
                raise CatalogError(
                    f"Model {record.id!r}: {name} holds no transformers model that can be loaded: "
                    f"{str(error).splitlines()[0]}"
                ) from error
            raise
    # A pooler is never read here, and many sentence models come without one.
    missing = sorted(k for k in found["missing_keys"] if not k.startswith("pooler."))
    if missing:
        raise CheckpointMismatchError(
            f"The weights of {name} do not fit its architecture: {len(missing)} missing "
            f"({', '.join(missing[:3])})."
        )
    marked = f"{revision}, {record.quantization}" if packed else revision
    return wrap(record, module, tokens, marked, placed=bool(spread))


def quantized(record: ModelRecord, place: Placement) -> dict[str, Any]:
    """Return transformers' arguments for weights in fewer bits; none where it is not asked for.

    Raises:
        CatalogError: the option says neither 4bit nor 8bit.
        MissingPackageError: bitsandbytes is not installed.
    """
    asked = record.quantization
    if asked is None:
        return {}
    if asked not in ("4bit", "8bit"):
        raise CatalogError(
            f"Model {record.id!r}: quantization should be '4bit' or '8bit'; got {asked!r}."
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise MissingPackageError(
            f"Model {record.id!r} is to be loaded in {asked}, which needs the package "
            "bitsandbytes: pip install bitsandbytes"
        )
    how: Any = transformers.BitsAndBytesConfig
    config = (
        how(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=place.dtype)
        if asked == "4bit"
        else how(load_in_8bit=True)
    )
    # Packed weights cannot be moved later: they are put in place as they are loaded.
    return {"quantization_config": config, "device_map": {"": str(place.device)}}


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
    module = module.eval()
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
        found = tokens(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        ids, offsets = list(found["input_ids"]), list(found["offset_mapping"])
        given = spelling().given(text, ids[0], offsets) if ids else 0
        opening = spelling().opening(text, ids, offsets) if ids else 1
        return Pieces(ids, [begin for begin, _ in offsets], given, opening)

    def answer(conversations: Sequence[Sequence[Turn]], longest: int) -> list[str]:
        return answered(network, tokens, conversations, longest)

    pads = (tokens.pad_token_id, tokens.eos_token_id, 0)
    return LoadedLanguage(
        module=module,
        encode=encode,
        stream=stream,
        window=window,
        pad_id=next(int(pad) for pad in pads if pad is not None),
        revision=revision,
        shorten=shorten,
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
        tower=lambda: towers[0].told if towers else None,
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


class Spelling:
    """Which bytes tokens stand for, as their tokenizer writes them.

    A byte-level vocabulary has a letter for each byte, one with byte fallback has <0x0A>, and
    SentencePiece writes a space as ▁.
    """

    def __init__(self, tokens: Any) -> None:
        """Look once at how the tokenizer writes."""
        self._tokens = tokens
        self._added = set(tokens.added_tokens_decoder)
        backend = tokens.backend_tokenizer
        parts = (backend.pre_tokenizer, backend.decoder)
        self._byte_level = any(p is not None and b"ByteLevel" in p.__getstate__() for p in parts)
        # Some put a space before a text, most of these not where there is one already.
        spaced = tokens(" a", add_special_tokens=False, verbose=False)["input_ids"]
        self._always_spaced = b"".join(map(self.bytes_of, spaced)).startswith(b"  ")

    def bytes_of(self, token: int) -> bytes:
        """Return the bytes that a token stands for."""
        name = self._tokens.convert_ids_to_tokens(token)
        if re.fullmatch(r"<0x[0-9A-F]{2}>", name):
            return bytes([int(name[3:5], 16)])
        if token in self._added:  # as it stands in the text, whatever the others are
            return name.encode()
        if self._byte_level and all(letter in _BYTES for letter in name):
            return bytes(_BYTES[letter] for letter in name)
        return name.replace("▁", " ").encode()

    def given(self, text: str, first: int, offsets: Sequence[tuple[int, int]]) -> int:
        """Return how many UTF-8 bytes of a text its first token stands for.

        Offsets alone do not tell: some tokenizers trim spaces from them, and tokens that share a
        character share its place. So the token's own bytes count where the text begins with them. A
        space that the tokenizer put before the text is none of it. Where the text was normalized
        (lower case, composed) it does not begin with them: then the characters up to the token's
        end count, with the marks combined with the last, and one split over tokens as a whole.

        Args:
            text: as it was given to the tokenizer.
            first: the first token.
            offsets: where each token begins and ends.
        """
        own = self._own(text, first)
        return len(text[: _behind(text, offsets)].encode()) if own is None else own

    def opening(self, text: str, ids: Sequence[int], offsets: Sequence[tuple[int, int]]) -> int:
        """Return how many of a text's tokens stand for the bytes of `given`.

        One; but of a normalized character that is split over tokens (a ligature) all of them.
        """
        if self._own(text, ids[0]) is not None:
            return 1
        end = _behind(text, offsets)
        return next((at for at, (begin, _) in enumerate(offsets) if begin >= end), len(ids))

    def _own(self, text: str, first: int) -> int | None:
        """Return the length of a first token's own bytes; None where the text begins otherwise."""
        whole, own = text.encode(), self.bytes_of(first)
        if self._always_spaced:
            own = own.removeprefix(b" ")
        for bytes_of_text in (own, own.removeprefix(b" ")):
            if whole.startswith(bytes_of_text):
                return len(bytes_of_text)
        return None


def _behind(text: str, offsets: Sequence[tuple[int, int]]) -> int:
    """Return the character behind a text's first token and the marks combined with its last."""
    end = offsets[0][1]
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return end


def _letters_of_bytes() -> dict[str, int]:
    """Return the bytes of a byte-level vocabulary by their letters (GPT-2's table).

    Printable bytes stand for themselves, the others follow from U+0100 on.
    """
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {
        chr(0x100 + place): byte for place, byte in enumerate(others)
    }


_BYTES = _letters_of_bytes()


def answered(
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
        found = network.generate(
            input_ids=ids, attention_mask=mask, do_sample=False, num_beams=1, temperature=None,
            top_p=None, top_k=None, max_new_tokens=longest, pad_token_id=pad,
        )  # fmt: skip
    return [tokens.decode(row[width:], skip_special_tokens=True).strip() for row in found]


def dequantized(record: ModelRecord, file: Path, revision: str) -> Path:
    """Return a folder with the model of a GGUF file in float32, kept in the cache.

    Raises:
        DiskFullError: no room for the copy.
    """

    def build(folder: Path) -> None:
        with quiet():
            where = {"gguf_file": file.name, "local_files_only": True}
            tokens = transformers.AutoTokenizer.from_pretrained(str(file.parent), **where)
            packed = transformers.AutoModelForCausalLM.from_pretrained(
                str(file.parent), dtype=torch.float32, **where
            )
            # transformers refuses to save a model that it believes to be still quantized.
            config = type(packed.config).from_dict(
                {k: v for k, v in packed.config.to_dict().items() if k != "quantization_config"}
            )
            with torch.device("meta"):
                plain = type(packed)(config)
            plain.load_state_dict(packed.state_dict(), assign=True)
            plain.tie_weights()
            plain.save_pretrained(folder)
            tokens.save_pretrained(folder)

    key = f"{record.id}-{revision}-transformers-{transformers.__version__}".replace(":", "-")
    return cached_folder(key, build)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' own bars and reports away from our progress display."""
    from transformers import modeling_gguf_pytorch_utils as gguf

    log: Any = transformers.utils.logging
    home: Any = gguf
    bar = home.tqdm
    before, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    home.tqdm = functools.partial(bar, disable=True)  # it has no switch of its own
    try:
        yield
    finally:
        home.tqdm = bar
        log.set_verbosity(before)
        if bars:
            log.enable_progress_bar()

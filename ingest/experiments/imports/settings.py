"""What a results file of the harness says was run: which model, and what sets it apart.

A LoRA, another revision or a quantized copy is another model than its base; a chat template or a
setting of generation is another measurement of the same one. Neither may pass for the plain one.
"""

import hashlib
import json
import re
from typing import Any, NamedTuple

from ingest.catalog import Catalog, ModelRecord
from ingest.errors import ImportFileError

COLLECTION = "lm-eval"

_VARIANT = re.compile(
    r"peft|lora|adapter|delta|gguf|ggml|subfolder|steer|quant|gptq|awq|bnb|load_in|overrides|rope"
)
"""Arguments, and backends, that make another network of the model they name."""
_INDIFFERENT = frozenset(
    "attn_implementation backend base_url batch_size block_size cache_dir data_parallel_size "
    "device device_map device_map_option disable_log_stats distributed_executor_backend "
    "download_dir enable_prefix_caching enforce_eager force_download gpu_memory_utilization "
    "load_format local_files_only logits_cache low_cpu_mem_usage max_batch_size max_cpu_memory "
    "max_memory_per_gpu max_num_batched_tokens max_num_seqs max_retries num_concurrent "
    "offload_folder parallelize pipeline_parallel_size seed swap_space tensor_parallel_size "
    "timeout token tokenized_requests tokenizer_backend trust_remote_code use_auth_token "
    "use_fast_tokenizer use_safetensors".split()
)
"""Where and how fast a model runs."""
_NAMES = ("pretrained", "model", "model_path", "path", "engine")
"""Arguments that name the model, by backend."""
_FLOATS = re.compile(r"(torch\.)?(auto|float(16|32|64)?|bfloat16|half|bf16|fp(16|32))")


class HarnessRun(NamedTuple):
    """What a results file says of the run."""

    name: str | None
    """The model as the harness was given it."""
    arguments: dict[str, str]
    """Of the model, those that are set, without its name and revision."""
    revision: str | None
    """Asked for; None for the default."""
    commit: str | None
    """That the hub answered with."""
    settings: tuple[str, ...]
    """Of the task: what makes it another measurement."""
    note: str
    """What else is worth knowing."""


def read_run(content: dict[str, Any], file: str) -> HarnessRun:
    """Read what was run.

    Raises:
        ImportFileError: the configuration is not of the harness's shape.
    """
    config = content.get("config")
    if config is not None and not isinstance(config, dict):
        raise ImportFileError(f'{file}: expected "config" to be an object, got {_kind(config)}')
    config = config or {}
    arguments = _arguments(config.get("model_args"), file)
    name = next((arguments[key] for key in _NAMES if arguments.get(key)), None)
    if name is None and isinstance(content.get("model_name"), str):
        name = _plain(content["model_name"])
    backend = config.get("model")
    if isinstance(backend, str) and _VARIANT.search(backend.lower()):
        arguments["the backend"] = backend
    kept = {
        key: value
        for key, value in arguments.items()
        if key not in (*_NAMES, "revision") and key not in _INDIFFERENT and _is_set(value)
    }
    if name is not None and kept.get("tokenizer") == name:
        kept.pop("tokenizer")
    dtype = kept.get("dtype")
    if dtype and _FLOATS.fullmatch(dtype.lower()):
        kept.pop("dtype")
    else:
        dtype = None
    commit = config.get("model_sha")
    settings = [f"{key}={_short(kept.pop(key))}" for key in sorted(kept) if not _makes_variant(key)]
    return HarnessRun(
        (name or "").rstrip("/\\") or None,
        kept,
        arguments.get("revision") if _is_set(arguments.get("revision")) else None,
        commit if isinstance(commit, str) and commit else None,
        (*_of_the_task(content, config), *settings),
        f"dtype={dtype}" if dtype else "",
    )


def collection(run: HarnessRun) -> str:
    """Name what the scores compare with: plain ones with plain ones, others with their like."""
    return ", ".join((COLLECTION, *run.settings))


def model_of(run: HarnessRun, catalog: Catalog, model: str | None) -> ModelRecord | None:
    """Return the record that the run is of; None where the catalog has none.

    Args:
        run: what the file says.
        catalog: where the model is looked up.
        model: its id, where somebody said which one it is.

    Raises:
        UnknownRecordError: `model` is none of the catalog's.
    """
    if model is not None:
        return catalog.model(model)
    known = catalog.model_named(run.name or "")
    of_source = [
        record
        for record in catalog.models.values()
        if record.source == run.name
        and record.modality == "language"
        and not difference(run, record)
    ]
    if (known is None or difference(run, known)) and len(of_source) == 1:
        return of_source[0]  # several records of one repository: the one of that revision
    return known


def is_base(run: HarnessRun, catalog: Catalog, record: ModelRecord) -> bool:
    """Say whether the file's own name for its model is this record's."""
    return catalog.model_named(run.name or "") is record or record.source == run.name


def difference(run: HarnessRun, record: ModelRecord) -> str:
    """Say in what the model that was run is not the record's own; empty where it is."""
    differing = {
        key: value
        for key, value in run.arguments.items()
        if str(record.options.get(key, "")) != value
    }
    pinned = record.revision
    same = (
        run.revision in (None, "main", pinned)
        or run.commit == pinned
        or (len(run.revision or "") >= 7 and pinned.startswith(run.revision or ""))
    )
    if not same:
        differing["revision"] = run.revision or ""
    return ", ".join(f"{key}={value}" for key, value in differing.items())


def _of_the_task(content: dict[str, Any], config: dict[str, Any]) -> list[str]:
    """Name what was put round the questions or asked of the generation."""
    settings = []
    template = config.get("apply_chat_template", content.get("apply_chat_template"))
    if content.get("chat_template") or config.get("chat_template") or _is_set(template):
        own = not isinstance(template, str) or template.lower() in ("", "true", "default")
        settings.append("chat template" if own else f"chat template {_short(template)}")
    instruction = content.get("system_instruction") or config.get("system_instruction")
    if instruction:
        settings.append(f"system instruction {_hash(instruction)}")
    if _is_set(content.get("fewshot_as_multiturn", config.get("fewshot_as_multiturn"))):
        settings.append("shots as turns")
    generation = config.get("gen_kwargs")
    if isinstance(generation, dict):
        generation = ",".join(f"{key}={value}" for key, value in sorted(generation.items()))
    if generation:
        settings.append(f"gen_kwargs {_short(generation)}")
    return settings


def _arguments(written: Any, file: str) -> dict[str, str]:
    """Return the model's arguments: text "a=b,c=d", a list of such, or an object."""
    if written is None:
        return {}
    if isinstance(written, dict):
        return {str(key): _plain(value) for key, value in written.items()}
    parts = written.split(",") if isinstance(written, str) else written
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise ImportFileError(
            f'{file}: expected "config.model_args" to be text, an object or a list of texts, got '
            f"{_kind(written)}"
        )
    arguments: dict[str, str] = {}
    key = ""
    for part in parts:
        word, equals, value = part.partition("=")
        if equals:
            key = word.strip()
            arguments[key] = value
        elif key:  # a comma within a value
            arguments[key] += f",{part}"
    return {key: _plain(value) for key, value in arguments.items()}


def _plain(value: Any) -> str:
    """Return a value as text, without the quotes that a shell left round it."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    text = text.strip()
    while len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    return text


def _is_set(value: Any) -> bool:
    return str(value).strip().lower() not in ("", "none", "null", "false", "{}", "[]")


def _makes_variant(key: str) -> bool:
    return key in ("dtype", "the backend") or bool(_VARIANT.search(key.lower()))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else _hash(text)


def _hash(value: Any) -> str:
    return hashlib.sha256(str(value).encode()).hexdigest()[:8]


def _kind(value: Any) -> str:
    names = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "null" if value is None else "an object")

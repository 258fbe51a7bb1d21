"""Results files of EleutherAI's lm-evaluation-harness (0.4 and later): a JSON file a run."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ingest.catalog import Catalog, ModelRecord
from ingest.errors import CatalogError, ImportFileError, MissingPackageError
from ingest.hub import hub_errors
from ingest.imports.found import Found

COLLECTION = "lm-eval"


def read_results(path: Path, catalog: Catalog, model: str | None = None) -> Found:
    """Read a results file: every task's measures with their standard errors and shots.

    Args:
        path: `results_*.json`, as the harness writes with --output_path.
        catalog: where the model is looked up, by the name the file gives it.
        model: the catalog's id of the model, where the file's name for it is another.

    Raises:
        ImportFileError: it is no results file.
        UnknownRecordError: `model` is none of the catalog's.
    """
    content = _json(path)
    name = _name(content)
    if model is None and name is None:
        raise ImportFileError(
            f"{path.name} does not say which model it is of; name it with --model"
        )
    found = Found()
    record = catalog.model(model) if model else found.model(catalog, name or "", "language")
    if record is None:
        return found
    _measures(found, content, record, name or record.id, path.name)
    return found


def evaluate(record: ModelRecord, tasks: Sequence[str], shots: int | None, device: str) -> Found:
    """Run tasks through the harness itself and return what it measured.

    Args:
        record: a language model that transformers loads, from the hub or a folder.
        tasks: names of the harness's tasks; their data come from the hub.
        shots: solved examples in the prompt; None takes each task's own number.
        device: as torch names it, or auto.

    Raises:
        MissingPackageError: lm-eval is not installed.
        CatalogError: the model is none that transformers loads, or the harness refuses it or a
            task.
        HubUnreachableError, UnknownHubModelError: the hub does not answer, or not with that.
    """
    if record.modality != "language" or record.loader != "transformers":
        raise CatalogError(
            f"{record.id} is not a language model that transformers loads: only those are "
            "evaluated here; import a results file of the harness for others"
        )
    try:
        import lm_eval  # pyright: ignore[reportMissingImports] - an extra of its own
    except ImportError as error:
        raise MissingPackageError(
            "running benchmarks needs the package lm-eval: pip install 'prh-explorer[evaluate]'"
        ) from error
    path = record.options.get("path")
    where = record.source if path is None else str((record.base or Path()) / str(path))
    arguments: dict[str, Any] = {"pretrained": where}
    if path is None:
        arguments["revision"] = record.revision
    with hub_errors("benchmark", ", ".join(tasks), "main"):
        try:
            content: Any = lm_eval.simple_evaluate(
                model="hf",
                model_args=arguments,
                tasks=list(tasks),
                num_fewshot=shots,
                device=None if device == "auto" else device,
                log_samples=False,
            )
        except (KeyError, ValueError) as error:
            raise CatalogError(
                f"the harness cannot run {', '.join(tasks)} on {record.id}: {error}"
            ) from error
    found = Found()
    found.models[record.id] = record
    _measures(found, content, record, where, "measured here")
    return found


def _measures(
    found: Found, content: dict[str, Any], record: ModelRecord, name: str, origin: str
) -> None:
    """Add a row per task and measure."""
    found.models[record.id] = record
    shots = content.get("n-shot") or {}
    version = content.get("lm_eval_version") or content.get("git_hash") or "unknown version"
    for task, measures in content["results"].items():
        for key, value in measures.items():
            measure, _, choice = key.partition(",")
            if measure in ("alias", "sample_len", "name", "sample_count") or "_stderr" in measure:
                continue
            if not isinstance(value, int | float) or not math.isfinite(value):
                found.left_out.append(f"{origin}: {task} {key} is {value!r}, not a number")
                continue
            error = measures.get(f"{measure}_stderr,{choice}" if choice else f"{measure}_stderr")
            count = shots.get(task)
            found.add(
                "benchmarks",
                {
                    "model_id": record.id,
                    "benchmark": task,
                    "measure": measure if choice in ("", "none") else f"{measure}, {choice}",
                    "shots": count if isinstance(count, int) else None,
                    "score": float(value),
                    "stderr": float(error) if isinstance(error, int | float) else None,
                    "collection": COLLECTION,
                    "named": name,
                    "source": f"{origin}, lm-evaluation-harness {version}",
                    "licence": "",
                    "note": "",
                },
            )


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ImportFileError(f"cannot read {path}: {error.strerror}") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ImportFileError(f"{path.name} is not valid JSON: {error}") from error
    results = content.get("results") if isinstance(content, dict) else None
    if not isinstance(results, dict) or not all(isinstance(m, dict) for m in results.values()):
        raise ImportFileError(
            f"{path.name}: expected a results file of lm-evaluation-harness, a JSON object whose "
            '"results" holds an object per task'
        )
    return content


def _name(content: dict[str, Any]) -> str | None:
    """Return the model's name as the harness was given it."""
    config = content.get("config") or {}
    given = config.get("model_args")
    if isinstance(given, str):
        given = dict(part.split("=", 1) for part in given.split(",") if "=" in part)
    for name in ((given or {}).get("pretrained"), content.get("model_name")):
        if isinstance(name, str) and name:
            return name
    return None

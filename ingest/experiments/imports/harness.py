"""Results files of EleutherAI's lm-evaluation-harness (0.3 and later): a JSON file a run."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ingest.catalog import Catalog, ModelRecord
from ingest.catalog.hub import hub_errors
from ingest.errors import CatalogError, ImportFileError, MissingPackageError
from ingest.experiments.imports.results import Results
from ingest.experiments.imports.settings import (
    HarnessRun,
    collection,
    difference,
    is_base,
    model_of,
    read_run,
)

_NO_MEASURES = ("alias", "sample_len", "name", "sample_count", "samples")


def read_results(path: Path, catalog: Catalog, model: str | None = None) -> Results:
    """Read a results file: every task's measures with their standard errors and shots.

    Args:
        path: `results_*.json`, as the harness writes with --output_path.
        catalog: where the model is looked up, by the name the file gives it.
        model: the catalog's id of the model, where the file's name for it is another.

    A run of a variant of the model it names (a LoRA, another revision, 4 bits) is left out and
    said, unless `model` names another record for it; so are tasks of which only some samples were
    run.

    Raises:
        ImportFileError: it is no results file.
        UnknownRecordError: `model` is none of the catalog's.
    """
    content = _json(path)
    run = read_run(content, path.name)
    if model is None and run.name is None:
        raise ImportFileError(
            f"{path.name} does not say which model it is of; name it with --model"
        )
    results = Results()
    record = model_of(run, catalog, model)
    if record is None or (model is None and record.modality != "language"):
        results.unknown.setdefault(run.name or "")
        return results
    variant = difference(run, record)
    if variant and (model is None or is_base(run, catalog, record)):
        results.left_out.append(
            f"{path.name} is of a variant of {record.id} ({variant}), not of the model itself; "
            "name the catalog's record of the variant with --model"
        )
        return results
    if variant:
        note = f"run as {run.name or 'a model without a name'}, {variant}"
        run = run._replace(note=", ".join(filter(None, (note, run.note))))
    _measures(results, content, record, run, path.name)
    return results


def evaluate(record: ModelRecord, tasks: Sequence[str], shots: int | None, device: str) -> Results:
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
        import lm_eval  # pyrefly: ignore[missing-import] - an extra of its own
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
    results = Results()
    run = read_run(content, "the harness's answer")._replace(name=where)
    _measures(results, content, record, run, "measured here")
    return results


def _measures(
    results: Results, content: dict[str, Any], record: ModelRecord, run: HarnessRun, origin: str
) -> None:
    """Add a row per task and measure."""
    results.models[record.id] = record
    version = content.get("lm_eval_version") or content.get("git_hash") or "unknown version"
    groups = content.get("groups")
    tasks = {**(groups if isinstance(groups, dict) else {}), **content["results"]}
    for task, measures in tasks.items():
        if not isinstance(measures, dict):
            raise ImportFileError(f'{origin}: expected "groups" to hold an object per group')
        cut = _cut_short(content, task)
        if cut:
            results.left_out.append(f"{origin}: {task} is of {cut}, which is another measurement")
            continue
        shots = _shots(content, task, origin)
        for key, value in measures.items():
            measure, _, choice = key.partition(",")
            if not measure.strip() or measure in _NO_MEASURES or "_stderr" in measure:
                continue
            score = _number(value)
            if score is None:
                results.left_out.append(f"{origin}: {task} {key} is {value!r}, not a number")
                continue
            error = measures.get(f"{measure}_stderr,{choice}" if choice else f"{measure}_stderr")
            results.add(
                "benchmarks",
                {
                    "model_id": record.id,
                    "benchmark": task,
                    "measure": measure if choice in ("", "none") else f"{measure}, {choice}",
                    "shots": shots,
                    "score": score,
                    "stderr": _number(error),
                    "collection": collection(run),
                    "named": run.name or record.id,
                    "source": f"{origin}, lm-evaluation-harness {version}",
                    "license": "",
                    "note": run.note,
                },
            )


def _number(value: Any) -> float | None:
    """Return a finite number, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _config(content: dict[str, Any]) -> dict[str, Any]:
    return content.get("config") or {}


def _cut_short(content: dict[str, Any], task: str) -> str:
    """Say of how few samples the task is, where the run was limited; empty where it was not."""
    counts = content.get("n-samples")
    count = counts.get(task) if isinstance(counts, dict) else None
    if isinstance(count, dict):
        run, whole = _number(count.get("effective")), _number(count.get("original"))
        if run is not None and whole is not None:
            return f"{run:,.0f} of its {whole:,.0f} samples" if run < whole else ""
    config = _config(content)
    if config.get("samples"):
        return "chosen samples (--samples)"
    limit = config.get("limit")
    if limit in (None, "", "None"):
        return ""
    return f"some of its samples (--limit {limit})"


def _shots(content: dict[str, Any], task: str, origin: str) -> int | None:
    """Return how many solved examples a task had; None where the file does not say."""
    shots = content.get("n-shot")
    if isinstance(shots, dict):
        shots = shots.get(task)
    if shots is None:
        configs = content.get("configs")
        own = configs.get(task) if isinstance(configs, dict) else None
        shots = own.get("num_fewshot") if isinstance(own, dict) else None
    if shots is None:
        shots = _config(content).get("num_fewshot")
    count = _number(shots)
    if shots is not None and (count is None or count < 0 or count % 1 or count >= 2**31):
        raise ImportFileError(
            f"{origin}: expected a whole number of shots of {task}, or an object of one per task, "
            f"got {shots!r}"
        )
    return None if count is None else int(count)


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
        json.dumps(content, ensure_ascii=False).encode()  # half a character is none
    except OSError as error:
        raise ImportFileError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ImportFileError(f"{path.name} is not valid JSON: {error}") from error
    results = content.get("results") if isinstance(content, dict) else None
    if not isinstance(results, dict) or not all(isinstance(m, dict) for m in results.values()):
        raise ImportFileError(
            f"{path.name}: expected a results file of lm-evaluation-harness, a JSON object whose "
            '"results" holds an object per task'
        )
    return content

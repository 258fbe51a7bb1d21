"""What a repository holds once a push is done, for its card and its metadata."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ingest.hub.files import FEATURES, PARTS, RemoteFile, kind_of, of_features, table_of
from ingest.hub.licenses import Licensed
from ingest.store.workspace import Workspace

_UNKNOWN = "unknown here"


class Contents(NamedTuple):
    """Files of a repository, and what is known of them."""

    repository: str
    files: Mapping[str, RemoteFile]
    """By path; of large ones the hash is the file's own."""
    features: list[dict[str, Any]]
    """A row per feature file, as in the table `feature_sets`."""
    tables: list[str]
    """Those that have parts, or, where there is a warehouse alone, all that it has."""
    datasets: list[Licensed]
    models: list[Licensed]
    captions: bool


def describe(
    workspace: Workspace, repository: str, files: Mapping[str, RemoteFile], captions: bool
) -> Contents:
    """Say what a repository holds, by the rows of the data folder that pushes.

    Feature files that others pushed are told by their paths alone.

    Args:
        workspace: the data folder.
        repository: OWNER/NAME.
        files: all that will lie there, but for the card and its like.
        captions: whether texts go along.
    """
    paths = sorted(path for path in files if kind_of(path) == FEATURES)
    rows = _newest(workspace, "feature_sets", "finished_at", "file")
    features = [rows.get(path) or _by_path(path) for path in paths]
    tables = sorted({table_of(path) for path in files if kind_of(path) == PARTS})
    datasets = {row["dataset_id"] for row in features} or set(_of_parts(workspace, "datasets"))
    models = {row["model_id"] for row in features} or set(_of_parts(workspace, "models"))
    return Contents(
        repository,
        files,
        [{**row, "file": path} for row, path in zip(features, paths, strict=True)],
        tables,
        _licensed(workspace, "datasets", datasets),
        _licensed(workspace, "models", models),
        captions,
    )


def _by_path(path: str) -> dict[str, Any]:
    model, dataset = of_features(path)
    return {"model_id": model, "dataset_id": dataset}


def _newest(workspace: Workspace, table: str, by: str, key: str) -> dict[str, dict[str, Any]]:
    rows = workspace.warehouse.rows(table)
    if rows is None:
        return {}
    # Rows of earlier schemas have earlier names.
    rows = rows.rename({"licence": "license"}) if "licence" in rows.columns else rows
    ordered = rows.sort(by, nulls_last=False).iter_rows(named=True)
    return {row[key]: row for row in ordered}


def _of_parts(workspace: Workspace, table: str) -> Iterable[str]:
    return _newest(workspace, table, "recorded_at", f"{table[:-1]}_id")


def _licensed(workspace: Workspace, table: str, ids: Iterable[str]) -> list[Licensed]:
    rows = _newest(workspace, table, "recorded_at", f"{table[:-1]}_id")
    found: list[Licensed] = []
    for name in sorted(ids):
        row = rows.get(name, {})
        told = {
            k: str(row.get(k) or _UNKNOWN) for k in ("source", "revision", "license", "citation")
        }
        title = str(row.get("title") or row.get("label") or name)
        modality, n = str(row.get("modality") or ""), int(row.get("n") or 0)
        found.append(Licensed(name=name, title=title, **told, modality=modality, n=n))
    return found

"""Feature files that were deleted here once a repository on the hub was known to hold them."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ingest.store.atomic import atomic_path

_SUFFIX = ".away"


class Away(NamedTuple):
    """Where a feature file is."""

    repository: str
    """OWNER/NAME of a dataset repository."""
    revision: str
    """Its branch or tag."""
    commit: str
    """At which its hash was confirmed."""
    sha256: str
    bytes: int


def leave_away(path: Path, away: Away) -> None:
    """Write, beside where a feature file lies, where it can be had when it is deleted."""
    with atomic_path(_place(path)) as temporary:
        temporary.write_text(json.dumps(away._asdict()) + "\n", encoding="utf-8")


def forget_away(path: Path) -> None:
    """Forget that a feature file is elsewhere: it is here again."""
    _place(path).unlink(missing_ok=True)


def find_away(path: Path) -> Away | None:
    """Return where a feature file is that was deleted here; None where nothing says so."""
    if path.exists():
        return None
    try:
        return Away(**json.loads(_place(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def how_to_bring_back(files: Iterable[Path]) -> str | None:
    """Say which command brings back those of these feature files that were deleted here.

    Args:
        files: of a feature store, MODEL/DATASET.KEY.safetensors.

    Returns:
        A sentence without its end; None where none of them was deleted.
    """
    by_repository: dict[str, list[Path]] = {}
    for path in files:
        away = find_away(path)
        if away is not None:
            at = "" if away.revision == "main" else f"@{away.revision}"
            by_repository.setdefault(f"hf://datasets/{away.repository}{at}", []).append(path)
    told: list[str] = []
    for repository, own in by_repository.items():
        models = list(dict.fromkeys(path.parent.name for path in own))
        datasets = list(dict.fromkeys(path.name.rsplit(".", 2)[0] for path in own))
        words = "".join(f" --dataset {name}" for name in datasets)
        told.append(
            f"features of {', '.join(models)} on {', '.join(datasets)} were pushed to {repository} "
            f"and deleted here; `prh pull {repository}{words} --models {','.join(models)}` brings "
            "them back"
        )
    return "; ".join(told) or None


def deleted_files(root: Path, dataset_id: str) -> list[Path]:
    """Return the feature files of a dataset that were deleted from a feature store."""
    found = sorted(root.glob(f"*/*.safetensors{_SUFFIX}"))
    return [
        path.with_name(path.name.removesuffix(_SUFFIX))
        for path in found
        if path.name.rsplit(".", 3)[0] == dataset_id
    ]


def _place(path: Path) -> Path:
    return path.with_name(path.name + _SUFFIX)

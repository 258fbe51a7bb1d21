"""Pull a repository into a data folder: every file checked before it lies where it is used."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ingest.catalog.addresses import Address
from ingest.errors import DiskFullError, HubConflictError, Refused
from ingest.hub.bring import Coming, bring
from ingest.hub.files import (
    DESCRIBING,
    FEATURES,
    PARTS,
    WAREHOUSE,
    InKilobytes,
    RemoteFile,
    beside,
    kind_of,
    of_features,
    read_file,
    table_of,
)
from ingest.hub.remote import Remote, Wanted, look
from ingest.progress import Progress
from ingest.store.workspace import Workspace

_SPARE = 64 << 20
"""Bytes that a pull leaves free on the disk."""


class Pulled(NamedTuple):
    """What a pull did, or, tried dry, would do."""

    files: list[tuple[str, int]]
    """Path in the data folder and bytes of what came."""
    there: int
    """Files that were here already."""
    refused: list[Refused]
    remote: Remote

    @property
    def bytes(self) -> int:
        """Of all that came."""
        return sum(size for _, size in self.files)


def pull(workspace: Workspace, address: Address, wanted: Wanted, progress: Progress) -> Pulled:
    """Bring feature files, parts and the warehouse of a repository into a data folder.

    A file is downloaded beside the data folder's own, held against the hash that the hub lists and
    against what its name says it is, and only then renamed to where it is used. What is here with
    the same hash is not asked for; a part that differs from one here of that name comes under
    another, since both have rows; a feature file or warehouse that differs is left alone and named.

    Raises:
        HubConflictError: the repository holds nothing that is wanted.
        DiskFullError: there is no room for it; nothing was changed.
        HubPermissionError, UnknownHubModelError, HubUnreachableError, HubAddressError: it cannot
            be had; what came before is there.
    """
    remote = look(address)
    chosen = _chosen(remote, wanted)
    if not chosen:
        raise HubConflictError(
            f"{address} holds nothing of what is to be pulled ({', '.join(wanted.what)}"
            f"{' of those datasets and models' if wanted.datasets or wanted.models else ''}); it "
            f"has {len(remote.files):,} files"
        )
    refused: list[Refused] = []
    coming = _missing(workspace.home, chosen, wanted, refused, progress)
    _check_room(workspace.home, coming)
    report = [(one.target.relative_to(workspace.home).as_posix(), one.file.bytes) for one in coming]
    there = len(chosen) - len(coming) - len(refused)
    if wanted.dry_run or not coming:
        return Pulled(report, there, refused, remote)
    failed = bring(workspace, remote, coming, progress)
    report = [entry for entry in report if entry[0] not in {item.name for item in failed}]
    return Pulled(report, there, [*refused, *failed], remote)


def _chosen(remote: Remote, wanted: Wanted) -> list[RemoteFile]:
    """Return the files that are wanted, and with features the parts that describe them."""
    chosen: list[RemoteFile] = []
    described: set[str] = set()
    for file in remote.files.values():
        kind = kind_of(file.path)
        if kind == FEATURES and kind in wanted.what and wanted.takes(*of_features(file.path)):
            chosen.append(file)
            model, dataset = of_features(file.path)
            described |= {model, dataset, file.path.split(".")[-2]}
        elif kind is not None and kind != FEATURES and kind in wanted.what:
            chosen.append(file)
    if PARTS not in wanted.what:
        chosen += [file for file in remote.files.values() if _describes(file.path, described)]
    return chosen


def _describes(path: str, described: set[str]) -> bool:
    """Say whether a part is of these models, datasets and beginnings of keys."""
    if kind_of(path) != PARTS or table_of(path) not in DESCRIBING:
        return False
    name = path.rpartition("/")[2].removesuffix(".parquet")
    if table_of(path) == "feature_sets":
        return name[:16] in described
    return any(name == one or name.startswith(f"{one}.") for one in described)


def _missing(
    home: Path,
    chosen: Sequence[RemoteFile],
    wanted: Wanted,
    refused: list[Refused],
    progress: Progress,
) -> list[Coming]:
    """Return what is not here, and where it belongs; name what differs."""
    here = [file for file in chosen if (home / file.path).exists()]
    tell = InKilobytes(progress, "Comparing", sum(file.bytes for file in here))
    coming: list[Coming] = []
    parts = _parts_by_size(home)
    for file in chosen:
        target = home / file.path
        if not target.exists():
            of_size = parts.get((target.parent.name, file.bytes), [])
            if not any(_is(part, file) for part in of_size):
                coming.append(Coming(file, target))
            continue
        same = _is(target, file)
        tell(file.bytes)
        if same:
            continue
        if kind_of(file.path) == PARTS:
            other = home / beside(file.path, file.sha256 or file.blob)
            if not (other.exists() and _is(other, file)):
                coming.append(Coming(file, other))
        elif wanted.overwrite:
            coming.append(Coming(file, target))
        else:
            refused.append(Refused(file.path, _differs(file.path)))
    progress.done()
    return coming


def _is(path: Path, file: RemoteFile) -> bool:
    """Say whether a file here is that of the repository."""
    if path.stat().st_size != file.bytes:
        return False
    return read_file(file.path, path, lambda _: None).same_as(file)


def _parts_by_size(home: Path) -> dict[tuple[str, int], list[Path]]:
    """Return the parts here by table and bytes: rows may have another name in a repository."""
    found: dict[tuple[str, int], list[Path]] = {}
    for part in (home / PARTS).glob("*/*.parquet"):
        found.setdefault((part.parent.name, part.stat().st_size), []).append(part)
    return found


def _differs(path: str) -> str:
    if kind_of(path) == WAREHOUSE:
        return (
            f"{path} here differs from the repository's and was left as it is: `--what parts` and "
            "`prh publish` bring both together, --overwrite replaces it"
        )
    return (
        f"{path} here differs from the repository's and was left as it is; --overwrite replaces it"
    )


def _check_room(home: Path, coming: Sequence[Coming]) -> None:
    existing = next(place for place in (home, *home.parents) if place.exists())
    needed, free = sum(one.file.bytes for one in coming), shutil.disk_usage(existing).free
    if needed + _SPARE > free:
        raise DiskFullError(
            f"what is to be pulled takes {needed / 1e6:,.0f} MB, and {existing} has "
            f"{free / 1e6:,.0f} MB free; nothing was changed. Free some space, or pull less with "
            "--dataset and --models"
        )

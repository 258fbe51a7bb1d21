"""Pull a repository into a data folder: every file checked before it lies where it is used."""

import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Event
from typing import NamedTuple

import polars as pl

from ingest.catalog.addresses import Address
from ingest.errors import DiskFullError, HubConflictError, HubHashError, Refused
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
from ingest.hub.remote import Remote, Wanted, asking, download, look
from ingest.progress import Progress
from ingest.store.atomic import atomic_path
from ingest.store.away import forget_away
from ingest.store.features import FeatureStore, read_header
from ingest.store.workspace import Workspace
from prh_core.errors import PRHError
from prh_core.warehouse.filling import damage_named
from prh_core.warehouse.reading import open_readonly

_STREAMS = 4
"""Files that are downloaded at once."""
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


class _Coming(NamedTuple):
    """A file to bring here."""

    file: RemoteFile
    target: Path


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
    failed = _bring(workspace, remote, coming, progress)
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
) -> list[_Coming]:
    """Return what is not here, and where it belongs; name what differs."""
    here = [file for file in chosen if (home / file.path).exists()]
    tell = InKilobytes(progress, "Comparing", sum(file.bytes for file in here))
    coming: list[_Coming] = []
    parts = _parts_by_size(home)
    for file in chosen:
        target = home / file.path
        if not target.exists():
            of_size = parts.get((target.parent.name, file.bytes), [])
            if not any(_is(part, file) for part in of_size):
                coming.append(_Coming(file, target))
            continue
        same = _is(target, file)
        tell(file.bytes)
        if same:
            continue
        if kind_of(file.path) == PARTS:
            other = home / beside(file.path, file.sha256 or file.blob)
            if not (other.exists() and _is(other, file)):
                coming.append(_Coming(file, other))
        elif wanted.overwrite:
            coming.append(_Coming(file, target))
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


def _check_room(home: Path, coming: Sequence[_Coming]) -> None:
    existing = next(place for place in (home, *home.parents) if place.exists())
    needed, free = sum(one.file.bytes for one in coming), shutil.disk_usage(existing).free
    if needed + _SPARE > free:
        raise DiskFullError(
            f"what is to be pulled takes {needed / 1e6:,.0f} MB, and {existing} has "
            f"{free / 1e6:,.0f} MB free; nothing was changed. Free some space, or pull less with "
            "--dataset and --models"
        )


def _bring(
    workspace: Workspace, remote: Remote, coming: Sequence[_Coming], progress: Progress
) -> list[Refused]:
    """Download, check and place files, a few at once; return those that failed a check."""
    tell = InKilobytes(progress, "Pulling", sum(one.file.bytes for one in coming))
    failed: list[Refused] = []
    stop = Event()
    folder = workspace.cache / "hub" / "coming"
    with asking(remote.address):
        pool = ThreadPoolExecutor(_STREAMS)
        try:
            jobs = {
                pool.submit(_bring_one, workspace, remote, one, folder, tell, stop): one
                for one in coming
            }
            for job in as_completed(jobs):
                path = jobs[job].target.relative_to(workspace.home).as_posix()
                try:
                    job.result()
                except HubHashError as error:
                    failed.append(Refused(path, str(error)))
                    progress.note(f"{path} left out: {error}")
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
    progress.done()
    return failed


def _bring_one(
    workspace: Workspace, remote: Remote, one: _Coming, folder: Path, tell: InKilobytes, stop: Event
) -> None:
    # By its hash, so that what a killed pull left is gone on from, whatever it is called now.
    half = folder / (one.file.sha256 or one.file.blob)
    download(remote, one.file, half, tell, stop)
    try:
        _check_content(workspace, one, half)
    except PRHError as error:
        half.unlink()
        raise HubHashError(
            f"{one.file.path} of {remote.address} is not what it says: {error}"
        ) from error
    with atomic_path(one.target) as temporary:
        shutil.move(half, temporary)
    if kind_of(one.file.path) == FEATURES:
        forget_away(one.target)


def _check_content(workspace: Workspace, one: _Coming, half: Path) -> None:
    """Make sure that a file is what its place makes of it.

    Raises:
        PRHError: a feature file of another key, no part, or no warehouse.
    """
    kind = kind_of(one.file.path)
    if kind == FEATURES:
        header = read_header(half)
        store = FeatureStore(workspace.features.root)
        belongs = store.path(header.model_id, header.dataset_id, header.key)
        if belongs != one.target:
            raise HubHashError(f"it is a feature file that belongs at {belongs.name}")
    elif kind == PARTS:
        with damage_named([half]):
            pl.read_parquet_schema(half)
    else:
        open_readonly(half).close()

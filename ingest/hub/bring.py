"""Files of a repository put where a data folder uses them, once they are what they should be."""

import hashlib
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Event
from typing import NamedTuple

import polars as pl

from ingest.errors import HubHashError, Refused
from ingest.hub.download import download
from ingest.hub.files import FEATURES, PARTS, InKilobytes, RemoteFile, kind_of
from ingest.hub.remote import Remote, asking
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


class Coming(NamedTuple):
    """A file to bring here."""

    file: RemoteFile
    target: Path


def bring(
    workspace: Workspace, remote: Remote, coming: Sequence[Coming], progress: Progress
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
    workspace: Workspace, remote: Remote, one: Coming, folder: Path, tell: InKilobytes, stop: Event
) -> None:
    # By its hash, so that only what a killed pull left of this very file is gone on from, and by
    # its place, since two files of the same content come at once.
    place = hashlib.sha256(one.file.path.encode()).hexdigest()[:8]
    half = folder / f"{one.file.sha256 or one.file.blob}-{place}"
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


def _check_content(workspace: Workspace, one: Coming, half: Path) -> None:
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

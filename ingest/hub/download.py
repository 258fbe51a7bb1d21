"""A file of a repository, brought here: gone on from where it was cut off, and checked."""

import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple, cast

from ingest.catalog.hub import hub_errors
from ingest.errors import HubHashError
from ingest.hub.files import Hashes, RemoteFile
from ingest.hub.remote import REPOSITORY, Remote


def download(
    remote: Remote, file: RemoteFile, target: Path, tell: Callable[[int], None], stop: Event
) -> None:
    """Bring a file here, checked; what a killed download left of it is gone on from.

    Call it while `asking`.

    Args:
        remote: at a commit.
        file: of its files.
        target: where to; the beginning of the file may lie there.
        tell: told of every stretch of bytes.
        stop: set to give up.

    Raises:
        HubHashError: what came is not what the hub listed; nothing of it is left.
        others: as `asking`.
    """
    from huggingface_hub import constants, hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    address = remote.address
    target.parent.mkdir(parents=True, exist_ok=True)
    there = target.stat().st_size if target.exists() else 0
    with target.open("r+b" if 0 < there <= file.bytes else "w+b") as opened:
        there = opened.seek(0, 2)
        tell(there)
        if there < file.bytes or not file.bytes:
            url = hf_hub_url(
                address.repository,
                file.path,
                repo_type="dataset",
                revision=remote.commit,
                endpoint=constants.ENDPOINT,
            )
            with hub_errors(REPOSITORY, address.repository, address.revision):
                http_get(
                    url,
                    cast(Any, _Counted(opened, tell, stop)),
                    resume_size=there,
                    headers=build_hf_headers(),
                    expected_size=file.bytes,
                )
        opened.seek(0)
        hashes = Hashes(file.bytes)
        shutil.copyfileobj(opened, cast(Any, _Into(hashes)), 1 << 20)
    sha256, blob = hashes.hex()
    found, listed = (sha256, file.sha256) if file.sha256 else (blob, file.blob)
    if found != listed:
        target.unlink()
        raise HubHashError(
            f"{file.path} of {address} came with the hash {found[:12]}, and the hub says "
            f"{listed[:12]}: it was not kept; run the same command again"
        )


class _Counted:
    """A file that tells what is written to it, and no longer takes any once stopped."""

    def __init__(self, file: Any, tell: Callable[[int], None], stop: Event) -> None:
        self._file, self._tell, self._stop = file, tell, stop

    def write(self, chunk: bytes) -> int:
        if self._stop.is_set():
            raise KeyboardInterrupt
        self._tell(len(chunk))
        return self._file.write(chunk)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class _Into(NamedTuple):
    """Hashes as a file that is written to."""

    hashes: Hashes

    def write(self, chunk: bytes) -> None:
        self.hashes.update(chunk)

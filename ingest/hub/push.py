"""Push a data folder: what the hub has already is skipped, what differs is kept apart or named."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ingest.catalog.addresses import Address
from ingest.errors import HubConflictError, HubHashError, Refused
from ingest.hub.documents import contents_of, documents
from ingest.hub.files import (
    FEATURES,
    PARTS,
    InKilobytes,
    LocalFile,
    PartsBySize,
    beside,
    kind_of,
)
from ingest.hub.gather import found_features, hashed, sources
from ingest.hub.licenses import Licensed, limited
from ingest.hub.remote import (
    Remote,
    Wanted,
    commit,
    create,
    look_or_none,
    need_token,
)
from ingest.progress import Progress
from ingest.store.away import Away, leave_away
from ingest.store.workspace import Workspace

_FILES, _BYTES = 100, 2 << 30
"""At most in one commit: a push that is killed keeps those made."""


class Pushed(NamedTuple):
    """What a push did, or, tried dry, would do."""

    files: list[tuple[str, int]]
    """Path and bytes of what was sent."""
    there: int
    """Files that the hub had already."""
    deleted: int
    """Feature files deleted here."""
    refused: list[Refused]
    limited: list[Licensed]
    """Datasets whose license does not, or not surely, let features be passed on."""
    remote: Remote

    @property
    def bytes(self) -> int:
        """Of all that was sent."""
        return sum(size for _, size in self.files)


def push(
    workspace: Workspace,
    address: Address,
    wanted: Wanted,
    progress: Progress,
    *,
    public: bool = False,
    captions: bool = False,
    delete_local: bool = False,
    licenses_checked: bool = False,
) -> Pushed:
    """Push feature files, parts and the warehouse of a data folder to a dataset repository.

    Args:
        workspace: the data folder.
        address: the repository; it is made where there is none.
        wanted: what of the folder.
        progress: told of bytes.
        public: a repository that is made is for everybody.
        captions: texts and picture names of samples go along.
        delete_local: delete feature files here whose hash the hub confirms.
        licenses_checked: somebody made sure that a public repository may hold these features.

    Raises:
        HubConflictError: nothing is there to push, or features of datasets with a limiting
            license would become public.
        HubPermissionError, UnknownHubModelError, HubUnreachableError, HubChangedError,
            HubAddressError: the hub does not do it; commits made before are there.
        HubHashError: the hub does not confirm what was sent; nothing was deleted here.
    """
    need_token(address)
    remote = look_or_none(address, private=not public)
    refused: list[Refused] = []
    features = found_features(workspace, wanted, refused)
    found = list(sources(workspace, wanted, features, captions))
    if not found:
        raise HubConflictError(
            f"{workspace.home} holds nothing of what is to be pushed ({', '.join(wanted.what)})"
        )
    local = hashed(found, lambda total: InKilobytes(progress, "Reading", total))
    progress.done()
    new, same = _sorted_out(local, remote, wanted, refused)
    contents = contents_of(workspace, remote, new, captions)
    unclear = limited(contents.datasets) if contents.features or captions else []
    if unclear and not remote.private and not licenses_checked:
        raise HubConflictError(_may_not(address, unclear))
    new += documents(contents, remote, progress)
    sent = [(file.path, file.bytes) for file in new]
    if wanted.dry_run:
        return Pushed(sent, len(same), 0, refused, unclear, remote)
    remote = _send(create(remote), new, progress)
    confirmed = _confirmed(remote, [*new, *same])
    deleted = _delete(workspace, confirmed, remote) if delete_local else 0
    return Pushed(sent, len(same), deleted, refused, unclear, remote)


def _sorted_out(
    local: Sequence[LocalFile], remote: Remote, wanted: Wanted, refused: list[Refused]
) -> tuple[list[LocalFile], list[LocalFile]]:
    """Return what is to be sent, and what the hub has already, under the names it has there.

    A part whose name has other rows there is sent under another: both are kept. A warehouse is
    replaced: it is made of parts, and the repository's history keeps the former.
    """
    new: list[LocalFile] = []
    same: list[LocalFile] = []
    parts = PartsBySize(remote.files.values())
    for file in local:
        there, kind = remote.files.get(file.path), kind_of(file.path)
        if kind == PARTS:
            there = parts.same_as(file) or there
        if there is None:
            new.append(file)
        elif file.same_as(there):
            same.append(file._replace(path=there.path))
        elif kind == PARTS:
            new.append(file._replace(path=beside(file.path, file.sha256)))
        elif kind == FEATURES and not wanted.overwrite:
            refused.append(
                Refused(
                    file.path,
                    f"{file.path} differs from the file of that name at {remote.address}; "
                    "--overwrite replaces it there",
                )
            )
        else:
            new.append(file)
    return new, same


def _send(remote: Remote, new: Sequence[LocalFile], progress: Progress) -> Remote:
    """Send files in several commits; the card and the metadata go with the first."""
    ordered = sorted(new, key=lambda file: kind_of(file.path) is not None)
    tell = InKilobytes(progress, "Pushing", sum(file.bytes for file in ordered))
    batches = list(_batches(ordered))
    for number, batch in enumerate(batches, start=1):
        of = f" ({number} of {len(batches)})" if len(batches) > 1 else ""
        remote = commit(remote, batch, f"Results of PRH Explorer{of}", tell)
    progress.done()
    return remote


def _batches(files: Sequence[LocalFile]) -> Iterator[list[LocalFile]]:
    batch: list[LocalFile] = []
    for file in files:
        full = len(batch) >= _FILES or sum(one.bytes for one in batch) + file.bytes > _BYTES
        if batch and full:
            yield batch
            batch = []
        batch.append(file)
    if batch:
        yield batch


def _confirmed(remote: Remote, files: Sequence[LocalFile]) -> list[LocalFile]:
    """Return the files whose hash the hub lists as it was here.

    Raises:
        HubHashError: it lists another, or none.
    """
    for file in files:
        there = remote.files.get(file.path)
        if there is None or not file.same_as(there):
            listed = (there.sha256 or there.blob)[:12] if there else "none"
            raise HubHashError(
                f"{remote.address} does not confirm {file.path}: here its hash is "
                f"{file.sha256[:12]}, there {listed}; nothing was deleted here; run the same "
                "command again"
            )
    return list(files)


def _delete(workspace: Workspace, confirmed: Sequence[LocalFile], remote: Remote) -> int:
    """Delete feature files that the hub holds, and leave beside each where it can be had."""
    deleted = 0
    for file in confirmed:
        if kind_of(file.path) != FEATURES or not isinstance(file.source, Path):
            continue
        seen = file.source.stat()
        if (seen.st_size, seen.st_mtime_ns) != (file.bytes, file.seen):
            continue  # it is another by now
        address = remote.address
        away = Away(
            address.repository, address.revision, str(remote.commit), file.sha256, file.bytes
        )
        leave_away(file.source, away)
        file.source.unlink()
        deleted += 1
    return deleted


def _may_not(address: Address, unclear: Sequence[Licensed]) -> str:
    named = "; ".join(f"{one.name} ({one.license})" for one in unclear[:5])
    more = f" and {len(unclear) - 5} more" if len(unclear) > 5 else ""
    return (
        f"{address} is public, and these datasets have licenses that limit who may pass on what "
        f"was made of them, or do not say: {named}{more}; push to a private repository, leave "
        "them out with --dataset, or give --licenses-checked"
    )

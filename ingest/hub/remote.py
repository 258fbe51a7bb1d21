"""A dataset repository on the hub: looked at, written to, read from."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from ingest.catalog.addresses import Address
from ingest.catalog.hub import hub_answers, hub_client, hub_errors
from ingest.errors import (
    HubPermissionError,
    HubUnreachableError,
    UnknownHubModelError,
)
from ingest.hub.files import FEATURES, PARTS, LocalFile, RemoteFile

REPOSITORY = "dataset repository"
"""What sentences call it."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is pushed or pulled."""

    what: Sequence[str] = (FEATURES, PARTS)
    """Of `ingest.hub.files.WHAT`."""
    datasets: Sequence[str] = ()
    """Features on these alone; on all for none."""
    models: Sequence[str] = ()
    """Features of these alone; of all for none."""
    overwrite: bool = False
    """Replace feature files, and a warehouse here, that differ."""
    dry_run: bool = False
    """Only say what would be done."""

    def takes(self, model_id: str, dataset_id: str) -> bool:
        """Say whether features are among those wanted."""
        return (not self.models or model_id in self.models) and (
            not self.datasets or dataset_id in self.datasets
        )


class Remote(NamedTuple):
    """A repository at one commit."""

    address: Address
    commit: str | None
    """None where there is no repository yet."""
    private: bool
    files: Mapping[str, RemoteFile]
    """By path."""


@contextmanager
def asking(address: Address) -> Iterator[Any]:
    """Yield the client's API; what goes wrong inside is a named error.

    Raises:
        HubUnreachableError: the hub does not answer.
        HubPermissionError, UnknownHubModelError, HubChangedError, HubAddressError, HubHashError,
            DiskFullError: see `hub_errors`.
    """
    client = hub_client()
    from huggingface_hub import constants

    if not hub_answers():
        raise HubUnreachableError(
            f"The hub at {constants.ENDPOINT} does not answer, and {address} is asked for: connect "
            "to a network, or set HF_ENDPOINT to a mirror, and run the same command again; what "
            "was done stays done."
        )
    with _no_bars(), hub_errors(REPOSITORY, address.repository, address.revision):
        yield client.HfApi(endpoint=constants.ENDPOINT, library_name="prh-explorer")


def look(address: Address) -> Remote:
    """Return a repository as it is now.

    Raises:
        UnknownHubModelError: no such repository or revision, or it is private.
        others: as `asking`.
    """
    with asking(address) as api:
        info = api.dataset_info(address.repository, revision=address.revision)
        files = _files(api, address.repository, info.sha)
    return Remote(address, info.sha, bool(info.private), files)


def look_or_none(address: Address, *, private: bool) -> Remote:
    """Return a repository as it is now, or as it would be made.

    Raises:
        UnknownHubModelError: it is there, and has no such revision, or it is gated.
        others: as `asking`.
    """
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    try:
        return look(address)
    except UnknownHubModelError as error:
        cause = error.__cause__
        missing = isinstance(cause, RepositoryNotFoundError)
        if not missing or isinstance(cause, GatedRepoError):
            raise
    return Remote(address, None, private, {})


def need_token(address: Address) -> None:
    """Make sure that there is a token to write with.

    Raises:
        HubPermissionError: there is none.
    """
    if hub_client().get_token() is None:
        raise HubPermissionError(
            f"{address} can be written to with a token alone, and there is none: log in with `hf "
            "auth login`, or set HF_TOKEN."
        )


def create(remote: Remote) -> Remote:
    """Make the repository where there is none; return it as it is then."""
    if remote.commit is not None:
        return remote
    with asking(remote.address) as api:
        name = remote.address.repository
        api.create_repo(name, repo_type="dataset", private=remote.private, exist_ok=True)
    return look(remote.address)


def commit(
    remote: Remote, files: Sequence[LocalFile], message: str, tell: Callable[[int], None]
) -> Remote:
    """Write files in one commit; content that the hub has under another name is not sent again.

    Raises:
        HubChangedError: somebody else wrote meanwhile.
        others: as `asking`.
    """
    from huggingface_hub import CommitOperationAdd

    address = remote.address
    with asking(address) as api:
        added = []
        for file in files:
            source = file.source if isinstance(file.source, bytes) else str(file.source)
            operation = CommitOperationAdd(file.path, source)
            operation.upload_info.sha256 = bytes.fromhex(file.sha256)
            if file.bytes >= _LARGE:  # one by one, so that its progress is told
                where: dict[str, Any] = {"repo_type": "dataset", "revision": address.revision}
                api.preupload_lfs_files(address.repository, [operation], free_memory=False, **where)
                tell(file.bytes)
            added.append(operation)
        made = api.create_commit(
            address.repository,
            added,
            commit_message=message,
            repo_type="dataset",
            revision=address.revision,
            parent_commit=remote.commit,
        )
        tell(sum(file.bytes for file in files if file.bytes < _LARGE))
        written = _files(api, address.repository, made.oid)
    return remote._replace(commit=made.oid, files=written)


_LARGE = 8 << 20


def _files(api: Any, repository: str, revision: str) -> dict[str, RemoteFile]:
    listed = api.list_repo_tree(repository, recursive=True, revision=revision, repo_type="dataset")
    return {
        one.path: RemoteFile(one.path, one.size, one.lfs.sha256 if one.lfs else None, one.blob_id)
        for one in listed
        if hasattr(one, "blob_id")  # folders have none
    }


@contextmanager
def _no_bars() -> Iterator[None]:
    """Keep the client's own bars away, which would stand in ours."""
    from huggingface_hub.utils import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    before = are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if not before:
            enable_progress_bars()

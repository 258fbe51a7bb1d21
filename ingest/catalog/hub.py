"""What the hub's failures mean: unknown name, or no answer; one sentence each."""

import contextlib
import errno
import socket
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ingest.errors import (
    DiskFullError,
    HubAddressError,
    HubChangedError,
    HubHashError,
    HubPermissionError,
    HubRefusedError,
    HubUnreachableError,
    MissingExtraError,
    UnknownHubModelError,
)


class HubFile(NamedTuple):
    """A file of a hub repository, on this disk."""

    path: Path
    commit: str
    """What the branch or tag meant when it was asked for."""
    offline: bool
    """True when the hub did not answer and the cached copy is used."""


def hub_file(repository: str, name: str, revision: str, kind: str = "model") -> HubFile:
    """Return one file of a repository, from the hub or its cache; use inside `hub_errors`."""
    from huggingface_hub import hf_hub_download

    offline = not hub_answers()
    path = Path(
        hf_hub_download(
            repository, name, revision=revision, local_files_only=offline, repo_type=kind
        )
    )
    # The cache lays files out as snapshots/<commit>/<name>.
    return HubFile(path, path.parents[len(Path(name).parts) - 1].name, offline)


def hub_answers() -> bool:
    """Whether the hub's port can be reached at all; its client would retry for half a minute."""
    from huggingface_hub import constants

    if constants.is_offline_mode():
        return False
    if urllib.request.getproxies():
        return True  # only the proxy knows
    address = urllib.parse.urlsplit(constants.ENDPOINT)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        socket.create_connection((address.hostname or "", port), timeout=10).close()
    except OSError:
        return False
    return True


def hub_client() -> Any:
    """Return the hub's client.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import huggingface_hub
    except ImportError as error:
        raise MissingExtraError(
            "the hub needs the ingest half of the installation (huggingface_hub): "
            "pip install 'prh-explorer[ingest]'"
        ) from error
    return huggingface_hub


@contextlib.contextmanager
def hub_errors(what: str, name: str, revision: str) -> Iterator[None]:
    """Turn failures of a download inside the block into named errors.

    Args:
        what: 'model' or 'dataset', for the sentence.
        name: the hub repository.
        revision: its branch, tag or commit.

    Raises:
        UnknownHubModelError: no such repository, revision or file, or access is not granted.
        HubPermissionError: the hub refuses the token, or what it is used for.
        HubAddressError: no repository can have that name.
        HubChangedError: somebody else changed the repository while it was written to.
        HubRefusedError: the hub does not do what it was asked, for another reason.
        HubHashError: a download is not as long as the hub says.
        HubUnreachableError: no connection, or offline mode without a cached copy.
        DiskFullError: no room for the download.
    """
    try:
        with _quiet_hub():
            yield
    except Exception as error:
        named = _meaning(error, what, name, revision)
        if named is None:
            raise
        raise named from error


@contextlib.contextmanager
def _quiet_hub() -> Iterator[None]:
    """Keep the hub client's own retry messages and bars away from our progress display."""
    from huggingface_hub.utils import logging as hub_logging

    before = hub_logging.get_verbosity()
    hub_logging.set_verbosity_error()
    try:
        yield
    finally:
        hub_logging.set_verbosity(before)


def _meaning(error: BaseException, what: str, name: str, revision: str) -> Exception | None:
    """Find the first failure in the chain of causes that has a name of ours."""
    from huggingface_hub import errors as hub

    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    # The deepest cause says most: libraries wrap it in an OSError of their own.
    for cause in reversed(chain):
        if isinstance(cause, hub.GatedRepoError):
            return UnknownHubModelError(
                f"The {what} {name!r} is gated: ask for access on its hub page and log in with "
                "`hf auth login`."
            )
        if isinstance(cause, hub.RepositoryNotFoundError):
            return UnknownHubModelError(
                f"The hub knows no {what} {name!r} (or it is private): check the spelling."
            )
        if isinstance(cause, hub.RevisionNotFoundError):
            return UnknownHubModelError(f"The {what} {name!r} has no revision {revision!r}.")
        if isinstance(cause, hub.RemoteEntryNotFoundError):
            return UnknownHubModelError(
                f"The {what} {name!r} at revision {revision!r} lacks a file that is needed: "
                f"{str(cause).splitlines()[-1]}"
            )
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return DiskFullError(f"The disk is full: no room for the {what} {name!r}.")
        if isinstance(cause, hub.HFValidationError):
            return HubAddressError(f"No {what} can be called {name!r}: it should be OWNER/NAME.")
        if isinstance(cause, hub.HfHubHTTPError):
            refused = _refused(cause, what, name)
            if refused is not None:
                return refused
        if isinstance(cause, OSError) and "Consistency check failed" in str(cause):
            return HubHashError(
                f"A file of the {what} {name!r} came in another length than the hub says: run the "
                "same command again."
            )
    for cause in reversed(chain):
        unanswered = (hub.LocalEntryNotFoundError, ConnectionError)  # offline mode is one too
        if isinstance(cause, hub.HfHubHTTPError):
            silent = cause.response.status_code >= 500 or cause.response.status_code == 429
        else:  # The HTTP library's own errors: no name, no route, no answer in time.
            silent = isinstance(cause, (hub.HTTPError, *unanswered))  # type: ignore[attr-defined]
        if silent:
            return HubUnreachableError(
                f"The hub did not answer for the {what} {name!r}: connect to a network (or set "
                "HF_ENDPOINT to a mirror) and run again, or use the package-shipped records, "
                "which need no hub."
            )
    return None


def _refused(error: Any, what: str, name: str) -> Exception | None:
    """Return what the hub's refusal to answer a request means; None for another answer."""
    status = error.response.status_code
    if status == 401:
        return HubPermissionError(
            f"The hub refuses the token that came with the {what} {name!r}: log in again with "
            "`hf auth login`, or set HF_TOKEN."
        )
    if status in (402, 403):
        said = error.response.headers.get("X-Error-Message") or error.response.reason_phrase
        return HubPermissionError(
            f"The hub does not permit this with the {what} {name!r} ({said}): the token needs "
            "access to it, and to write it a token with write access."
        )
    if status in (409, 412):
        return HubChangedError(
            f"Somebody else changed the {what} {name!r} meanwhile; nothing of theirs was touched: "
            "run the same command again."
        )
    if 400 <= status < 500 and status != 429:
        said = error.server_message or error.response.reason_phrase
        return HubRefusedError(
            f"The hub refuses what was asked of the {what} {name!r}: {status}, "
            f"{' '.join(str(said).split())[:300]}."
        )
    return None

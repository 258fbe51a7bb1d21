"""Addresses on the hub wherever a path is taken: hf://datasets/OWNER/NAME[@REVISION]/FILE."""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ingest.catalog.hub import hub_client, hub_errors, hub_file
from ingest.errors import HubAddressError, HubHashError
from prh_core.errors import PRHError

SCHEME = "hf://"
_KINDS = ("dataset", "model")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Address(NamedTuple):
    """A repository on the hub, or a file in it."""

    kind: str
    """dataset or model."""
    repository: str
    """OWNER/NAME."""
    revision: str
    """Branch, tag or commit."""
    path: str
    """Of the file in it; empty for the repository itself."""

    def __str__(self) -> str:
        """Return it as it is written."""
        at = "" if self.revision == "main" else f"@{self.revision}"
        file = f"/{self.path}" if self.path else ""
        return f"{SCHEME}{self.kind}s/{self.repository}{at}{file}"


def is_address(text: str) -> bool:
    """Say whether a path is an address on the hub."""
    return text.startswith(SCHEME)


def read_address(text: str) -> Address:
    """Read hf://datasets/OWNER/NAME[@REVISION][/FILE], or the same of models.

    Raises:
        HubAddressError: it is none.
        MissingExtraError: the hub's client is not installed.
    """
    hub_client()
    from huggingface_hub.errors import HfUriError
    from huggingface_hub.utils import parse_hf_uri

    try:
        found = parse_hf_uri(text)
    except HfUriError as error:
        raise HubAddressError(
            f"an address on the hub should be {SCHEME}datasets/OWNER/NAME[@REVISION]/FILE, got "
            f"{text!r}"
        ) from error
    if found.type not in _KINDS:
        raise HubAddressError(f"{text} is a {found.type}: only datasets and models are read")
    return Address(found.type, found.id, found.revision or "main", found.path_in_repo)


def read_repository(text: str) -> Address:
    """Read the name of a dataset repository: OWNER/NAME, or hf://datasets/OWNER/NAME[@REVISION].

    Raises:
        HubAddressError: it is none.
        MissingExtraError: the hub's client is not installed.
    """
    address = read_address(text if is_address(text) else f"{SCHEME}datasets/{text}")
    if address.kind != "dataset" or address.path:
        raise HubAddressError(
            f"a dataset repository should be OWNER/NAME or {SCHEME}datasets/OWNER/NAME, got "
            f"{text!r}"
        )
    return address


def local_file(text: str) -> Path:
    """Return a path as it is; a file at an address on the hub is downloaded, and checked, first.

    What the hub's cache has is not downloaded again, and needs no hub.

    Raises:
        HubAddressError, HubPermissionError, UnknownHubModelError, HubUnreachableError: there is no
            such file, or it cannot be had.
        HubHashError: what came is not what the hub keeps under that name.
        DiskFullError: no room for it.
    """
    if not is_address(text):
        return Path(text)
    address = read_address(text)
    if not address.path:
        raise HubAddressError(f"{text} is a repository, and a file in it is wanted: {text}/FILE")
    with hub_errors(address.kind, address.repository, address.revision):
        found = hub_file(address.repository, address.path, address.revision, address.kind).path
    _check(found, text)
    return found


def once_local(text: str) -> Path:
    """Return a path as `local_file`, asking the hub once a process: plans read records often.

    Raises:
        as `local_file`, each time for what could not be had the first time.
    """
    found = _tried(text)
    if isinstance(found, PRHError):
        raise found
    return found


@cache
def _tried(text: str) -> Path | PRHError:
    try:
        return local_file(text)
    except PRHError as error:
        return error


def _check(file: Path, text: str) -> None:
    """Hold a file against its name in the hub's cache, which is the hash of a large one.

    Raises:
        HubHashError: it has another; it is removed, so that it is downloaded anew.
    """
    blob = file.resolve()
    if _SHA256.fullmatch(blob.name) is None:
        return  # a small one, which git keeps
    with blob.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != blob.name:
        blob.unlink()
        raise HubHashError(
            f"{text} came with the hash {found[:12]}, and the hub says {blob.name[:12]}; run the "
            "same command again to download it anew"
        )

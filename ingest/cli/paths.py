"""Paths on the command line: files and folders here, or at addresses on the hub."""

from pathlib import Path

from prh_core.warehouse.location import WAREHOUSE_FILE

_SCHEME = "hf://"


def local_file(text: str) -> Path:
    """Return a path as it is; what an address on the hub names is downloaded, and checked, first.

    Raises:
        HubAddressError, HubPermissionError, UnknownHubModelError, HubUnreachableError,
            HubHashError, DiskFullError: see `ingest.catalog.addresses.local_file`.
    """
    if not text.startswith(_SCHEME):
        return Path(text)
    from ingest.catalog import addresses  # `prh align` of files here loads no catalog

    return addresses.local_file(text)


def local_text(text: str) -> str:
    """Return what names a file or something else, an address on the hub as `local_file` does."""
    return str(local_file(text)) if text.startswith(_SCHEME) else text


def warehouse_folder(text: str) -> Path:
    """Return a data folder to show: one here, or one made of the warehouse in a repository.

    Raises:
        HubAddressError and others: as `local_file`.
    """
    if not text.startswith(_SCHEME):
        return Path(text)
    return local_file(f"{text.rstrip('/')}/{WAREHOUSE_FILE}").parent


def folder_here(text: str) -> Path:
    """Return a data folder that is worked in.

    Raises:
        HubAddressError: it is on the hub.
    """
    if text.startswith(_SCHEME):
        from ingest.errors import HubAddressError

        raise HubAddressError(
            f"this command works in its data folder, and {text} is on the hub: "
            f"`prh pull {text} --data FOLDER` brings it here"
        )
    return Path(text)

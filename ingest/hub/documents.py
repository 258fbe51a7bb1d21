"""The documents of a repository: which of its card and metadata are to be written."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Event

from ingest.catalog.addresses import Address
from ingest.hub.card import MADE_BY, about, card
from ingest.hub.croissant import croissant
from ingest.hub.described import Contents, describe
from ingest.hub.download import download
from ingest.hub.files import (
    CARD,
    CROISSANT,
    NAMES_ALONE,
    PARTS,
    LocalFile,
    RemoteFile,
    kind_of,
    read_file,
    table_of,
)
from ingest.hub.remote import Remote, asking
from ingest.progress import Progress
from ingest.store.warehouse import OF_CAPTIONS
from ingest.store.workspace import Workspace


def contents_of(
    workspace: Workspace, remote: Remote, new: Sequence[LocalFile], captions: bool
) -> Contents:
    """Say what a repository holds once these files are in it, too."""
    files = dict(remote.files)
    for file in new:
        files[file.path] = RemoteFile(file.path, file.bytes, file.sha256, file.blob)
    texts = captions or any(_has_texts(path) for path in files)
    return describe(workspace, remote.address.repository, files, texts)


def _has_texts(path: str) -> bool:
    """Say whether a part holds captions: one of samples that is not of their ids alone."""
    is_part = kind_of(path) == PARTS and table_of(path) in OF_CAPTIONS
    return is_part and f"{NAMES_ALONE}." not in path


def documents(contents: Contents, remote: Remote, progress: Progress) -> list[LocalFile]:
    """Return the card and the metadata, where they change; a card somebody wrote is left alone."""
    url = _url(remote.address)
    made = {CARD: card(contents), CROISSANT: croissant(contents, url, about(contents))}
    files = [read_file(name, text.encode(), lambda _: None) for name, text in made.items()]
    changed = [
        file
        for file in files
        if file.path not in remote.files or not file.same_as(remote.files[file.path])
    ]
    theirs = remote.files.get(CARD)
    if theirs is not None and any(file.path == CARD for file in changed):
        if MADE_BY not in _text(remote, theirs):
            progress.note(
                f"{CARD} of {remote.address} was written by somebody: it is left as it is."
            )
            changed = [file for file in changed if file.path != CARD]
    return changed


def _text(remote: Remote, file: RemoteFile) -> str:
    with asking(remote.address), tempfile.TemporaryDirectory() as folder:
        target = Path(folder, CARD)
        download(remote, file, target, lambda _: None, Event())
        return target.read_text(encoding="utf-8", errors="replace")


def _url(address: Address) -> str:
    from huggingface_hub import constants

    return f"{constants.ENDPOINT}/datasets/{address.repository}"

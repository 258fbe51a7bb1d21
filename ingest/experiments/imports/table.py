"""Published tables (CSV), read by a mapping that says what each column is and where it is from."""

import csv
import math
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field, ValidationError

from ingest.catalog import Catalog
from ingest.catalog.records import Identifier, ModelRecord, Record
from ingest.errors import CatalogError, ImportFileError
from ingest.experiments.imports.results import UNKNOWN_ORDER, Results
from prh_core.metrics import Metric, get_metric

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
"""As a table has them; Python would read 1_0 as ten, and digits of any script."""


class Source(Record):
    """Where a table was published; shown wherever its numbers are."""

    id: Identifier
    """Short name of the collection: scores of one collection compare with each other."""
    title: str
    origin: str
    """Repository, DOI or address."""
    revision: str
    license: str
    citation: str
    note: str = ""
    """What to know before believing it."""


class BenchmarkColumn(Record):
    """A column of one benchmark's scores."""

    column: str
    name: str
    measure: str = ""
    shots: int | None = Field(default=None, ge=0)
    unit: Literal["share", "percent", "other"] = "share"
    """share: 0 to 1; percent: 0 to 100, stored as a share; other: taken as it is."""


class BitsColumn(Record):
    """A column of bits per byte of one text."""

    column: str
    text: str


class AlignmentColumn(Record):
    """A column of alignments of the row's language model with its vision model."""

    column: str
    vision_model: str
    """Column that names the vision model."""
    dataset: Identifier
    title: str
    """The dataset's name in charts."""
    metric: str
    n: int = Field(gt=1)
    k: int | None = Field(default=None, gt=0)
    truncation: Literal["exact", "mean", "none", "unstated"] = "unstated"
    pooling: Literal["mean", "last"] = "mean"
    prompt: str = "none"
    vision_pooling: str = "cls"
    normalized: bool = True


class Mapping(Record):
    """What a table's columns mean."""

    source: Source
    table: str | None = None
    """The CSV file, from the mapping's folder; `prh import csv FILE` may name another."""
    model: str | list[str]
    """Column that names the model (a catalog id, label or source), or several, joined by blanks."""
    modality: Literal["language", "vision"] = "language"
    """Of those models; bits per byte and alignment are of language models."""
    names: dict[str, str] = {}
    """Names in the table that the catalog spells otherwise: name there = catalog id."""
    benchmark: list[BenchmarkColumn] = []
    bits: list[BitsColumn] = []
    alignment: list[AlignmentColumn] = []

    def file(self, mapping: Path) -> Path:
        """Return the table that lies beside the mapping.

        Raises:
            ImportFileError: the mapping names none.
        """
        if self.table is None:
            raise ImportFileError(
                f"name the table to import: `prh import csv TABLE --mapping {mapping.name}`, or "
                f'table = "TABLE" in the mapping'
            )
        return mapping.parent / self.table


def read_mapping(path: Path) -> Mapping:
    """Read a mapping (TOML).

    Raises:
        ImportFileError: it cannot be read, or says something a mapping does not.
    """
    try:
        return Mapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise ImportFileError(f"cannot read the mapping {path}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ImportFileError(f"the mapping {path.name} is not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ImportFileError(
            f"in the mapping {path.name}, {field}: {first['msg'][0].lower()}{first['msg'][1:]}"
        ) from error


def read_table(table: Path, mapping: Mapping, catalog: Catalog) -> Results:
    """Read a table as its mapping says; models the catalog does not know are noted and left out.

    Raises:
        ImportFileError: the table is no CSV, lacks a column, or holds a value that its column
            cannot have.
    """
    columns = [mapping.benchmark, mapping.bits, mapping.alignment]
    described = [column for kind in columns for column in kind]
    if not described:
        raise ImportFileError(
            "the mapping describes no column: add [[benchmark]], [[bits]] or [[alignment]]"
        )
    if mapping.modality == "vision" and (mapping.bits or mapping.alignment):
        raise ImportFileError(
            "the mapping is of vision models: [[bits]] and [[alignment]] need language models"
        )
    naming = [mapping.model] if isinstance(mapping.model, str) else mapping.model
    wanted = [*naming, *(c.column for c in described)]
    wanted += [c.vision_model for c in mapping.alignment]
    results = Results()
    metrics = {column.column: _metric(column) for column in mapping.alignment}
    for line, cells in _rows(table, wanted):
        name = " ".join(cells[column].strip() for column in naming)
        if not name.strip():
            results.left_out.append(f"{table.name}, line {line}: no model is named")
            continue
        record = results.model(catalog, mapping.names.get(name, name), mapping.modality)
        if record is not None:
            row = _Row(results, mapping, cells, record, f"{table.name}, line {line}")
            row.add_benchmarks(name)
            row.add_alignments(catalog, metrics)
    return results


def _rows(table: Path, wanted: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield every row by its columns, with the number of the line it ends in."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.reader(opened, strict=True)
            header = next(reader, [])
            if not header:
                raise ImportFileError(f"{table.name} is no CSV table: its first line is empty")
            for column in wanted:
                if header.count(column) != 1:
                    expected = "a column" if column not in header else "one column"
                    raise ImportFileError(
                        f"{table.name}: expected {expected} {column!r}, it has {', '.join(header)}"
                    )
            for cells in reader:
                if len(cells) > len(header):
                    raise ImportFileError(
                        f"{table.name}, line {reader.line_num}: expected {len(header)} cells, got "
                        f"{len(cells)}"
                    )
                if cells:
                    missing = [""] * (len(header) - len(cells))
                    yield reader.line_num, dict(zip(header, cells + missing, strict=True))
    except OSError as error:
        raise ImportFileError(f"cannot read {table}: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ImportFileError(f"{table.name} is no CSV table: {error}") from error


class _Row(NamedTuple):
    """A row of a table, and where its numbers go."""

    results: Results
    mapping: Mapping
    cells: dict[str, str]
    record: ModelRecord
    where: str
    """File and line, for messages."""

    def numbers(self, column: str, low: float, high: float) -> Iterator[float]:
        """Yield the cell's number, if it has one, and say so if it cannot be."""
        text = self.cells[column].strip()
        if not text:
            self.results.left_out.append(f"{self.where}: {column} is empty")
            return
        value = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not low <= value <= high or not math.isfinite(value):
            bounds = f"a number from {low:g} to {high:g}" if math.isfinite(high) else "a number"
            raise ImportFileError(f"{self.where}: {column} should be {bounds}, got {text!r}")
        yield value

    def add_benchmarks(self, name: str) -> None:
        """Add the row's benchmarks and bits per byte of the model that the table calls `name`."""
        source = self.mapping.source
        origin = {
            "collection": source.id,
            "named": name,
            "source": f"{source.origin} @ {source.revision}",
            "license": source.license,
            "note": source.note,
        }
        bounds = {"share": (0.0, 1.0), "percent": (0.0, 100.0), "other": (-math.inf, math.inf)}
        for column in self.mapping.benchmark:
            for value in self.numbers(column.column, *bounds[column.unit]):
                row = {
                    "model_id": self.record.id,
                    "benchmark": column.name,
                    "measure": column.measure,
                    "shots": column.shots,
                    "score": value / 100 if column.unit == "percent" else value,
                    "stderr": None,
                }
                self.results.add("benchmarks", {**row, **origin})
        for text in self.mapping.bits:
            for value in self.numbers(text.column, 0.0, 1000.0):
                row = {"model_id": self.record.id, "text": text.text, "bits_per_byte": value}
                self.results.add("imported_bits", {**row, **origin})

    def add_alignments(self, catalog: Catalog, metrics: dict[str, Metric]) -> None:
        """Add the row's alignments, each of whose columns has one of the metrics."""
        results, source = self.results, self.mapping.source
        for column in self.mapping.alignment:
            metric = metrics[column.column]
            name = self.cells[column.vision_model].strip()
            other = results.model(catalog, self.mapping.names.get(name, name), "vision")
            if other is None:
                continue
            for value in self.numbers(column.column, metric.lowest, metric.highest):
                known = results.rows.get("datasets", [])
                if all(row["dataset_id"] != column.dataset for row in known):
                    results.add("datasets", _dataset(source, column))
                row = {
                    "model_x": self.record.id,
                    "model_y": other.id,
                    "dataset_id": column.dataset,
                    "row_order": UNKNOWN_ORDER,
                    "pooling_x": column.pooling,
                    "prompt_x": column.prompt,
                    "pooling_y": column.vision_pooling,
                    "prompt_y": "none",
                    "metric": metric.name,
                    "k": column.k,
                    "truncation": column.truncation,
                    "n": column.n,
                    "normalized": column.normalized,
                    "score": value,
                    "null_mean": metric.null(column.n, column.k or 1) if metric.null else None,
                    "collection": source.id,
                    "source": f"{source.origin} @ {source.revision}",
                }
                results.add("imported_scores", row)


def _metric(column: AlignmentColumn) -> Metric:
    metric = get_metric(column.metric)
    if metric.uses_k != (column.k is not None):
        raise CatalogError(
            f"in the mapping, [[alignment]] {column.column!r}: {metric.name} "
            + ("needs k, the number of neighbors" if metric.uses_k else "has no k")
        )
    return metric


def _dataset(source: Source, column: AlignmentColumn) -> dict[str, Any]:
    return {
        "dataset_id": column.dataset,
        "row_order": UNKNOWN_ORDER,
        "title": column.title,
        "kind": "published",
        "source": source.origin,
        "revision": source.revision,
        "license": source.license,
        "citation": source.citation,
        "note": source.note,
        "n": column.n,
        "skipped": [],
    }

"""Parquet tables: a column of lists is a layer, another one holds the ids."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet as pq

from ingest.errors import FeaturesFileError, SampleIdsError
from ingest.foreign.held import Contents, Held, checked_claim
from ingest.foreign.ids import NAMES, checked_ids


@contextlib.contextmanager
def open_parquet(path: Path) -> Iterator[Contents]:
    """Open a .parquet file; a column is read when it is taken.

    Layers are columns of lists of one length, fixed or not, in the order of the table.

    Raises:
        FeaturesFileError: it is no such file, or a column claims what no features unpack to.
        SampleIdsError: its ids are none.
    """
    with _opened(path) as file:
        contents = Contents([])
        for column in file.schema_arrow:
            kind = column.type
            if column.name.lower() in NAMES:
                contents.ids = _ids(file, path, column.name)
            elif _is_list(kind) and _is_number(kind.value_type):
                contents.arrays.append(_held(file, path, column.name, kind))
            else:
                contents.left.append(column.name)
        if not contents.arrays:
            raise FeaturesFileError(
                f"{path.name} should hold layers as columns of lists of numbers; its columns: "
                f"{', '.join(f'{c.name} ({c.type})' for c in file.schema_arrow)[:300]}"
            )
        yield contents


def parquet_ids(path: Path) -> tuple[str, ...]:
    """Return the ids of a table.

    Raises:
        FeaturesFileError, SampleIdsError: it is no Parquet file, or has no column of ids.
    """
    with _opened(path) as file:
        names = file.schema_arrow.names
        named = [name for name in names if name.lower() in NAMES] or names
        if len(named) != 1:
            raise SampleIdsError(
                f"{path.name} should have one column of ids, called {', '.join(NAMES)}; its "
                f"columns: {', '.join(names)}"
            )
        return _ids(file, path, named[0])


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FeaturesFileError(f"{path.name} is no whole .parquet file: {error}") from error
    with file:
        yield file


def _is_list(kind: pa.DataType) -> bool:
    return (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_floating(kind) or pa.types.is_integer(kind)


def _column(file: pq.ParquetFile, path: Path, name: str) -> pa.Array:
    """Read a column whole, once its claims were held against the file's size."""
    values, packed = 0, 0
    for group in range(file.metadata.num_row_groups):
        row_group = file.metadata.row_group(group)
        for at in range(row_group.num_columns):
            chunk = row_group.column(at)
            if chunk.path_in_schema.split(".")[0] == name:
                values += max(8 * chunk.num_values, chunk.total_uncompressed_size)
                packed += min(chunk.total_compressed_size, path.stat().st_size)
    checked_claim(path, name, values, packed)
    try:
        read = file.read([name], use_threads=False).column(0)
        return read.combine_chunks() if read.num_chunks != 1 else read.chunk(0)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FeaturesFileError(f"{path.name}: column {name} cannot be read: {error}") from error


def _ids(file: pq.ParquetFile, path: Path, name: str) -> tuple[str, ...]:
    kind = file.schema_arrow.field(name).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if not text and not pa.types.is_integer(kind):
        raise SampleIdsError(
            f"{path.name}: sample ids should be text or whole numbers, column {name} holds {kind}"
        )
    found = _column(file, path, name).to_pylist()
    return checked_ids([None if one is None else str(one) for one in found], path.name)


def _held(file: pq.ParquetFile, path: Path, name: str, kind: Any) -> Held:
    n = file.metadata.num_rows
    width = kind.list_size if pa.types.is_fixed_size_list(kind) else None

    def read() -> np.ndarray:
        column = _column(file, path, name)
        flat = column.flatten()  # what null rows would hold is not there
        if column.null_count or flat.null_count:
            raise FeaturesFileError(
                f"{path.name}: column {name} has {column.null_count + flat.null_count:,} empty "
                "places; leave those samples out, or fill them"
            )
        if width is None and len(column):
            lengths = np.unique(np.diff(np.asarray(column.offsets)))
            if len(lengths) != 1:
                raise FeaturesFileError(
                    f"{path.name}: the lists of column {name} should be of one length, got "
                    f"{lengths[0]} to {lengths[-1]}"
                )
        values = np.asarray(flat.to_numpy(zero_copy_only=False))
        return values.reshape(len(column), -1) if len(column) else np.empty((0, 0), np.float32)

    # The width of lists is known when they are read.
    return Held(name, (n, 1 if width is None else width), str(kind.value_type), read)

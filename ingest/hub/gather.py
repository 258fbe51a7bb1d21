"""What of a data folder is pushed: feature files, parts and the warehouse, texts left out."""

import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import polars as pl

from ingest.errors import DamagedFeatureFileError, Refused
from ingest.hub.files import (
    DESCRIBING,
    FEATURES,
    NAMES_ALONE,
    PARTS,
    WAREHOUSE,
    LocalFile,
    read_file,
)
from ingest.hub.remote import Wanted
from ingest.store.atomic import atomic_path
from ingest.store.features import FeatureHeader, read_header
from ingest.store.warehouse import OF_CAPTIONS
from ingest.store.workspace import Workspace
from prh_core.warehouse.filling import build, damage_named, tables
from prh_core.warehouse.location import WAREHOUSE_FILE

Source = tuple[str, Path | bytes]
"""Path in the repository, and where its content is or is from."""


def found_features(
    workspace: Workspace, wanted: Wanted, refused: list[Refused]
) -> dict[str, FeatureHeader]:
    """Return the feature files that are wanted, by path; damaged ones are named."""
    found: dict[str, FeatureHeader] = {}
    if FEATURES not in wanted.what:
        return found
    for path in sorted(workspace.features.root.glob("*/*.safetensors")):
        try:
            header = read_header(path)
        except DamagedFeatureFileError as error:
            refused.append(Refused(path.name, str(error)))
            continue
        if wanted.takes(header.model_id, header.dataset_id):
            found[path.relative_to(workspace.home).as_posix()] = header
    return found


def sources(
    workspace: Workspace, wanted: Wanted, features: dict[str, FeatureHeader], captions: bool
) -> Iterator[Source]:
    """Yield what is to be pushed, parts first: they say what the feature files are.

    Args:
        workspace: the data folder.
        wanted: what of it.
        features: of `found_features`.
        captions: whether texts and picture names of samples go along.

    Raises:
        DamagedPartError, DataFolderError: a part of samples cannot be read.
        WarehouseError: the published warehouse cannot be.
    """
    for table in tables():
        for part in sorted((workspace.warehouse.parts / table).glob("*.parquet")):
            if PARTS in wanted.what or (table in DESCRIBING and _of(part.stem, table, features)):
                yield from _part(part, table, captions)
    if WAREHOUSE in wanted.what and workspace.warehouse.path.exists():
        whole = workspace.warehouse.path
        yield WAREHOUSE_FILE, whole if captions else without_texts(workspace)
    for path in features:
        yield path, workspace.home / path


def hashed(
    found: Sequence[Source], begin: Callable[[int], Callable[[int], None]]
) -> list[LocalFile]:
    """Hash files that are to be pushed.

    Args:
        found: of `sources`.
        begin: told the bytes of all, returns what is told of every stretch.
    """
    total = sum(len(s) if isinstance(s, bytes) else s.stat().st_size for _, s in found)
    tell = begin(total)
    return [read_file(path, source, tell) for path, source in found]


def without_texts(workspace: Workspace) -> Path:
    """Return a copy of the published warehouse without captions, made once a publication.

    Raises:
        WarehouseError: it cannot be read, or an older PRH Explorer published it.
        DiskFullError: no room for the copy.
    """
    source, folder = workspace.warehouse.path, workspace.cache / "hub"
    seen = source.stat()
    target = folder / f"{seen.st_size}-{seen.st_mtime_ns}.duckdb"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.duckdb"):
            old.unlink()
        with tempfile.TemporaryDirectory(dir=folder) as parts:
            for part in workspace.warehouse.pack(Path(parts), "results"):
                table = part.parent.name
                if table in OF_CAPTIONS:
                    content = [content for _, content in _part(part, table, False)]
                    part.unlink()
                    if content and isinstance(content[0], bytes):
                        part.write_bytes(content[0])
            with atomic_path(target) as temporary:
                build(temporary, Path(parts))
    return target


def _part(part: Path, table: str, captions: bool) -> Iterator[Source]:
    """Yield a part, or what of it may be passed on without texts."""
    name = f"parts/{table}/{part.name}"
    if captions or table not in OF_CAPTIONS:
        yield name, part
    elif table == "samples":
        with damage_named([part]):
            rows = pl.read_parquet(part, glob=False)
        blank = pl.lit("", pl.String)
        buffer = io.BytesIO()
        rows.with_columns(blank.alias("caption"), blank.alias("image")).write_parquet(buffer)
        stem = part.stem.removesuffix(NAMES_ALONE)
        yield f"parts/{table}/{stem}{NAMES_ALONE}.parquet", buffer.getvalue()


def _of(stem: str, table: str, features: dict[str, FeatureHeader]) -> bool:
    """Say whether a part describes one of these feature files."""
    if table in ("datasets", "samples"):
        rows = {f"{h.dataset_id}.{h.row_order[:12]}." for h in features.values()}
        return any(stem.startswith(start) for start in rows)
    names = {h.key if table == "feature_sets" else h.model_id for h in features.values()}
    return any(stem == name or stem.startswith(f"{name}.") for name in names)

"""The results that ship with PRH Explorer, shown until there are one's own.

They are parts like any other. What is asked is a database built from them, the first time that they
are looked at, in the cache.
"""

import hashlib
import os
import secrets
from functools import cache
from pathlib import Path

import duckdb

from prh_core.compiling import cache_places, first_writable
from prh_core.warehouse import filling, schema
from prh_core.warehouse.errors import (
    DamagedPartError,
    DataFolderError,
    ShippedDamagedError,
    WarehouseUnreadableError,
)
from prh_core.warehouse.location import SHIPPED, data_folder, published_file
from prh_core.warehouse.progress import read_progress


def shown_file() -> Path:
    """Return the warehouse to show: the published one, or what ships where there is none yet.

    Where a reader named a data folder, what ships stands in only while the demo is filling it.

    Raises:
        ShippedDamagedError: a shipped part is damaged.
        WarehouseUnreadableError: the database of what ships can be written nowhere.
    """
    own = published_file()
    named = bool(os.environ.get("PRH_DATA"))
    if os.path.exists(own) or (named and read_progress(data_folder()) is None):
        return own
    return shipped_warehouse(SHIPPED) if SHIPPED.is_dir() else own


def shows_shipped() -> bool:
    """Say whether what is shown ships with PRH Explorer."""
    return shown_file() != published_file()


@cache
def shipped_warehouse(parts: Path) -> Path:
    """Return a database of parts that ship, built once and kept in the cache.

    Args:
        parts: their folder.

    Raises:
        ShippedDamagedError: a part is damaged.
        WarehouseUnreadableError: no folder can be written.
    """
    places = [place / "shipped" for place in cache_places()]
    folder = first_writable(places)
    if folder is None:
        raise WarehouseUnreadableError(
            "no folder can be written to unpack the results that ship with PRH Explorer",
            ", ".join(map(str, places)),
        )
    target = folder / f"{_content(parts)}.duckdb"
    if not target.exists():
        temporary = target.with_name(f"{target.name}.{secrets.token_hex(4)}.tmp")
        try:
            filling.build(temporary, parts)
            os.replace(temporary, target)
        except (DamagedPartError, DataFolderError, duckdb.Error) as error:
            raise ShippedDamagedError(
                "the results that ship with PRH Explorer cannot be unpacked", str(error)
            ) from error
        finally:
            temporary.unlink(missing_ok=True)
    return target


def _content(parts: Path) -> str:
    """Hash what the database is made of: the parts, and the SQL that makes tables of them."""
    digest = hashlib.sha256(duckdb.__version__.encode())
    for file in sorted(parts.glob("*/*.parquet")):
        digest.update(file.relative_to(parts).as_posix().encode())
        digest.update(file.read_bytes())
    for text in (*(subject.sql for subject in schema.subjects()), *filling.statements()):
        digest.update(text.encode())
    return digest.hexdigest()[:16]

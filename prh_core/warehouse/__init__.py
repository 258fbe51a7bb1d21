"""What both halves agree on: where the results lie, their schema, how they are opened and asked.

The only place of prh_core that knows DuckDB and polars.
"""

from prh_core.warehouse.errors import (
    QueryError,
    WarehouseBusyError,
    WarehouseDamagedError,
    WarehouseError,
    WarehouseMissingError,
    WarehouseTooNewError,
    WarehouseTooOldError,
    WarehouseUnreadableError,
)
from prh_core.warehouse.location import (
    DEMO_UNFINISHED,
    PROJECT,
    WAREHOUSE_FILE,
    data_folder,
    published_file,
)
from prh_core.warehouse.reading import (
    SCHEMA_VERSION,
    name_error,
    open_readonly,
    schema_version,
    seal,
)

__all__ = [
    "DEMO_UNFINISHED",
    "PROJECT",
    "QueryError",
    "SCHEMA_VERSION",
    "WAREHOUSE_FILE",
    "WarehouseBusyError",
    "WarehouseDamagedError",
    "WarehouseError",
    "WarehouseMissingError",
    "WarehouseTooNewError",
    "WarehouseTooOldError",
    "WarehouseUnreadableError",
    "data_folder",
    "name_error",
    "open_readonly",
    "published_file",
    "schema_version",
    "seal",
]

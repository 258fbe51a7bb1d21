"""Compare two published warehouses row by row, to show that all numbers stayed the same.

`python -m tests.sweep.same_results OLD.duckdb NEW.duckdb` compares every table and view of the old
file with that of the new one. Columns that the schema renamed are compared under their new names.
Left out are what names a run or a moment (keys, times, speeds, versions), and texts that only
describe a metric. It exits 1 where a number differs; words may be spelled anew.
"""

import sys
from pathlib import Path

import duckdb
import polars as pl

from ingest.cli.console import out, table
from prh_core.warehouse.schema import RENAMED

OF_A_RUN = frozenset(
    "unit_key run_id runs features features_x features_y second file facts versions command "
    "started_at ended_at finished_at imported_at recorded_at known_at applied_at seconds "
    "items_per_second accelerator message done skipped bytes".split()
)
"""Columns that differ from run to run, or name units whose keys are made anew."""
OF_A_METRIC = frozenset(["direction", "equation", "family"])
"""Columns that describe a metric in words."""
PROVENANCE = frozenset(["runs", "schema_migrations"])
"""Tables without a number of a study."""


_NUMBERS = (pl.List(pl.Float64), pl.List(pl.List(pl.Float64)), pl.List(pl.Int32))


def relations(path: Path) -> dict[str, pl.DataFrame]:
    """Return every table and view of a file, without the columns of a run, sorted by all others."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("ATTACH $path AS results (READ_ONLY)", {"path": str(path)})
        connection.execute("USE results")
        names = [name for (name,) in connection.execute("SHOW TABLES").fetchall()]
        return {
            name: _comparable(connection.table(name).pl())
            for name in names
            if name not in PROVENANCE
        }


def _comparable(rows: pl.DataFrame) -> pl.DataFrame:
    rows = rows.rename({n: RENAMED[n] for n in rows.columns if n in RENAMED})
    rows = rows.drop((OF_A_RUN | OF_A_METRIC) & set(rows.columns))
    nested = [name for name, kind in rows.schema.items() if kind.is_nested()]
    order = rows.with_columns(
        pl.col(name).map_elements(lambda value: repr(value.to_list()), pl.String) for name in nested
    )
    order = order.with_row_index("at").sort([c for c in order.columns if c != "at"])
    return rows[order["at"]].select(sorted(rows.columns))


def differing(old: pl.DataFrame, new: pl.DataFrame) -> str:
    """Say in what two relations differ; nothing where they are equal."""
    if missing := sorted(set(old.columns) - set(new.columns)):
        return f"columns {', '.join(missing)} are gone"
    new = new.select(old.columns)
    if old.height != new.height:
        return f"{old.height} rows became {new.height}"
    unequal = [name for name in old.columns if not old[name].equals(new[name], null_equal=True)]
    words = {name for name in unequal if old.schema[name].base_type() in (pl.String, pl.List)}
    words -= {name for name in words if old.schema[name] in _NUMBERS}
    if len(words) < len(unequal):
        return f"differs in {', '.join(sorted(set(unequal) - words))}"
    return f"same numbers; words differ in {', '.join(unequal)}" if unequal else ""


def main() -> None:
    """Compare the two files named on the command line."""
    old, new = (relations(Path(name)) for name in sys.argv[1:3])
    rows = [
        (name, frame.height, differing(frame, new[name]) if name in new else "is gone")
        for name, frame in sorted(old.items())
    ]
    table("Old against new", ["table", "rows", "difference"], rows)
    failed = [name for name, _, difference in rows if difference and "same" not in difference]
    out.print(f"Of {len(rows)} tables and views {len(rows) - len(failed)} hold the same numbers.")
    raise SystemExit(bool(failed))


if __name__ == "__main__":
    main()

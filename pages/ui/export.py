"""Answers as files: tables, pictures and SQL. No Streamlit, no network."""

import io
from typing import Any

import altair as alt
import polars as pl

from pages.ui.answers import Answer

_VEGA_LITE = alt.SCHEMA_VERSION.removeprefix("v").rpartition(".")[0]


def csv(frame: pl.DataFrame) -> bytes:
    """Return a frame as UTF-8 CSV."""
    return frame.write_csv().encode()


def parquet(frame: pl.DataFrame) -> bytes:
    """Return a frame as Parquet."""
    target = io.BytesIO()
    frame.write_parquet(target)
    return target.getvalue()


def svg(spec: dict[str, Any]) -> bytes:
    """Return a chart as SVG."""
    import vl_convert  # loads a JavaScript engine: only when a picture is asked for

    return vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE, allowed_base_urls=[]).encode()


def png(spec: dict[str, Any]) -> bytes:
    """Return a chart as PNG at twice its size."""
    import vl_convert

    return vl_convert.vegalite_to_png(spec, vl_version=_VEGA_LITE, scale=2, allowed_base_urls=[])


def script(answer: Answer) -> str:
    """Return a query and its parameters as a script for any DuckDB shell."""
    body = answer.sql.strip()
    if not answer.parameters:
        return f"-- {answer.name}: duckdb -readonly results.duckdb < {answer.name}.sql\n{body};\n"
    values = ",\n    ".join(
        " := ".join((name, _literal(value))) for name, value in answer.parameters.items()
    )
    return (
        f"-- {answer.name}: duckdb -readonly results.duckdb < {answer.name}.sql\n"
        f"PREPARE {answer.name} AS\n{body};\n\n"
        f"EXECUTE {answer.name}(\n    {values}\n);\n"
    )


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"

"""Answers as files: tables, pictures and SQL. No Streamlit, no network."""

import binascii
import io
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, TypeAlias

import altair as alt
import polars as pl

from pages.ui.answers import Answer

_VEGA_LITE = alt.SCHEMA_VERSION.removeprefix("v").rpartition(".")[0]
_PER_INCH = 96
"""Pixels of a chart."""
_DOTS = 300
"""Per inch of a picture that a journal prints."""
_LONGEST_NAME = 120
_TAKEN_BY_WINDOWS = {"con", "prn", "aux", "nul"} | {
    f"{x}{i}" for x in ("com", "lpt") for i in "123456789"
}

About: TypeAlias = Mapping[str, str | int | float | None]
"""What a view shows, name by name: dataset, metric, k, n, row order, run, link and the like."""


def csv(answer: Answer | pl.DataFrame, about: About | None = None) -> bytes:
    """Return an answer as UTF-8 CSV, each row saying what it is about.

    Args:
        answer: of a query.
        about: what the view shows; its names become columns after the answer's own.
    """
    frame = with_columns_about(_frame(answer), about or {})
    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    flat = frame.with_columns(
        pl.col(name).map_elements(_listed, return_dtype=pl.String, skip_nulls=True)
        for name in nested
    )
    return flat.write_csv().encode()


def parquet(answer: Answer | pl.DataFrame, about: About | None = None) -> bytes:
    """Return an answer as Parquet: what it is about stands in columns and in the file's metadata.

    Args:
        answer: of a query.
        about: what the view shows.
    """
    target = io.BytesIO()
    frame = with_columns_about(_frame(answer), about or {})
    told = {name: "" if value is None else str(value) for name, value in (about or {}).items()}
    frame.write_parquet(target, metadata=told)
    return target.getvalue()


def with_columns_about(frame: pl.DataFrame, about: About) -> pl.DataFrame:
    """Add what a view shows as constant columns; where an answer has the name, as `NAME_of_view`.

    Args:
        frame: an answer.
        about: what the view shows.
    """
    taken = {name.casefold() for name in frame.columns}
    columns: list[pl.Expr] = []
    for name, value in about.items():
        while name.casefold() in taken:
            name += "_of_view"
        taken.add(name.casefold())
        kind = pl.String if value is None else None
        columns.append(pl.lit(value, dtype=kind).alias(name))
    return frame.with_columns(columns)


def _frame(answer: Answer | pl.DataFrame) -> pl.DataFrame:
    return answer.frame if isinstance(answer, Answer) else answer


def _listed(value: Any) -> str:
    if isinstance(value, pl.Series):
        value = value.to_list()
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def file_name(topic: str, about: About, view: str | None, suffix: str) -> str:
    """Return a name that tells page, setting and view, in letters every system takes.

    Args:
        topic: the page.
        about: what the view shows; of it dataset, metric, k, sigma and n.
        view: how the page draws it; None where there is one way only.
        suffix: kind of file, without a dot.
    """
    metric = re.sub(r"\s*\(.*\)", "", str(about.get("metric") or ""))
    told = [topic, str(about.get("dataset") or ""), metric]
    told += [f"{name}{about[name]}" for name in ("k", "sigma", "n") if about.get(name) is not None]
    parts = [part for part in map(_slug, (*told, view or "")) if part]
    room = _LONGEST_NAME - len(suffix) - 1
    while len("-".join(parts)) > room:
        longest = max(range(len(parts)), key=lambda place: len(parts[place]))
        excess = len("-".join(parts)) - room
        kept = max(len(parts[longest]) - excess, 8)
        parts[longest] = parts[longest][:kept].rstrip("-")
    stem = "-".join(parts) or "answer"
    return f"{'prh-' if stem in _TAKEN_BY_WINDOWS else ''}{stem}.{_slug(suffix)}"


def _slug(words: str) -> str:
    """Return words in lower-case ASCII; of a script that has no such letters, their checksum."""
    letters = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")
    return slug if slug or not words.strip() else f"{binascii.crc32(words.encode()):08x}"


def svg(spec: dict[str, Any]) -> bytes:
    """Return a chart as SVG, as many inches wide as it says of itself."""
    return _sized(spec, "{:.3f}in").encode()


def pdf(spec: dict[str, Any]) -> bytes:
    """Return a chart as PDF, as many inches wide as it says of itself."""
    import vl_convert

    # Its converter takes a number without a unit for points.
    return vl_convert.svg_to_pdf(_sized(spec, "{:.3f}", per_inch=72))


def _sized(spec: dict[str, Any], size: str, per_inch: float = 1) -> str:
    """Return a chart as SVG whose width and height are written as `size` says."""
    import vl_convert  # loads a JavaScript engine: only when a picture is asked for

    drawn = vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE, allowed_base_urls=[])
    head, close, rest = drawn.partition(">")
    wide, high = (float(length) for length in _SIZE.findall(head))
    across = per_inch * _inches(spec, wide)
    lengths = iter((across, across * high / wide))
    sized = _SIZE.sub(lambda at: f'{at[0].split(chr(34))[0]}"{size.format(next(lengths))}"', head)
    return sized + close + rest


_SIZE = re.compile(r'\b(?:width|height)="([\d.]+)"')


def png(spec: dict[str, Any]) -> bytes:
    """Return a chart as PNG at 300 dots an inch, as many inches wide as it says of itself."""
    import vl_convert

    def draw(scale: float) -> bytes:
        return vl_convert.vegalite_to_png(
            spec, vl_version=_VEGA_LITE, scale=scale, ppi=_DOTS, allowed_base_urls=[]
        )

    per_inch = 72 / _PER_INCH
    drawn = draw(per_inch)
    dots = int.from_bytes(drawn[16:20], "big")  # the width, in a PNG's head
    off = _inches(spec, dots * _PER_INCH / _DOTS) * _DOTS / dots
    return drawn if abs(off - 1) < 0.01 else draw(per_inch * off)


def latex(answer: Answer | pl.DataFrame, about: About | None = None) -> bytes:
    """Return an answer as a LaTeX table (package booktabs), three decimals a number.

    What is the same in every row stands once, in the comment above it, with what it is about.

    Args:
        answer: of a query.
        about: what the view shows.
    """
    frame = _frame(answer)
    plain = [n for n, kind in frame.schema.items() if not kind.is_nested() and n != "unit_key"]
    constant = [n for n in plain if frame.height > 1 and frame[n].n_unique() == 1]
    varied = [n for n in plain if n not in constant]
    same = {n: frame[n][0] for n in constant}
    said = {**same, **(about or {})}
    notes = [f"% {name}: {value}" for name, value in said.items() if value is not None]
    words = {name: name.replace("_", " ") for name in varied}
    table = frame.select(varied).rename(words).to_pandas()
    body = table.to_latex(index=False, escape=True, float_format="%.3f", na_rep="--")
    lines = [" ".join(note.split()) for note in notes]
    return "\n".join([*lines, "% \\usepackage{booktabs}", body]).encode()


def _inches(spec: dict[str, Any], pixels: float) -> float:
    return spec.get("usermeta", {}).get("inches", pixels / _PER_INCH)


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

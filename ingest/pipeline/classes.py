"""Classes of samples, as somebody names them: by captions, or in a table beside the ids."""

from collections.abc import Sequence

import polars as pl

from prh_core.errors import PRHError


def read_classes(
    where: str,
    sample_ids: Sequence[str],
    captions: Sequence[str] | None,
    option: str = "--classes",
) -> list[str]:
    """Return the class of every sample.

    Args:
        where: "captions", or the path of a CSV with columns id and class.
        sample_ids: (n,) in order.
        captions: (n,) in order; None where none are stored.
        option: of the command, as an error names it.

    Raises:
        PRHError: there are no captions, the file is no such table, or it lacks a sample.
    """
    if where == "captions":
        if captions is None or not any(captions):
            raise PRHError(f"the dataset has no captions to take classes from: {option} FILE")
        return list(captions)
    try:
        table = pl.read_csv(where, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise PRHError(f"{where} cannot be read as a CSV of classes: {error}") from error
    if not {"id", "class"} <= set(table.columns):
        raise PRHError(f"{where}: expected columns id and class, got {', '.join(table.columns)}")
    known = dict(table.select("id", "class").iter_rows())
    lacking = [name for name in sample_ids if known.get(name) is None]
    if lacking:
        raise PRHError(
            f"{where} has no class for {len(lacking):,} of {len(sample_ids):,} samples, "
            f"e.g. {lacking[0]}"
        )
    return [known[name] for name in sample_ids]

"""In which precision a network computes: part of what its features are. No torch here."""

from collections.abc import Iterable, Mapping

from ingest.errors import CatalogError, MixedPrecisionError

EXACT = "float32"
"""Keys of features in this precision do not name it."""
PRECISIONS = (EXACT, "bfloat16", "float16")
"""What can be asked for."""


def named_precision(dtype: str) -> str | None:
    """Return the precision that an option names, None for auto.

    Raises:
        CatalogError: it is neither auto nor one of `PRECISIONS`.
    """
    if dtype != "auto" and dtype not in PRECISIONS:
        raise CatalogError(f"dtype should be auto, {', '.join(PRECISIONS)}; got {dtype!r}.")
    return None if dtype == "auto" else dtype


def chosen_precision(dtype: str, stored: Mapping[str, Iterable[str]], what: str) -> str | None:
    """Return the one precision of a study, before any key is made; None leaves it to the device.

    A precision that is named is taken. auto goes on in the one that is stored already.

    Args:
        dtype: auto or one of `PRECISIONS`.
        stored: by model, the precisions in which its features are stored.
        what: the study, for the sentence.

    Raises:
        CatalogError: the dtype is unknown.
        MixedPrecisionError: auto, and features are stored in several precisions.
    """
    named = named_precision(dtype)
    if named is not None:
        return named
    models = by_precision(stored)
    if not models:
        return None
    if len(models) > 1 or not set(models) <= set(PRECISIONS):
        raise MixedPrecisionError(
            f"features on {what} are stored in {listed(models)}; they are never mixed unseen: "
            "choose one precision with --dtype, e.g. `--dtype float32`; `prh extract` makes what "
            "is missing in it"
        )
    return next(iter(models))


def by_precision(stored: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Turn the precisions of each model into the models of each precision."""
    models: dict[str, list[str]] = {}
    for model, precisions in stored.items():
        for precision in precisions:
            models.setdefault(precision, []).append(model)
    return models


def listed(models: Mapping[str, Iterable[str]]) -> str:
    """Name precisions and the models stored in each: "float32 (a, b) and bfloat16 (c)"."""
    order = [*PRECISIONS, *sorted(set(models) - set(PRECISIONS))]
    return " and ".join(
        f"{precision} ({', '.join(sorted(set(models[precision])))})"
        for precision in order
        if precision in models
    )

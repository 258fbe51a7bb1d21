"""In which precision features are computed and stored: part of what they are. No torch here."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from ingest.errors import CatalogError, MixedPrecisionError

EXACT = "float32"
"""Keys of features in this precision do not name it."""
PRECISIONS = (EXACT, "bfloat16", "float16")
"""What can be asked for."""
STORES = (EXACT, "float16")
"""Number formats of feature files; keys of features in the first do not name it."""


class Kind(NamedTuple):
    """How features were computed and are stored; two kinds are never mixed in a score."""

    precision: str = EXACT
    """In which the network computes: one of `PRECISIONS`."""
    store: str = EXACT
    """Number format of the file: one of `STORES`."""

    def __str__(self) -> str:
        """Say it in words: "float32", or "float32 stored in float16"."""
        return self.precision if self.store == EXACT else f"{self.precision} stored in {self.store}"


def named_precision(dtype: str) -> str | None:
    """Return the precision that an option names, None for auto.

    Raises:
        CatalogError: it is neither auto nor one of `PRECISIONS`.
    """
    if dtype != "auto" and dtype not in PRECISIONS:
        raise CatalogError(f"dtype should be auto, {', '.join(PRECISIONS)}; got {dtype!r}.")
    return None if dtype == "auto" else dtype


def check_store(store: str) -> str:
    """Return a number format of feature files.

    Raises:
        CatalogError: it is none of `STORES`.
    """
    if store not in STORES:
        raise CatalogError(f"store should be {' or '.join(STORES)}; got {store!r}.")
    return store


def of_store(kinds: Mapping[str, Iterable[Kind]], store: str) -> dict[str, set[str]]:
    """Return by model the precisions of what is stored in one number format."""
    found = {
        model: {k.precision for k in there if k.store == store} for model, there in kinds.items()
    }
    return {model: precisions for model, precisions in found.items() if precisions}


def apart(kinds: Mapping[str, Collection[Kind]], wanted: Kind) -> dict[str, list[str]]:
    """Return, by kind in words, the models that are stored, but not in the one that is wanted."""
    return by_precision(
        {model: map(str, there) for model, there in kinds.items() if wanted not in there}
    )


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

"""What opening a repository or folder of transformers may say: one sentence for each failure."""

import pickle
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from safetensors import SafetensorError

from ingest.catalog.records import ModelRecord
from ingest.errors import CatalogError, CheckpointMismatchError, UnsafeCheckpointError


@contextmanager
def opening(record: ModelRecord, name: str, where: Mapping[str, Any]) -> Iterator[None]:
    """Turn what transformers raises while it opens `name` into one sentence.

    Args:
        record: the model.
        name: hub repository or local folder.
        where: transformers' own arguments; with a `revision` the hub is asked, whose own failures
            `hub_errors` tells.

    Raises:
        CatalogError: the folder holds no transformers model.
        CheckpointMismatchError: weights do not fit, or cannot be read.
        UnsafeCheckpointError: the weights are a pickle that holds more.
    """
    try:
        yield
    except pickle.UnpicklingError as error:
        raise UnsafeCheckpointError(
            f"The weights of {name} are a pickle that holds more than weights; loading them "
            "could run code, so they are refused."
        ) from error
    except SafetensorError as error:
        raise CheckpointMismatchError(f"The weights of {name} cannot be read: {error}.") from error
    except RuntimeError as error:
        if "size mismatch" in str(error) or "mismatched" in str(error):
            raise CheckpointMismatchError(
                f"The weights of {name} do not fit its config.json: {str(error)[:300]}"
            ) from error
        raise
    except (OSError, ValueError, KeyError) as error:
        if "revision" not in where:
            raise CatalogError(
                f"Model {record.id!r}: {name} holds no transformers model that can be loaded: "
                f"{str(error).splitlines()[0]}"
            ) from error
        raise


def refuse_missing(name: str, missing: Iterable[str], unread: str) -> None:
    """Raise CheckpointMismatchError when weights are missing but for those that begin `unread`."""
    lacking = sorted(key for key in missing if not key.startswith(unread))
    if lacking:
        raise CheckpointMismatchError(
            f"The weights of {name} do not fit its architecture: {len(lacking)} missing "
            f"({', '.join(lacking[:3])})."
        )


def seed_of(record: ModelRecord) -> int:
    """Return the option `seed`, which makes random weights.

    Raises:
        CatalogError: it is no whole number.
    """
    seed = record.options.get("seed")
    if type(seed) is not int:
        raise CatalogError(
            f"Model {record.id!r}: the option seed should be a whole number; got {seed!r}."
        )
    return seed

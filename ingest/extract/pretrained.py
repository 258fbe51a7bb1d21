"""Repositories and folders of transformers: where they lie, and a sentence for each failure."""

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
import transformers
from safetensors import SafetensorError

from ingest.catalog.hub import hub_errors, hub_file
from ingest.catalog.records import ModelRecord
from ingest.errors import CatalogError, CheckpointMismatchError, UnsafeCheckpointError
from ingest.extract.content import content_hash
from ingest.extract.loaders import local_path
from ingest.extract.quantization import quiet


class Files(NamedTuple):
    """Where transformers finds a model."""

    name: str
    """Hub repository or local folder."""
    where: dict[str, Any]
    """transformers' own arguments: `revision`, `local_files_only`."""
    commit: str = ""
    """Of the hub's repository; '' of a local folder."""

    def revision(self) -> str:
        """Return what is stored of the weights: the commit, or the local files' hash."""
        return self.commit or content_hash(Path(self.name))


@contextmanager
def located(record: ModelRecord) -> Iterator[Files]:
    """Yield where a record's files lie: the folder of option `path`, else its `source` on the hub.

    Raises:
        CatalogError: the folder does not exist.
        HubUnreachableError, UnknownHubModelError: the hub does not answer, or not with that.
    """
    if "path" in record.options:
        yield Files(str(local_path(record, "path")), {"local_files_only": True})
        return
    with hub_errors("model", record.source, record.revision):
        config = hub_file(record.source, "config.json", record.revision)
        where = {"revision": config.commit, "local_files_only": config.offline}
        yield Files(record.source, where, config.commit)


def configuration(record: ModelRecord, files: Files, *kinds: Any) -> Any:
    """Return a model's configuration.

    Raises:
        CatalogError: it is of none of these kinds, or there is none.
    """
    with quiet(), opening(record, files.name, files.where):
        config: Any = transformers.AutoConfig.from_pretrained(files.name, **files.where)
    if not isinstance(config, kinds):
        raise CatalogError(
            f"Model {record.id!r}: the loader {record.loader!r} opens models of type "
            f"{' or '.join(repr(kind.model_type) for kind in kinds)}; {files.name} is of type "
            f"{config.model_type!r}."
        )
    return config


def randomly(record: ModelRecord, files: Files, build: Callable[[], Any]) -> tuple[Any, str]:
    """Return a network whose weights the option `seed` makes, and what is stored of them."""
    seed = seed_of(record)
    with quiet(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = build()
    return module, f"{files.commit}, seed-{seed}" if files.commit else f"seed-{seed}"


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


def refuse_missing(name: str, missing: Iterable[str], unread: str | tuple[str, ...]) -> None:
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

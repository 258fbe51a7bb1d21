"""Read checkpoint files safely and fit them to an architecture strictly."""

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ingest.errors import CheckpointMismatchError, UnsafeCheckpointError
from ingest.extract.device import out_of_memory


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Return the weights of a .safetensors file, or of a pickle that holds only weights.

    Wrappers ({'state_dict': ...}, {'model': ...}, {'encoder': ...}) and the 'module.' prefix of
    data-parallel training are taken off.

    Raises:
        UnsafeCheckpointError: a pickle that holds more than weights; it is not executed.
        CheckpointMismatchError: the file cannot be read, or holds no weights.
    """
    if path.suffix == ".safetensors":
        try:
            return load_file(path)
        except (SafetensorError, OSError) as error:
            raise CheckpointMismatchError(
                f"The checkpoint {path} is no readable safetensors file: {error}."
            ) from error
    try:
        content: object = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UnsafeCheckpointError(
            f"The checkpoint {path} is a pickle that holds more than weights; loading it could run "
            "code, so it is refused. Convert it to safetensors where you trust it."
        ) from error
    except Exception as error:  # torch says in many ways that a file is none of its own
        if out_of_memory(error):
            raise
        raise CheckpointMismatchError(
            f"The checkpoint {path} cannot be read: {_unread(path, error)}"
        ) from error
    for wrapper in ("state_dict", "model", "encoder"):
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping):
        raise CheckpointMismatchError(
            f"The checkpoint {path} should hold a mapping of weights; it holds a "
            f"{type(content).__name__}."
        )
    weights = {
        str(key).removeprefix("module."): value
        for key, value in content.items()
        if isinstance(value, Tensor)
    }
    if not weights:
        raise CheckpointMismatchError(f"The checkpoint {path} holds no weights.")
    return weights


def _unread(path: Path, error: Exception) -> str:
    if path.is_dir():
        return "it is a folder."
    if not path.stat().st_size:
        return "it is empty."
    return next(iter(str(error).splitlines()), type(error).__name__)


def below(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the weights whose names begin so, by the rest of their names."""
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}


def fit(module: nn.Module, weights: Mapping[str, Tensor], source: str) -> None:
    """Load weights into a module; every key and every shape must agree.

    Raises:
        CheckpointMismatchError: says which keys are missing or left over, or which shape differs.
    """
    wanted = module.state_dict()
    # Old checkpoints lack this counter, which inference never reads.
    missing = [k for k in wanted if k not in weights and not k.endswith("num_batches_tracked")]
    extra = [key for key in weights if key not in wanted]
    shapes = [
        f"{key} is {tuple(weights[key].shape)} instead of {tuple(wanted[key].shape)}"
        for key in wanted
        if key in weights and weights[key].shape != wanted[key].shape
    ]
    faults = [
        f"{len(names)} {fault} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
        for names, fault in (
            (missing, "weights missing"),
            (extra, "weights left over"),
            (shapes, "shapes differ"),
        )
        if names
    ]
    if faults:
        raise CheckpointMismatchError(
            f"The checkpoint {source} does not fit the architecture: {'; '.join(faults)}."
        )
    module.load_state_dict(dict(weights), strict=False)

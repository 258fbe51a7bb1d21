"""Vision features against blocks and stages run by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from torch import nn

from ingest.errors import CatalogError, OutOfMemoryError
from ingest.extract import Variant, extract, feeding, variants_for, vision
from ingest.extract.device import place
from ingest.extract.fold import fold_batchnorm
from ingest.extract.loaded import LoadedVision, Tap
from ingest.extract.loaders import load
from tests.ingest import tiny

CLS, GAP, AUTO = Variant("cls"), Variant("gap"), Variant("auto")
VIT = {"architecture": "vit_tiny_patch16_224", "input_size": 32, "depth": 3}
RESNET = {"architecture": "resnet10t", "input_size": 32}
SWIN = {"architecture": "swin_tiny_patch4_window7_224", "input_size": 56, "window_size": 7}


def random(options: dict) -> Any:
    return tiny.model("vision", "timm-random", options=options)


def images(record, data) -> tuple[LoadedVision, torch.Tensor]:  # noqa: ANN001
    loaded = load(record, place("cpu", "float32"))
    assert isinstance(loaded, LoadedVision)
    return loaded, torch.stack([loaded.preprocess(data.image(i)) for i in range(len(data))])


def test_the_class_token_after_every_block() -> None:
    record, data = random(VIT), tiny.dataset(7)
    got = extract(record, data, [CLS, GAP, AUTO], device="cpu", batch_size=3)
    loaded, x = images(record, data)
    net: Any = loaded.module
    with torch.no_grad():
        tokens = net._pos_embed(net.patch_embed(x))
        tokens = net.norm_pre(tokens)
        for i, block in enumerate(net.blocks):
            tokens = block(tokens)
            name = f"blocks.{i}"
            np.testing.assert_allclose(got[CLS].layers[name], tokens[:, 0], atol=2e-5)
            np.testing.assert_allclose(got[AUTO].layers[name], tokens[:, 0], atol=2e-5)
            np.testing.assert_allclose(got[GAP].layers[name], tokens[:, 1:].mean(1), atol=2e-5)
    assert list(got[CLS].layers) == ["blocks.0", "blocks.1", "blocks.2"]
    assert got[CLS].facts["revision"] == "seed-0"


@pytest.mark.parametrize(("options", "axes"), [(RESNET, (2, 3)), (SWIN, (1, 2))])
def test_stages_are_averaged_over_positions(options: dict, axes: tuple[int, int]) -> None:
    record, data = random(options), tiny.dataset(5)
    got = extract(record, data, [GAP], device="cpu", batch_size=2)[GAP].layers
    loaded, x = images(record, data)
    forward: Any = loaded.module.forward_intermediates
    with torch.no_grad():
        stages = forward(x, intermediates_only=True)
    assert len(got) == len(stages)
    for mine, stage in zip(got.values(), stages, strict=True):
        # forward_intermediates always answers (B, C, H, W)
        np.testing.assert_allclose(mine, stage.mean(dim=(2, 3)), atol=3e-5)
        assert mine.dtype == np.float32 and mine.flags.c_contiguous
    assert axes == ((1, 2) if loaded.layout == "nhwc" else (2, 3))


def test_random_weights_depend_on_the_seed_alone() -> None:
    data = tiny.dataset(2)
    zero = extract(random(RESNET), data, [GAP], device="cpu")[GAP].layers
    torch.manual_seed(9)
    again = extract(random(RESNET), data, [GAP], device="cpu")[GAP].layers
    other = tiny.model("vision", "timm-random", source="random:1", options=RESNET)
    one = extract(other, data, [GAP], device="cpu")[GAP].layers
    np.testing.assert_array_equal(zero["layer4"], again["layer4"])
    assert not np.allclose(zero["layer4"], one["layer4"])
    with pytest.raises(CatalogError, match="random:SEED"):
        extract(other.model_copy(update={"source": "random"}), data, [GAP])


def test_running_out_of_memory_halves_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    record, data = random(RESNET), tiny.dataset(9)
    whole = extract(record, data, [GAP], device="cpu")[GAP].layers
    real, limit = feeding.ImageFeeder.get, 2

    def narrow(self, rows):  # noqa: ANN001, ANN202
        if len(rows) > limit:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return real(self, rows)

    monkeypatch.setattr(feeding.ImageFeeder, "get", narrow)
    halved = extract(record, data, [GAP], device="cpu")[GAP].layers
    for name in whole:
        np.testing.assert_allclose(halved[name], whole[name], atol=1e-5)
    with pytest.raises(OutOfMemoryError):
        monkeypatch.setattr(
            vision, "pool_image", lambda *arguments: (_ for _ in ()).throw(MemoryError())
        )
        extract(record, data, [GAP], device="cpu")


def test_pooling_that_does_not_fit_is_refused() -> None:
    with pytest.raises(CatalogError, match="no class token"):
        extract(random(RESNET), tiny.dataset(2), [CLS], device="cpu")
    with pytest.raises(CatalogError, match="'mean'"):
        extract(random(RESNET), tiny.dataset(2), [Variant("mean")], device="cpu")
    with pytest.raises(CatalogError, match="'sum'"):
        variants_for(tiny.model("vision", "timm-random", options={"pooling": "sum"}))


def test_folding_is_undone_where_registration_order_lies() -> None:
    class Crossed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)
            self.norm = nn.BatchNorm2d(3)  # registered after conv, run before it

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.conv(self.norm(x).relu())

    torch.manual_seed(0)
    module = Crossed().eval()
    module.norm.running_mean = torch.tensor([1.0, 1.5, 2.0])
    loaded = LoadedVision(
        module, module, (Tap("conv", "conv"),), "nchw", 0, False, lambda i: torch.empty(0), "1"
    )
    x = torch.randn(1, 3, 4, 4)
    with torch.inference_mode():
        before = module(x)
        assert not fold_batchnorm(loaded, x)
        torch.testing.assert_close(module(x), before)
    assert isinstance(module.norm, nn.BatchNorm2d)


def test_folding_keeps_a_trained_networks_answers() -> None:
    torch.manual_seed(0)
    module: Any = timm.create_model("mobilenetv2_035", num_classes=0)
    module(torch.randn(4, 3, 64, 64))  # moves the running statistics
    module.eval()
    taps = tuple(Tap(f"blocks.{i}", f"blocks.{i}") for i in range(7))
    loaded = LoadedVision(
        module, module.forward_features, taps, "nchw", 0, False, lambda i: torch.empty(0), "1"
    )
    x = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        before = module(x)
        assert fold_batchnorm(loaded, x)
        torch.testing.assert_close(module(x), before, rtol=1e-4, atol=1e-4)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in module.modules())


CUSTOM = """
import torch
from torch import nn

def net(width):
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU(), nn.Conv2d(width, 5, 3))

def table():
    return {}
"""


def custom(base: Path, **options: object) -> Any:
    given = {"layers": ["0", "2"], "input_size": 16, "mean": [0.5] * 3, "std": [0.5] * 3}
    return tiny.model(
        "vision", "module", base, source="net:net", options={**given, "width": 4, **options}
    )


def test_a_users_own_module(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(CUSTOM)
    data = tiny.dataset(5)
    record = custom(tmp_path)
    got = extract(record, data, [AUTO], device="cpu", batch_size=2)[AUTO].layers
    loaded, x = images(record, data)
    assert x.shape == (5, 3, 16, 16)
    with torch.no_grad():
        first = loaded.module.get_submodule("0")(x)
        last = loaded.module(x)
    np.testing.assert_allclose(got["0"], first.mean((2, 3)), atol=1e-5)
    np.testing.assert_allclose(got["2"], last.mean((2, 3)), atol=1e-5)


def test_what_is_wrong_with_a_users_module_is_told(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(CUSTOM)
    data = tiny.dataset(2)
    for change, said in [
        ({"options": {**custom(tmp_path).options, "layers": ["9"]}}, "no layer '9'"),
        ({"options": {**custom(tmp_path).options, "pooling": "cls"}}, "3 dimensions"),
        ({"options": {"layers": ["0"]}}, "does not take|input_size"),
        ({"source": "net:table", "options": {}}, "nn.Module"),
        ({"source": "net"}, "module:function"),
        ({"source": "nowhere:net"}, "cannot import"),
        ({"loader": "tim"}, "known: .*timm"),
        ({"modality": "language", "options": {"width": 4}}, "encode and states"),
    ]:
        record = custom(tmp_path).model_copy(update=change)
        variant = Variant("mean", "none") if record.modality == "language" else AUTO
        with pytest.raises(CatalogError, match=said):
            extract(record, data, [variant], device="cpu")

"""Networks whose axes, tokens or batches are not what they seem: read rightly, or refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from ingest.errors import CatalogError, RowOrderError
from ingest.extract import Variant, extract
from ingest.extract.device import place
from ingest.extract.loaded import LoadedVision
from ingest.extract.loaders import load
from tests.ingest import tiny

CLS, GAP = Variant("cls"), Variant("gap")
SOURCE = "from tests.ingest.test_layouts import net\n"


class Step(nn.Module):
    """A layer that is one function."""

    def __init__(self, change: Any) -> None:
        """Take the function."""
        super().__init__()
        self.change = change

    def forward(self, x: Tensor) -> Tensor:
        """Apply it."""
        return self.change(x)


class Volume(nn.Module):
    """A convolution of three dimensions over one picture."""

    def __init__(self) -> None:
        """Draw its weights."""
        super().__init__()
        self.conv = nn.Conv3d(6, 6, (1, 3, 3), padding=(0, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 6, H, W) to the same shape."""
        return self.conv(x.unsqueeze(2)).squeeze(2)


class Counting(nn.Module):
    """Adds how often it ran."""

    def __init__(self) -> None:
        """Begin at 0."""
        super().__init__()
        self.count = 0

    def forward(self, x: Tensor) -> Tensor:
        """Count."""
        self.count += 1
        return x + self.count


def patches(x: Tensor) -> Tensor:
    return x.flatten(2).transpose(1, 2)


def after(count: int) -> Any:
    """Put `count` tokens before the patches, large ones, so that they are missed nowhere."""
    return lambda x: torch.cat([x.new_full((len(x), count, x.shape[2]), 50.0), x], dim=1)


def square_only(x: Tensor) -> Tensor:
    if x.shape[2] != x.shape[3]:
        raise ValueError("squares only")
    return x


def viewed(x: Tensor) -> Tensor:
    return x.view(len(x), -1).view(x.shape) * 2  # raises where the channels come last


def halves_first(x: Tensor) -> Tensor:
    return functional.adaptive_avg_pool2d(x, (1, 2)).flatten(2).permute(2, 0, 1)  # (T = 2, B, C)


STEPS: dict[str, Any] = {
    "late class token": lambda: [patches, after(1)],
    "registers": lambda: [lambda x: after(5)(patches(x))],
    "class token": lambda: [lambda x: after(1)(patches(x))],
    "patches": lambda: [patches],
    "channels, then tokens": lambda: [lambda x: x.flatten(2)],
    "channels last": lambda: [lambda x: x.permute(0, 2, 3, 1)],
    "channels first": lambda: [lambda x: x * 2],
    "view": lambda: [viewed],
    "volume": lambda: [Volume()],
    "tokens first": lambda: [lambda x: x.flatten(2).permute(2, 0, 1)],
    "halves first": lambda: [halves_first],
    "batch norm": lambda: [nn.BatchNorm2d(6, track_running_stats=False)],
    "batch mean": lambda: [lambda x: x - x.mean(dim=0, keepdim=True)],
    "last of the batch": lambda: [lambda x: x + x[-1:]],
    "first of the batch": lambda: [lambda x: x + x[:1]],
    "rounding": lambda: [lambda x: torch.sin((x + 1e-7 * len(x)) * 1e8)],
    "dropout": lambda: [lambda x: functional.dropout(x, 0.5, training=True)],
    "noise": lambda: [lambda x: x + torch.randn_like(x)],
    "counting": lambda: [Counting()],
}


def net(kind: str, fixed: bool = False) -> nn.Module:
    """Return a stem (patches of 4 x 4, 6 channels) and the layers "1", "2" of that kind."""
    torch.manual_seed(0)
    made = STEPS[kind]()
    steps = [step if isinstance(step, nn.Module) else Step(step) for step in made]
    first = [Step(square_only)] if fixed else [nn.Identity()]
    return nn.Sequential(nn.Sequential(*first, nn.Conv2d(3, 6, 4, 4)), *steps)


def record(base: Path, kind: str, **options: Any) -> Any:
    (base / "own.py").write_text(SOURCE)
    given = {"layers": ["1"], "input_size": 16, "mean": [0.5] * 3, "std": [0.5] * 3, "kind": kind}
    return tiny.model("vision", "module", base, source="own:net", options={**given, **options})


def layers(made: Any, variant: Variant, n: int = 5, size: int = 2) -> dict[str, np.ndarray]:
    return extract(made, tiny.dataset(n), [variant], device="cpu", batch_size=size)[variant].layers


def stem(made: Any, n: int = 5) -> Tensor:
    """Return the map (n, 6, 4, 4) before the layers that are read."""
    loaded = load(made, place("cpu", "float32"))
    assert isinstance(loaded, LoadedVision)
    data = tiny.dataset(n)
    with torch.no_grad():
        return loaded.module.get_submodule("0")(
            torch.stack([loaded.preprocess(data.image(row)) for row in range(n)])
        )


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("late class token", {"layout": "tokens", "layers": ["1", "2"]}),
        ("registers", {"layout": "tokens"}),
        ("registers", {"layout": "tokens", "prefix_tokens": 5, "fixed": True}),
        ("registers", {"pooling": "cls"}),
        ("class token", {"pooling": "cls", "fixed": True}),
        ("patches", {"layout": "tokens", "prefix_tokens": 0, "fixed": True}),
        ("channels last", {}),
        ("channels last", {"layout": "nhwc", "fixed": True}),
        ("channels last", {"fixed": True}),
    ],
)
def test_patches_are_averaged_and_nothing_else(tmp_path: Path, kind: str, options: dict) -> None:
    made = record(tmp_path, kind, **options)
    wanted = stem(made).mean(dim=(2, 3))
    for layer in layers(made, GAP).values():
        np.testing.assert_allclose(layer, wanted, atol=1e-5)


@pytest.mark.parametrize("kind", ["class token", "registers"])
def test_the_class_token_is_the_first_token(tmp_path: Path, kind: str) -> None:
    got = layers(record(tmp_path, kind, pooling="cls"), Variant("auto"))
    np.testing.assert_allclose(got["1"], 50.0)


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("late class token", {"pooling": "cls", "layers": ["1", "2"]}, "16 tokens .* alone"),
        ("late class token", {"pooling": "cls", "fixed": True}, "16 tokens .* alone"),
        ("registers", {"layout": "tokens", "prefix_tokens": 1}, "16 patches and 5 before"),
        ("channels, then tokens", {"layout": "tokens"}, "last axis grows"),
        ("channels last", {"layout": "nchw"}, "is nhwc"),
        ("channels first", {"layout": "nhwc"}, "is nchw"),
        ("channels last", {"input_size": 24, "fixed": True}, "name its layout"),
        ("patches", {"layout": "tokens", "fixed": True}, "name prefix_tokens"),
        ("registers", {"pooling": "cls", "fixed": True, "gap": True}, "name prefix_tokens"),
        ("tokens first", {"pooling": "cls"}, "first axis .* should be the batch"),
        ("patches", {"pooling": "cls", "layout": "nchw"}, "reads tokens"),
        ("patches", {"pooling": "cls", "prefix_tokens": 0}, "at least 1"),
        ("channels first", {"prefix_tokens": 1}, 'layout "tokens" only'),
        ("patches", {"layout": "wide"}, "tokens, nchw, nhwc"),
        ("patches", {"input_size": 2}, "does not run on images of 2 x 2"),
    ],
)
def test_what_shapes_contradict_or_do_not_tell_is_refused(
    tmp_path: Path, kind: str, options: dict, said: str
) -> None:
    gap = options.pop("gap", False) or options.get("pooling") != "cls"
    with pytest.raises(CatalogError, match=said):
        layers(record(tmp_path, kind, **options), GAP if gap else CLS)


@pytest.mark.parametrize(("n", "size"), [(8, 8), (5, 4), (4, 2), (3, 1), (1, 8)])
@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("halves first", {"pooling": "cls"}, "first axis"),
        ("halves first", {"layout": "tokens", "prefix_tokens": 0}, "first axis"),
        ("batch norm", {}, "share a batch"),
        ("batch mean", {}, "share a batch"),
        ("last of the batch", {}, "share a batch"),
        ("first of the batch", {}, "share a batch"),
        ("rounding", {}, "by rounding alone"),
        ("dropout", {}, "random"),
        ("noise", {}, "random"),
        ("counting", {}, "random"),
    ],
)
def test_rows_that_depend_on_their_batch_are_refused(
    tmp_path: Path, kind: str, options: dict, said: str, n: int, size: int
) -> None:
    with pytest.raises(RowOrderError, match=said):
        layers(record(tmp_path, kind, **options), CLS if "pooling" in options else GAP, n, size)


@pytest.mark.parametrize(("kind", "factor"), [("view", 2.0), ("volume", None)])
def test_what_forbids_channels_last_runs_without(
    tmp_path: Path, kind: str, factor: float | None
) -> None:
    made = record(tmp_path, kind)
    found = stem(made)
    if factor is None:
        loaded = load(made, place("cpu", "float32"))
        assert isinstance(loaded, LoadedVision)
        with torch.no_grad():
            wanted = loaded.module.get_submodule("1")(found).mean(dim=(2, 3))
    else:
        wanted = found.mean(dim=(2, 3)) * factor
    np.testing.assert_allclose(layers(made, GAP)["1"], wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("architecture", "layer"), [("convit_tiny", "blocks.0"), ("pit_ti_224", "transformers.0")]
)
def test_no_patch_is_taken_for_a_class_token(architecture: str, layer: str) -> None:
    made = tiny.model("vision", "timm-random", options={"architecture": architecture})
    with pytest.raises(CatalogError, match=f"no class token in its layer '{layer}'"):
        extract(made, tiny.dataset(1), [CLS], device="cpu")

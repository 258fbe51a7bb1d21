"""Every timm architecture that is small enough, read by extraction and by timm itself."""

import gc
import inspect
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import timm
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from timm.data.config import resolve_data_config
from timm.data.transforms_factory import create_transform
from torch import Tensor

from ingest.catalog.records import DatasetRecord
from ingest.datasets import Dataset
from ingest.extract import Variant, extract
from prh_core.errors import PRHError
from tests.ingest import tiny
from tests.sweep.outcome import Outcome

# Largest architectures looked at; of a class without one so small, the smallest.
PARAMETERS = 26_000_000
# Nothing larger is built, the smallest of its class or not.
_MOST_PARAMETERS = 130_000_000
# Tried in this order; last the architecture's own.
_SIZES = (64, 96, 128, None)
# Folded batch normalization and other batches round otherwise.
_TOLERANCE = 2e-3
_VARIANTS = (Variant("auto"), Variant("gap"))
_COLORS = ("crimson", "teal", "goldenrod")


def architectures() -> list[str]:
    """Return the architectures of timm up to PARAMETERS, and the smallest of every class."""
    sizes: dict[str, int] = {}
    smallest: dict[type, str] = {}
    for name in timm.list_models():
        with torch.device("meta"):
            module = timm.create_model(name, pretrained=False, num_classes=0)
        sizes[name] = sum(parameter.numel() for parameter in module.parameters())
        best = smallest.setdefault(type(module), name)
        if sizes[name] < sizes[best]:
            smallest[type(module)] = name
    kept = {name for name, size in sizes.items() if size <= PARAMETERS}
    kept |= {name for name in smallest.values() if sizes[name] <= _MOST_PARAMETERS}
    return sorted(kept, key=lambda name: (sizes[name], name))


def sweep(names: Iterable[str]) -> Iterator[Outcome]:
    """Yield what became of each architecture, with random weights and three drawn images."""
    data = _drawn()
    for name in names:
        try:
            yield _swept(name, data)
        except Exception as error:
            yield Outcome(name, "traceback", _said(error))
        gc.collect()


def _swept(name: str, data: Dataset) -> Outcome:
    wanted: dict[str, list[NDArray[np.float32]]] | str = "no size was tried"
    size: int | None = None
    for size in _SIZES:
        try:
            wanted = _own(name, size, data)
            break
        except Exception as error:
            wanted = _said(error)
    if isinstance(wanted, str):
        return Outcome(name, "not built", wanted)
    try:
        options = {"architecture": name} | ({} if size is None else {"input_size": size})
        record = tiny.model("vision", "timm-random", id=name, options=options)
        got = extract(record, data, _VARIANTS, device="cpu")
    except PRHError as error:
        return Outcome(name, "refused", str(error))
    found = {e.facts["pooling"]: list(e.layers.values()) for e in got.values()}
    worst = _difference(found, wanted)
    said = f"{got[_VARIANTS[0]].facts['pooling']}, largest relative difference {worst:.1e}"
    if worst <= _TOLERANCE:
        return Outcome(name, "equal", said)
    if not np.isfinite(worst):
        return Outcome(name, "different", said)
    # Random weights may magnify rounding: timm itself is then as far from its float64 features.
    exact = _own(name, size, data, torch.float64)
    mine, theirs = _difference(found, exact), _difference(wanted, exact)
    said += f"; from float64 {mine:.1e}, timm's own {theirs:.1e}"
    return Outcome(name, "equal" if mine <= 4 * theirs else "different", said)


def _own(
    name: str, size: int | None, data: Dataset, dtype: torch.dtype = torch.float32
) -> dict[str, list[NDArray[np.float32]]]:
    """Return timm's own intermediates: 'gap' over patches and, where it tells them, 'cls'."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        try:
            arguments: dict[str, Any] = {} if size is None else {"img_size": size}
            made = timm.create_model(name, pretrained=False, num_classes=0, **arguments)
        except TypeError:
            torch.manual_seed(0)
            made = timm.create_model(name, pretrained=False, num_classes=0)
    net: Any = made.eval().to(dtype)
    config: dict[str, Any] = resolve_data_config(
        {} if size is None else {"input_size": (3, size, size)}, model=net
    )
    prepare: Any = create_transform(**config, is_training=False)
    images = torch.stack([prepare(data.image(row)) for row in range(len(data))]).to(dtype)
    known = inspect.signature(net.forward_intermediates).parameters
    both = "return_prefix_tokens" in known and getattr(net, "num_prefix_tokens", 0)
    with torch.inference_mode():
        if not both:
            maps = net.forward_intermediates(images, intermediates_only=True)
            return {"gap": [_mean(found) for found in maps]}
        pairs = net.forward_intermediates(
            images, intermediates_only=True, return_prefix_tokens=True
        )
    return {
        "gap": [_mean(found) for found, _ in pairs],
        "cls": [before[:, 0].float().numpy() for _, before in pairs],
    }


def _mean(found: Tensor) -> NDArray[np.float32]:
    return found.mean(dim=(2, 3)).float().numpy()


def _difference(
    found: dict[str, list[NDArray[np.float32]]], wanted: dict[str, list[NDArray[np.float32]]]
) -> float:
    """Return the largest relative distance between rows; infinite where shapes differ."""
    worst = 0.0
    for pooling in found:
        mine, theirs = found[pooling], wanted.get(pooling, [])
        if [layer.shape for layer in mine] != [layer.shape for layer in theirs]:
            return float("inf")
        for a, b in zip(mine, theirs, strict=True):
            lengths = np.maximum(np.linalg.norm(b, axis=1), 1e-6)
            worst = max(worst, float((np.linalg.norm(a - b, axis=1) / lengths).max()))
    return worst


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


def _drawn() -> Dataset:
    """Return three pictures: a shape each on a shaded, noisy ground."""
    rng = np.random.default_rng(0)
    pictures: list[Image.Image] = []
    for at, color in enumerate(_COLORS):
        shade = np.linspace(40, 220, 96)[:, None, None] * np.array([1, 0.8, 0.6 + 0.2 * at])
        ground = np.clip(shade + rng.normal(0, 12, (96, 96, 3)), 0, 255).astype(np.uint8)
        picture = Image.fromarray(ground)
        box = (10 + 12 * at, 16, 60 + 12 * at, 70)
        pen = ImageDraw.Draw(picture)
        (pen.ellipse if at % 2 else pen.rectangle)(box, fill=color)
        pictures.append(picture)
    ids = tuple(_COLORS)
    return Dataset(
        record=DatasetRecord(
            id="drawn",
            title="Drawn",
            kind="folder",
            source="drawn",
            revision="1",
            license="CC0-1.0",
            citation="none",
        ),
        sample_ids=ids,
        captions=tuple(f"a {color} shape" for color in _COLORS),
        image_refs=ids,
        skipped=(),
        image_hashes=ids,
        reader=lambda row: pictures[row],
    )

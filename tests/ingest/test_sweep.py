"""A slice of the sweep: architectures of every way to carry tokens and axes."""

import pytest

from tests.sweep.vision import sweep

# Class tokens that join late or pass beside, (B, H, W, C), windows out of order, no such modules.
SLICE = (
    "test_vit",
    "test_resnet",
    "test_mambaout",
    "convit_tiny",
    "xcit_nano_12_p8_224",
    "pit_ti_224",
    "gmlp_ti16_224",
    "levit_128s",
    "hiera_tiny_224",
    "twins_svt_small",
)


@pytest.mark.parametrize("name", SLICE)
def test_features_are_the_librarys_own_intermediates(name: str) -> None:
    (outcome,) = sweep([name])
    assert outcome.verdict == "equal", outcome

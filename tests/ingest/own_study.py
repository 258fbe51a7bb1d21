"""A study small enough to run in seconds through the real command line: own images, own networks.

The networks are a user's own modules with seeded random weights, the images are colored noise; the
study shows that the machinery works, not that anything aligns.
"""

from pathlib import Path

import numpy as np
from PIL import Image

NETS = '''
"""Tiny networks with seeded weights."""
import torch
from torch import nn


def conv(seed, width):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, width, 3, 2), nn.ReLU(), nn.Conv2d(width, 2 * width, 3, 2)
    ).eval()


class Letters(nn.Module):
    def __init__(self, seed, width):
        super().__init__()
        torch.manual_seed(seed)
        self.table = nn.Embedding(128, width)
        self.mix = nn.Linear(width, width)

    def encode(self, texts):
        return [[min(ord(c), 127) for c in text] for text in texts]

    def states(self, input_ids, mask):
        state = self.table(input_ids)
        yield state
        yield torch.tanh(self.mix(state))


class Bigrams(Letters):
    start = None

    def pieces(self, text):
        return [min(ord(c), 127) for c in text], list(range(len(text)))

    def logits(self, input_ids, mask):
        return self.table(input_ids) @ self.table.weight.T


def letters(seed, width):
    return Letters(seed, width).eval()


def bigrams(seed, width):
    return Bigrams(seed, width).eval()
'''

MODEL = """
[[model]]
id = "{id}"
label = "{id}"
modality = "{modality}"
family = "tiny {kind}"
objective = "none (random weights)"
source = "nets:{kind}"
revision = "1"
license = "MIT"
trained = false
loader = "module"
citation = "made for a test"
[model.options]
seed = {seed}
width = {width}
{options}
"""
VISION_OPTIONS = """layers = ["0", "2"]
pooling = "gap"
input_size = 24
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]"""

DATASET = """
[[dataset]]
id = "noise"
title = "Colored noise"
kind = "folder"
source = "made for a test"
revision = "1"
license = "MIT"
citation = "none"
options = { images = "images", captions = "captions.csv" }

[[panel]]
id = "tiny"
title = "Tiny networks"
models = ["conv-a", "conv-b", "conv-c", "letters-a", "letters-b"]
"""


def write_study(folder: Path, n: int = 24) -> Path:
    """Write images, captions, networks and catalog into `folder`; return the catalog file."""
    images = folder / "images"
    images.mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows = ["image,caption"]
    for i in range(n):
        pixels = rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(images / f"{i:03d}.png")
        rows.append(f"{i:03d}.png,picture {i} of {'red green blue gray'.split()[i % 4]} noise")
    (folder / "captions.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "nets.py").write_text(NETS, encoding="utf-8")
    records = [
        MODEL.format(
            id=f"{kind}-{name}",
            modality=modality,
            kind=kind,
            seed=seed,
            width=4 + seed,
            options=options,
        )
        for kind, modality, options, names in (
            ("conv", "vision", VISION_OPTIONS, "abc"),
            ("letters", "language", "", "ab"),
            ("bigrams", "language", "", "a"),
        )
        for seed, name in enumerate(names)
    ]
    catalog = folder / "mine.toml"
    catalog.write_text("".join(records) + DATASET, encoding="utf-8")
    return catalog

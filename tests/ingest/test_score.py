"""From feature files to rows: the right numbers, the right refusals."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.errors import Refused, RowOrderError
from ingest.pipeline.scores.engine import score
from ingest.pipeline.scores.plan import FeatureFile, Setting, open_features, plan, settings_for
from ingest.pipeline.scores.sides import ALL_LAYERS, KeptLayers, prepare
from ingest.progress import Silent
from ingest.store.features import FeatureStore
from prh_core import align, all_metrics, calibration, get_metric
from prh_core.errors import NeighborCountError, SampleCountError
from prh_core.intervals import CHOICE_UNDONE
from prh_core.metrics.registry import PrepareOptions
from tests.ingest.feature_headers import header

SETTING = Setting("mutual_knn", 5, "exact", permutations=9)


def features(
    folder: Path, model: str, layers: list[np.ndarray], row_order: str = "abc" * 20
) -> FeatureFile:
    described = header(
        n=len(layers[0]),
        model_id=model,
        key=model.ljust(32, "-"),
        row_order=row_order,
        layer_names=tuple(f"block {i}" for i in range(len(layers))),
        widths=tuple(layer.shape[1] for layer in layers),
    )
    named = dict(zip(described.layer_names, layers, strict=True))
    return open_features(FeatureStore(folder).write(described, named))


def random_layers(seed: int, n: int = 40, layers: int = 3, d: int = 6) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n, d)).astype(np.float32) for _ in range(layers)]


def scored(x: FeatureFile, y: FeatureFile, *settings: Setting) -> tuple[list[dict], list[Refused]]:
    refused: list[Refused] = []
    frames = list(score(plan([x], [y], settings or [SETTING]), "run", Silent(), refused))
    return [row for frame in frames for row in frame.to_dicts()], refused


def test_rows_equal_the_public_call(tmp_path: Path) -> None:
    xs, ys = random_layers(0), random_layers(1, layers=2)
    x, y = features(tmp_path, "x", xs), features(tmp_path, "y", ys)
    settings = [
        Setting("mutual_knn", k, truncation, permutations=0)
        for truncation in ("exact", "mean", "none")
        for k in (3, 9)
    ]
    rows, refused = scored(x, y, *settings)
    assert not refused and len(rows) == 6
    for row in rows:
        how = None if row["truncation"] == "none" else row["truncation"]
        expected = align(xs, ys, k=row["k"], truncate=how, concatenate=True)
        assert np.array_equal(row["layer_table"], expected.table)
        assert row["score"] == expected.score
        assert (row["layer_x"], row["layer_y"]) == expected.layers
        assert row["single_layer_score"] == align(xs, ys, k=row["k"], truncate=how).score
        assert row["layer_names_x"] == ["block 0", "block 1", "block 2", ALL_LAYERS]
        assert row["null_mean"] == row["k"] / 39


def test_a_constant_layer_leaves_its_cells_empty(tmp_path: Path) -> None:
    xs = random_layers(2)
    xs[0] = np.ones_like(xs[0])
    x, y = features(tmp_path, "x", xs), features(tmp_path, "y", random_layers(3))
    rows, refused = scored(x, y)
    assert not refused
    assert rows[0]["layer_table"][0] == [None] * 4
    rest = align(xs[1:], random_layers(3), k=5, truncate="exact")
    # The constant layer counts toward the threshold of truncation, so only shapes are compared.
    assert np.shape(rows[0]["layer_table"][1:3]) == (rest.table.shape[0], 4)
    assert all(value is not None for row in rows[0]["layer_table"][1:] for value in row)
    assert rows[0]["layer_x"] >= 1


def test_nothing_but_constant_layers_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    dead = features(tmp_path, "dead", [np.ones((40, 3), dtype=np.float32)])
    fine = features(tmp_path, "fine", random_layers(4))
    y = features(tmp_path, "y", random_layers(5))
    refused: list[Refused] = []
    frames = list(score(plan([dead, fine], [y], [SETTING]), "run", Silent(), refused))
    assert [frame["model_x"].to_list() for frame in frames] == [["fine"]]
    assert refused[0].name == "dead" and "all 1 layers are constant" in refused[0].reason


def test_a_damaged_file_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    bad, fine = (features(tmp_path, name, random_layers(6)) for name in ("bad", "fine"))
    y = features(tmp_path, "y", random_layers(7))
    content = bytearray(bad.path.read_bytes())
    content[-2] ^= 255
    bad.path.write_bytes(content)
    refused: list[Refused] = []
    frames = list(score(plan([bad, fine], [y], [SETTING]), "run", Silent(), refused))
    assert len(frames) == 1 and "does not match its checksum" in refused[0].reason


def test_another_row_order_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    x = features(tmp_path, "x", random_layers(8))
    y = features(tmp_path, "y", random_layers(9), row_order="def" * 20)
    with pytest.raises(RowOrderError, match="x and y do not list the same samples"):
        plan([x], [y], [SETTING])


@pytest.mark.parametrize("k", [0, 40, 100])
def test_k_beyond_n_minus_1_is_refused(tmp_path: Path, k: int) -> None:
    x, y = (features(tmp_path, name, random_layers(10)) for name in "xy")
    with pytest.raises(NeighborCountError, match=rf"n - 1 = 39 on data \(n = 40\), got k = {k}"):
        plan([x], [y], [Setting("mutual_knn", k, "exact")])


def test_symmetric_pairs_are_scored_once(tmp_path: Path) -> None:
    files = [features(tmp_path, name, random_layers(i)) for i, name in enumerate("abc")]
    units = plan(files, files, [SETTING])
    pairs = {frozenset((u.x.header.model_id, u.y.header.model_id)) for u in units}
    assert len(units) == len(pairs) == 3


class Counted(Silent):
    """A progress that remembers its total and its steps."""

    total = steps = 0

    def start(self, title: str, total: int) -> None:
        """Note the total."""
        self.total = total

    def advance(self, n: int) -> None:
        """Count."""
        self.steps += n


def all_settings(permutations: int = 19, seed: int = 0) -> tuple[Setting, ...]:
    names = [metric.name for metric in all_metrics()]
    return settings_for(names, [3, 9], ["exact", "none"], permutations=permutations, seed=seed)


def test_a_metric_without_k_is_one_unit_whatever_the_ks(tmp_path: Path) -> None:
    x, y = (features(tmp_path, name, random_layers(i)) for i, name in enumerate("xy"))
    raw = [Setting("cka", k, "exact") for k in (3, 9, 1000)]
    assert [unit.setting.k for unit in plan([x], [y], raw)] == [None]
    assert [s.k for s in settings_for(["mutual_knn", "cka"], [3, 9], ["exact"])] == [3, 9, None]
    with_sigma = settings_for(["cka", "cka_rbf"], [3], ["exact"], sigma=0.5)
    assert [s.sigma for s in with_sigma] == [None, 0.5]


def test_other_permutations_or_another_seed_are_another_unit(tmp_path: Path) -> None:
    x, y = (features(tmp_path, name, random_layers(i)) for i, name in enumerate("xy"))
    settings = [
        Setting("mutual_knn", 5, "exact", permutations=count, seed=seed)
        for count, seed in ((9, 0), (19, 0), (19, 1))
    ]
    units = plan([x], [y], settings)
    assert len({unit.key for unit in units}) == 3
    rows = {(row["permutations"], row["seed"]): row for row in scored(x, y, *settings)[0]}
    assert rows[9, 0]["score"] == rows[19, 0]["score"] == rows[19, 1]["score"]
    assert rows[19, 0]["null_best_mean"] != rows[19, 1]["null_best_mean"]


def test_every_metric_is_scored_calibrated_and_bounded(tmp_path: Path) -> None:
    xs, ys = random_layers(0), random_layers(1, layers=2)
    ys[1][:, :3] += xs[1][:, :3]
    x, y = features(tmp_path, "x", xs), features(tmp_path, "y", ys)
    rows, refused = scored(x, y, *all_settings())
    with_k = sum(metric.uses_k for metric in all_metrics())
    assert not refused
    assert len(rows) == 2 * (len(all_metrics()) + with_k)
    for row in rows:
        metric = get_metric(row["metric"])
        how = None if row["truncation"] == "none" else row["truncation"]
        expected = align(
            xs, ys, metric=metric.name, k=row["k"] or 9, truncate=how, concatenate=True
        )
        assert row["score"] == pytest.approx(expected.score, rel=1e-5, abs=1e-6)
        assert 1 / 20 <= row["p_value"] <= 1
        assert row["interval_low"] <= row["interval_high"]
        assert row["interval_level"] == 0.95
        assert row["interval_method"] == f"{metric.interval_method}, {CHOICE_UNDONE}"
        assert row["selection_free"] is not None
        assert (row["tied_x"] is not None) == metric.uses_k
        assert (row["calibrated"] is not None) == np.isfinite(metric.best)
        assert row["null_threshold"] is not None


def test_calibration_is_that_of_the_core(tmp_path: Path) -> None:
    x, y = (features(tmp_path, name, random_layers(i)) for i, name in enumerate("xy"))
    rows, _ = scored(x, y, SETTING)
    metric = get_metric("mutual_knn")
    options = PrepareOptions(k=5, concatenate=True)
    sides = [prepare(side, metric.family, "exact", options).ready for side in (x, y)]
    null = calibration.null_best(
        [metric], [sides[0]], sides[1], [5], calibration.permutations(40, 9, 0)
    )
    expected = calibration.calibrate(rows[0]["score"], null[0, 0, 0], best=metric.best)
    assert rows[0]["p_value"] == expected.p_value
    assert rows[0]["null_threshold"] == expected.threshold
    assert rows[0]["calibrated"] == expected.score


def test_without_permutations_a_score_stays_raw(tmp_path: Path) -> None:
    x, y = (features(tmp_path, name, random_layers(i)) for i, name in enumerate("xy"))
    rows, _ = scored(x, y, *settings_for(["mutual_knn", "cka"], [5], ["exact"], permutations=0))
    for row in rows:
        assert row["permutations"] == 0
        for column in ("calibrated", "p_value", "null_threshold", "null_best_mean"):
            assert row[column] is None
        assert row["interval_low"] is not None


def test_numbers_do_not_depend_on_what_else_is_scored(tmp_path: Path) -> None:
    """A resumed run computes the missing units alone, in other groups."""
    files = [features(tmp_path, name, random_layers(i)) for i, name in enumerate("abxy")]
    settings = settings_for(
        ["mutual_knn", "lcs_knn", "cycle_knn"], [3, 9], ["exact"], permutations=19
    )
    units = plan(files[:2], files[2:], settings)

    def numbers(some: list) -> dict[str, tuple]:
        frames = score(some, "run", Silent(), [])
        columns = ("score", "p_value", "null_threshold", "interval_low", "interval_high")
        return {
            row["unit_key"]: tuple(row[column] for column in columns)
            for frame in frames
            for row in frame.to_dicts()
        }

    together = numbers(units)
    apart = numbers(units[::3]) | numbers(units[1::3]) | numbers(units[2::3])
    assert apart == together


def test_the_bar_ends_where_it_said(tmp_path: Path) -> None:
    dead = features(tmp_path, "dead", [np.ones((40, 3), dtype=np.float32)])
    files = [features(tmp_path, name, random_layers(i)) for i, name in enumerate("xyz")]
    units = plan([dead, files[0]], [*files[1:], dead], [SETTING, *all_settings()[:3]])
    counted = Counted()
    list(score(units, "run", counted, []))
    assert counted.steps == counted.total > len(units)


def test_fewer_samples_are_the_first_of_one_random_order(tmp_path: Path) -> None:
    xs, ys = random_layers(0), random_layers(1)
    x, y = features(tmp_path, "x", xs), features(tmp_path, "y", ys)
    settings = settings_for(
        ["mutual_knn", "cka"], [8], ["exact"], permutations=9, ns=[20, 40], total=40, fixed="k/n"
    )
    assert [(s.metric, s.k, s.n) for s in settings] == [
        ("mutual_knn", 8, None),
        ("mutual_knn", 4, 20),
        ("cka", None, None),
        ("cka", None, 20),
    ]
    found = {(row["metric"], row["n"]): row for row in scored(x, y, *settings)[0]}
    rows = np.random.default_rng(0).permutation(40)[:20]
    for metric in ("mutual_knn", "cka"):
        expected = align(
            [layer[rows] for layer in xs], [layer[rows] for layer in ys],
            metric=metric, k=4, truncate="exact", concatenate=True, permutations=9,
        )  # fmt: skip
        row = found[metric, 20]
        assert row["score"] == pytest.approx(expected.score, rel=1e-6)
        assert row["p_value"] == expected.p_value
    assert found["mutual_knn", 20]["null_mean"] == pytest.approx(4 / 19)
    with pytest.raises(SampleCountError, match="between 2 and 40, got n = 41"):
        plan([x], [y], [Setting("cka", None, "exact", n=41)])


def test_scoring_fewer_samples_leaves_the_units_of_all_samples_as_they_were(tmp_path: Path) -> None:
    x, y = (features(tmp_path, name, random_layers(i)) for i, name in enumerate("xy"))
    whole, part = plan([x], [y], [SETTING, replace(SETTING, n=20)])
    assert whole.key == plan([x], [y], [SETTING])[0].key != part.key


def test_every_metric_at_once_gives_what_each_gives_alone(tmp_path: Path) -> None:
    """Families share the layers that were read and normalized: none may change them."""
    x = features(tmp_path, "x", random_layers(0))
    y = features(tmp_path, "y", random_layers(1, layers=2))
    names = [metric.name for metric in all_metrics()]
    together, refused = scored(x, y, *settings_for(names, [5], ["exact", "none"], permutations=9))
    assert not refused and len(together) == 2 * len(names)
    for row in together:
        (setting,) = settings_for([row["metric"]], [5], [row["truncation"]], permutations=9)
        (alone,), _ = scored(x, y, setting)
        for column in ("score", "single_layer_score", "layer_table", "p_value", "interval_low"):
            assert row[column] == alone[column], (row["metric"], column)


@pytest.mark.parametrize("limit", [0, 2_000, 1 << 20])
def test_layers_are_kept_while_they_fit(tmp_path: Path, limit: int) -> None:
    files = [features(tmp_path, name, random_layers(i)) for i, name in enumerate("ab")]
    kept = KeptLayers(limit)
    for file in files * 2:
        for layer, wanted in zip(
            kept.of(file, "exact", None), KeptLayers(0).of(file, "exact", None), strict=True
        ):
            np.testing.assert_array_equal(layer.exact(), wanted.exact())
    again = [kept.of(f, "exact", None)[0] is kept.of(f, "exact", None)[0] for f in files]
    size = sum(layer.nbytes for layer in random_layers(0))
    assert again == [limit >= size, limit >= 2 * size]

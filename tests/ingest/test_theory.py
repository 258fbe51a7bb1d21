"""What the theory promises of learners, and through the real command line."""

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from ingest.experiments.theory.learn import LOSSES, Loss, looks, train
from ingest.experiments.theory.run import (
    demo_units,
    neighbors,
    plan_theory,
    simulate,
)
from ingest.pipeline.run import Run
from ingest.progress import Silent
from ingest.store.workspace import Workspace
from prh_core import all_metrics
from prh_core.errors import WorldError
from prh_core.worlds import cooccurrence, definite, make_world, pointwise, similarity_logits
from tests.ingest.command import Finished, prh
from tests.worlds import query

every_loss = pytest.mark.parametrize("loss", LOSSES)
FALLING = [0.0, 0.1, 0.2, 0.35, 0.5]
"""Shares of information lost before agreement is at chance."""


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with a ring of 32 events, all observers, and its warehouse."""
    home = tmp_path_factory.mktemp("ring")
    with Run(Workspace(home)) as run:
        units = plan_theory(["ring"], [32], [1], [2.0], LOSSES, FALLING, [], steps=600)
        simulate(run, units, Silent())
    Workspace(home).warehouse.publish()
    return home / "results.duckdb"


@every_loss
def test_both_losses_learn_the_pmi_of_a_ring(ring: Path, loss: str) -> None:
    rows = query(ring, f"FROM theory WHERE loss = '{loss}' AND observer = 'bijective'")
    row = rows.row(0, named=True)
    for side in "ab":
        assert row[f"correlation_{side}"] > 0.99
        assert row[f"error_{side}"] < 0.1
    # The kernels themselves, as they are stored.
    kept = query(ring, f"FROM theory_runs WHERE unit_key = '{row['unit_key']}'").row(0, named=True)
    exact = pointwise(cooccurrence(make_world("ring", 32, 2.0), 1))
    np.testing.assert_allclose(np.array(kept["k_pmi"]), exact)
    apart = ~np.eye(32, dtype=bool)
    for name in ("kernel_a", "kernel_b"):
        assert np.corrcoef(np.array(kept[name])[apart], exact[apart])[0, 1] > 0.99


@every_loss
def test_two_bijective_views_agree(ring: Path, loss: str) -> None:
    row = query(
        ring,
        f"FROM theory WHERE loss = '{loss}' AND observer = 'bijective' AND metric = 'mutual_knn'",
    ).row(0, named=True)
    assert row["score"] > 0.95
    assert row["metric_k"] == 4 and row["chance"] == pytest.approx(4 / 31)
    start = query(ring, f"""FROM theory_scores WHERE metric = 'mutual_knn' AND step = 1
                            AND unit_key = '{row["unit_key"]}'""")  # fmt: skip
    assert start["score"][0] < 0.3


@every_loss
@pytest.mark.parametrize("metric", ["mutual_knn", "cka", "cknna"])
def test_agreement_falls_with_information_removed(ring: Path, loss: str, metric: str) -> None:
    rows = query(
        ring,
        f"""FROM theory WHERE loss = '{loss}' AND observer <> 'noisy' AND metric = '{metric}'
            ORDER BY share""",
    )
    assert rows["share"].to_list() == FALLING
    assert rows["lost"].is_sorted()
    assert (rows["lost"] >= rows["share"]).all()
    scores = rows["score"].to_list()
    assert all(after < before for before, after in zip(scores, scores[1:], strict=False))


@every_loss
def test_who_sees_less_learns_what_it_sees(ring: Path, loss: str) -> None:
    rows = query(
        ring,
        f"""FROM theory WHERE loss = '{loss}' AND observer = 'lossy' AND metric = 'mutual_knn'""",
    )
    assert rows["own_correlation_b"].min() > 0.99  # type: ignore[operator]
    assert rows["correlation_b"].max() < 0.8  # type: ignore[operator]


def test_the_offset_of_nce_is_the_log_odds_of_positives() -> None:
    joint = cooccurrence(make_world("ring", 16, 1.0), 1)
    exact = pointwise(joint)
    apart = ~np.eye(16, dtype=bool)
    least = definite(exact).smallest
    for share in (0.8, 0.9):
        odds = math.log(share / (1 - share))
        assert odds > least
        found = train(joint, "nce", [600], p_positive=share, seed=1)[-1].embeddings
        assert ((found @ found.T) - exact)[apart].mean() == pytest.approx(odds, abs=0.03)


@pytest.mark.parametrize("temperature", [0.2, 1.0, 4.0])
def test_infonce_learns_tau_times_the_pmi(temperature: float) -> None:
    joint = cooccurrence(make_world("ring", 16, 1.0), 1)
    exact = pointwise(joint)
    apart = ~np.eye(16, dtype=bool)
    found = train(joint, "infonce", [600], temperature=temperature, seed=1)[-1].embeddings
    kernel = found @ found.T
    slope, start = np.polyfit(exact[apart], kernel[apart], 1)
    assert slope == pytest.approx(temperature, rel=0.05)
    left = (similarity_logits(found, temperature) - exact)[apart]
    assert left.std() < 0.1 * exact[apart].std()
    # A learner that starts small ends at the least constant that inner products allow.
    assert start / temperature == pytest.approx(definite(exact).smallest, abs=0.1)


def test_temperatures_stand_side_by_side(tmp_path: Path) -> None:
    def units(temperature: float, loss: str = "infonce") -> list:
        return plan_theory(
            ["ring"], [8], [1], [2.0], [loss], [0.0], [], steps=200, temperature=temperature
        )

    assert units(0.5)[0].key != units(1.0)[0].key
    assert units(0.5, "nce")[0].key == units(1.0, "nce")[0].key
    with Run(Workspace(tmp_path)) as run:
        simulate(run, [*units(1.0), *units(0.5), *units(0.5, "nce")], Silent())
    Workspace(tmp_path).warehouse.publish()
    rows = query(tmp_path / "results.duckdb", "FROM theory WHERE metric = 'cka'").sort("unit_key")
    assert sorted(rows["temperature"].drop_nulls()) == [0.5, 1.0]
    assert rows.filter(pl.col("temperature").is_null())["loss"].to_list() == ["nce"]
    # Kernels are stored over the temperature, so both stand on K_PMI.
    for row in query(tmp_path / "results.duckdb", "FROM theory_runs").to_dicts():
        exact, kernel = np.array(row["k_pmi"]), np.array(row["kernel_a"])
        apart = ~np.eye(8, dtype=bool)
        assert np.polyfit(exact[apart], kernel[apart], 1)[0] == pytest.approx(1, abs=0.1)


def test_where_log_odds_are_too_small_inner_products_cannot_be_the_optimum() -> None:
    joint = cooccurrence(make_world("ring", 16, 2.0), 1)
    exact = pointwise(joint)
    assert math.log(0.5 / 0.5) < definite(exact).smallest
    errors = []
    for share in (0.5, 0.9):
        found = train(joint, "nce", [600], p_positive=share, seed=1)[-1].embeddings
        left = found @ found.T - exact - math.log(share / (1 - share))
        errors.append(float(np.abs(left[~np.eye(16, dtype=bool)]).mean()))
    assert errors[0] > 5 * errors[1]


@every_loss
def test_a_batch_counted_in_a_table_has_the_loss_of_its_pairs(loss: Loss) -> None:
    """The first step's loss, pair by pair, from the same draws."""
    joint = cooccurrence(make_world("tree", 6, 2.0), 1)
    found = train(joint, loss, [1], batch=50, seed=3)[0].loss
    rng = np.random.default_rng(3)
    table = rng.normal(scale=6**-0.5, size=(6, 6))
    kernel = table @ table.T
    single = joint.sum(axis=1)
    together = joint.ravel() / joint.sum()
    apart = np.outer(single, single).ravel()
    if loss == "nce":
        near = rng.multinomial(40, together).reshape(6, 6)
        far = rng.multinomial(10, apart / apart.sum()).reshape(6, 6)
        terms = [-math.log(1 / (1 + math.exp(-kernel[a, b])))
                 for a in range(6) for b in range(6) for _ in range(near[a, b])]  # fmt: skip
        terms += [-math.log(1 / (1 + math.exp(kernel[a, b])))
                  for a in range(6) for b in range(6) for _ in range(far[a, b])]  # fmt: skip
    else:
        others = rng.multinomial(50, single / single.sum())
        near = rng.multinomial(50, together).reshape(6, 6)
        terms = []
        for a in range(6):
            for b in range(6):
                whole = math.exp(kernel[a, b]) + sum(
                    others[c] * math.exp(kernel[a, c]) for c in range(6)
                )
                terms += [-math.log(math.exp(kernel[a, b]) / whole)] * near[a, b]
    assert found == pytest.approx(sum(terms) / 50)


def test_training_is_repeatable_and_leaves_torch_as_it_was() -> None:
    joint = cooccurrence(make_world("ring", 8), 1)
    before = torch.get_num_threads()
    one, other = (train(joint, "nce", [5, 20], batch=512, seed=4) for _ in range(2))
    assert torch.get_num_threads() == before
    assert [at.step for at in one] == [5, 20]
    np.testing.assert_array_equal(one[-1].embeddings, other[-1].embeddings)
    assert not np.array_equal(one[0].embeddings, one[1].embeddings)


def test_looks_are_spread_and_end_with_the_last_step() -> None:
    assert looks(1) == [1]
    found = looks(1000)
    assert found[0] == 1 and found[-1] == 1000 and found == sorted(set(found))
    assert [neighbors(n) for n in (4, 16, 32, 64, 100)] == [2, 2, 4, 8, 12]


@pytest.fixture(scope="module")
def commanded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder that `prh theory` filled with two small worlds."""
    home = tmp_path_factory.mktemp("commanded")
    done = _small(home)
    assert done.returncode == 0, done.stderr
    assert "Simulations: 8 done, 0 found done, 0 left out." in done.stderr
    return home


def _small(home: Path, *more: object) -> Finished:
    return prh(
        "theory", "--world", "ring", "--world", "tree", "--events", 8, "--lost", 0, "--noise", 0.4,
        "--steps", 30, "--batch", 512, "--data", home, *more,
    )  # fmt: skip


def test_simulations_end_in_the_warehouse(commanded: Path) -> None:
    path = commanded / "results.duckdb"
    runs = query(path, "FROM theory_runs ORDER BY world, loss, observer")
    assert runs.select("world", "loss", "observer").rows() == [
        (world, loss, observer)
        for world in ("ring", "tree")
        for loss in ("infonce", "nce")
        for observer in ("bijective", "noisy")
    ]
    assert np.array(runs["k_pmi"][0].to_list()).shape == (8, 8)
    assert (runs["expected_offset"].is_null() == (runs["loss"] == "infonce")).all()
    scores = query(path, "FROM theory_scores")
    assert set(scores["metric"]) == {metric.name for metric in all_metrics()}
    assert scores.height == 8 * len(looks(30)) * len(all_metrics())
    told = scores.select(pl.col("score").is_null() != pl.col("note").is_null())
    assert told.to_series().all()
    steps = query(path, "FROM theory_steps")
    assert steps.height == 8 * len(looks(30)) * 2
    assert query(path, "FROM theory").height == 8 * len(all_metrics())


def test_what_is_simulated_is_not_simulated_again(commanded: Path) -> None:
    again = _small(commanded)
    assert again.returncode == 0, again.stderr
    assert "0 done, 8 found done" in again.stderr


def test_a_part_without_its_simulation_is_no_result(commanded: Path) -> None:
    warehouse = Workspace(commanded).warehouse
    part = next((warehouse.parts / "theory_steps").glob("*.parquet"))
    orphan = pl.read_parquet(part).with_columns(pl.lit("killed").alias("unit_key"))
    before = query(warehouse.path, "FROM theory_steps").height
    warehouse.append("theory_steps", "killed", orphan)
    warehouse.publish()
    assert query(warehouse.path, "FROM theory_steps").height == before


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--world", "spiral"), "expected one of ring, grid, tree, field, got 'spiral'"),
        (("--world", "grid", "--events", 13), "13 events make no grid"),
        (("--loss", "triplet"), "expected a loss of nce, infonce, got 'triplet'"),
        (("--lost", 1.0), "expected a share of information in [0, 1), got 1.0"),
        (("--noise", 1.2), "expected a share of noise in [0, 1], got 1.2"),
        (("--p-positive", 1.0), "expected a share of positives in (0, 1), got 1.0"),
        (("--smoothness", 0), "a smoothness above 0, 50 at most"),
        (("--temperature", 0), "expected a finite temperature above 0, got 0.0"),
    ],
)
def test_what_cannot_be_simulated_is_one_sentence(
    words: tuple[object, ...], named: str, tmp_path: Path
) -> None:
    done = prh("theory", *words, "--data", tmp_path)
    assert done.returncode != 0
    assert named in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results.duckdb").exists()


def test_nce_alone_is_told_apart_by_its_positives() -> None:
    def keys(share: float, loss: str) -> set[str]:
        units = plan_theory(["ring"], [8], [1], [2.0], [loss], [0.0], [], p_positive=share)
        return {unit.key for unit in units}

    assert keys(0.8, "nce") != keys(0.9, "nce")
    assert keys(0.8, "infonce") == keys(0.9, "infonce")
    with pytest.raises(WorldError, match="window of one step"):
        plan_theory(["ring"], [8], [0], [2.0], ["nce"], [0.0], [])


def test_the_demo_holds_what_the_page_offers() -> None:
    units = [unit.simulation for unit in demo_units()]
    assert len(units) == len(set(units)) < 50
    assert {unit.world for unit in units} == {"ring", "field"}
    assert {unit.loss for unit in units} == set(LOSSES)
    assert {unit.observer for unit in units} == {"bijective", "lossy", "noisy"}

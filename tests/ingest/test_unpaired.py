"""`prh unpaired`: what is stored of a matching is what was found, and nothing is done twice."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from ingest.errors import CatalogError, MissingFeaturesError
from ingest.experiments.unpaired.plan import MatchChoices, plan_matchings
from ingest.pipeline.stored import stored_dataset
from ingest.store.features import read_layers
from ingest.store.workspace import Workspace
from prh_core.errors import SampleCountError
from prh_core.matching import disjoint_blocks, match_spaces, score_matching
from tests.ingest.command import prh
from tests.worlds import query

WAY = MatchChoices(n=20, starts=3)


def test_what_is_stored_is_what_a_search_finds(world: Path) -> None:
    row = query(
        world / "results.duckdb",
        "FROM matchings WHERE model_x <> model_y ORDER BY correct DESC, unit_key LIMIT 1",
    ).row(0, named=True)
    files = {f.header.key: f.path for f in stored_dataset(Workspace(world), "planted").files}
    x, y = (
        np.asarray(read_layers(files[row[f"features_{at}"]])[row[f"layer_{at}"]], np.float64)
        for at in ("x", "y")
    )
    assert row["blocks"] == 3 and row["n"] == 60
    correct, ranks = 0, 0.0
    for at, part in enumerate(disjoint_blocks(60, 20, seed=0)):
        here = slice(at * 20, (at + 1) * 20)
        found = match_spaces(x[part], y[part], starts=3, seed=at)
        assert row["positions"][here] == part.tolist()
        assert row["partners"][here] == part[found.partner].tolist()
        scored = score_matching(found)
        correct, ranks = correct + scored.correct, ranks + scored.mean_rank / 3
        assert np.mean(row["ranks"][here]) == pytest.approx(scored.mean_rank)
    assert row["correct"] == correct
    assert row["mean_rank"] == pytest.approx(ranks)


def test_the_view_names_both_sides(world: Path) -> None:
    rows = query(
        world / "results.duckdb",
        """SELECT count(*) AS n, sum(is_correct::INT) AS correct, any_value(m.correct) AS told,
            bool_and(s.is_correct = (s.sample_id = s.partner_id)) AS named
        FROM matched_samples AS s JOIN matchings AS m USING (unit_key) GROUP BY unit_key""",
    )
    assert (rows["n"] == 60).all() and (rows["correct"] == rows["told"]).all()
    assert rows["named"].all()


def test_a_second_run_finds_everything_done(world: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(world, tmp_path / "again"))
    way = ("--dataset", "planted", "--n", "20", "--starts", "3", "--data", str(home))
    done = prh("unpaired", *way, "--pairs", "all", "--no-publish")
    assert done.returncode == 0, done.stderr
    assert "0 done" in done.stderr + done.stdout
    fewer = prh("unpaired", *way, "--blocks", "4", "--no-publish")
    assert fewer.returncode != 0
    assert "4 blocks of 20 take 80 samples, and there are 60" in fewer.stderr


def test_what_cannot_be_matched_is_named(world: Path) -> None:
    place = Workspace(world)
    stored = stored_dataset(place, "planted")
    with pytest.raises(MissingFeaturesError, match="no features are stored on planted of nobody"):
        plan_matchings(place, stored, WAY, models=["nobody"])
    one = stored.files[0].header.model_id
    with pytest.raises(MissingFeaturesError, match="no two are of models to be matched"):
        plan_matchings(place, stored, WAY, models=[one])
    with pytest.raises(CatalogError, match="--pairs should be one of"):
        plan_matchings(place, stored, WAY, pairs="audio-touch")
    with pytest.raises(SampleCountError, match="expected a block or more"):
        plan_matchings(place, stored, WAY._replace(n=3))


def test_pairs_are_of_the_sides_asked_for(world: Path) -> None:
    place = Workspace(world)
    stored = stored_dataset(place, "planted")
    across = plan_matchings(place, stored, WAY)
    everything = plan_matchings(place, stored, WAY, pairs="all")
    assert {unit.key for unit in across} < {unit.key for unit in everything}
    assert all(unit.x.header.model_id != unit.y.header.model_id for unit in everything)
    assert len({unit.key for unit in everything}) == len(everything)


def test_blocks_share_no_sample() -> None:
    blocks = disjoint_blocks(103, 25, seed=3)
    assert [len(block) for block in blocks] == [25] * 4
    assert len(np.unique(np.concatenate(blocks))) == 100
    assert len(disjoint_blocks(10, 25)[0]) == 10
    with pytest.raises(SampleCountError, match="take 4 blocks at most"):
        disjoint_blocks(103, 25, 5)

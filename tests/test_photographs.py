"""What the study on photographs found, on the numbers of it that ship.

`python -m tests.shared.photographs` measured them; tests/test_shipped.py measures some anew.
"""

import shutil
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pages.competence import statistics
from pages.competence.queries import model_pairs
from pages.ui import queries
from pages.ui.answers import Setting
from prh_core.warehouse.location import SHIPPED, WAREHOUSE_FILE
from prh_core.warehouse.shipped import shipped_warehouse
from tests.worlds import query

DECODERS = ("SmolLM2-135M-Instruct", "stories260K", "aidreams", "textgenrnn")
STRONG = ("efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2", "mobilenetv2-1.0",
          "mobilenetv1-0.75", "mobilenetv1-0.5", "mobilenetv1-0.25")  # fmt: skip
WEAK = ("cifar-resnet20", "cifar-resnet32", "cifar-resnet44", "cifar-resnet56")
RANDOM = ("random-efficientnet-lite0", "random-resnet50", "random-vit-tiny")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the shipped results as a data folder."""
    home = tmp_path_factory.mktemp("shipped")
    shutil.copy(shipped_warehouse(SHIPPED), home / WAREHOUSE_FILE)
    return home


@pytest.fixture(scope="module")
def alignment(study: Path) -> pl.DataFrame:
    """Alignment of every pair on Flickr8k, 1,024 pairs, with what language models predict of it."""
    return query(
        study / WAREHOUSE_FILE,
        "SELECT a.*, b.language_score FROM language_vision_alignment AS a "
        "LEFT JOIN bits_per_byte AS b ON b.model_id = a.language_model AND b.text LIKE 'flickr8k%' "
        "WHERE dataset_id = 'flickr8k' AND metric = 'mutual_knn' AND k = 10 "
        "AND truncation = 'exact'",
    )


def score(alignment: pl.DataFrame, language: str, vision: str) -> float:
    row = alignment.filter(language_model=language, vision_model=vision)
    assert row.height == 1 and row["n"][0] == 1024
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


def means(study: Path, metric: str) -> dict[str, float]:
    """Return the mean alignment on ImageNet within and between groups of networks."""
    rows = query(
        study / WAREHOUSE_FILE,
        f"SELECT model_a, model_b, score FROM vision_alignment WHERE metric = '{metric}' "
        "AND dataset_id = 'imagenet1000'",
    )
    found = {frozenset((a, b)): s for a, b, s in rows.iter_rows()}
    assert len(found) == 15 * 14 // 2

    def mean(pairs: list[tuple[str, str]]) -> float:
        return float(np.mean([found[frozenset(pair)] for pair in pairs]))

    return {
        "strong": mean(list(combinations(STRONG, 2))),
        "random": mean(list(combinations(RANDOM, 2))),
        "strong with weak": mean([(a, b) for a in STRONG for b in WEAK]),
        "strong with random": mean([(a, b) for a in STRONG for b in RANDOM]),
        "weak with random": mean([(a, b) for a in WEAK for b in RANDOM]),
    }


@pytest.mark.parametrize("metric", ["mutual_knn", "cknna"])
def test_trained_networks_are_more_alike_than_weak_or_random_ones(study: Path, metric: str) -> None:
    found = means(study, metric)
    assert found["strong"] > found["strong with weak"] > found["strong with random"]
    assert found["strong"] > found["random"]
    assert found["strong"] > 1.3 * found["weak with random"]


def test_agreement_rises_with_competence(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRH_DATA", str(study))
    settings = queries.model_settings("vision").frame
    (row,) = settings.filter(
        (pl.col("dataset_id") == "imagenet1000") & (pl.col("metric") == "mutual_knn")
    ).iter_rows(named=True)
    pairs = model_pairs(Setting.of(row), "vision", skill="linear probe of TF-flowers").frame
    found = statistics.bin_models(pairs, count=2, rule="equal count")
    assert found.left_out == []
    assert found.trend is not None and found.trend.rho > 0


def test_models_are_mapped(study: Path) -> None:
    rows = query(
        study / WAREHOUSE_FILE,
        "FROM maps WHERE metric = 'mutual_knn' AND dataset_id = 'imagenet1000'",
    )
    for method, trust in rows.group_by("method").agg(pl.col("trustworthiness").min()).iter_rows():
        assert trust > 0.6, method


def gains(study: Path, base: str) -> dict[tuple[str, str], dict]:
    """Return paired differences of caption sets, over all vision models, by what is compared."""
    found = query(
        study / WAREHOUSE_FILE,
        "SELECT f.name AS before, t.name AS after, d.* FROM caption_differences AS d "
        "JOIN caption_sets AS f ON f.dataset_id = d.from_id "
        "JOIN caption_sets AS t ON t.dataset_id = d.to_id "
        f"WHERE d.vision_model IS NULL AND d.base_id = '{base}'",
    )
    return {(row["before"], row["after"]): row for row in found.iter_rows(named=True)}


def test_more_human_captions_align_better_and_words_alone_do_not(study: Path) -> None:
    found = gains(study, "flickr8k")
    more = found["joined:1", "joined:5"]
    assert more["difference"] > 0.02
    assert more["interval_low"] > 0
    # Order hardly matters; as many words that say nothing of the picture undo it all.
    order = found["joined:5", "shuffled@joined:5"]
    assert abs(order["difference"]) < 0.5 * more["difference"]
    nothing = found["joined:5", "mixed@joined:5"]
    assert nothing["interval_high"] < -more["difference"]


def test_a_definition_says_more_than_a_label(study: Path) -> None:
    found = gains(study, "imagenet1000")
    more = found["column:label", "own"]
    assert more["interval_low"] > 0
    assert abs(found["own", "shuffled@own"]["difference"]) < 0.5 * more["difference"]
    assert found["own", "mixed@own"]["interval_high"] < -more["difference"]

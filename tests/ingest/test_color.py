"""Color words, pictures, and layouts through the real command line."""

import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr

from ingest.catalog import load_catalog
from ingest.errors import CatalogError, CorruptImageError, DatasetError
from ingest.experiments.color.layouts import Choices
from ingest.experiments.color.pictures import MOST_PIXELS, PACKAGE, open_pictures
from ingest.experiments.color.word_embeddings import language_units
from ingest.experiments.color.words import SENTENCES, shipped_words, words_of
from ingest.progress import Silent
from ingest.store.workspace import Workspace
from prh_core.color_cooccurrence import srgb_to_lab
from tests.ingest import tiny
from tests.ingest.command import prh
from tests.ingest.own_study import write_study
from tests.worlds import query

BASIC = "black white red green yellow blue brown orange pink purple grey".split()


def test_the_shipped_words_hold_the_basic_color_terms() -> None:
    words = shipped_words()
    assert len(words.words) == 20
    assert set(BASIC) <= set(words.names)
    places = dict(zip(words.names, words.lab.tolist(), strict=True))
    assert places["red"] == pytest.approx(srgb_to_lab(np.array([0xE5, 0, 0]) / 255), abs=0.01)
    assert all(SENTENCES[0].format(word=name).endswith(f"{name}.") for name in words.names)


def write(folder: Path, text: str) -> Path:
    file = folder / "words.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_words_with_counts_follow_the_papers_rule(tmp_path: Path) -> None:
    rows = [f"word{i},{i},0,0,{80 + i}" for i in range(60)]
    found = words_of(write(tmp_path, "word,L,a,b,count\n" + "\n".join(rows)))
    assert len(found.words) == 20
    assert min(word.uses for word in found.words) == 120
    assert "100 times or more" in found.rule


def test_namings_of_chips_become_centroids(tmp_path: Path) -> None:
    chips = {"red": 40, "green": 60, "blue": 30, "gray": 50}
    lines = [f"{name},{light + i},{i},0" for name, light in chips.items() for i in range(120)]
    found = words_of(write(tmp_path, "word,L,a,b\n" + "\n".join(lines)))
    (green,) = [word for word in found.words if word.name == "green"]
    assert green.lab == pytest.approx((60 + 59.5, 59.5, 0))
    assert {word.uses for word in found.words} == {120}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("word,L,a\nred,1,2", "it lacks b"),
        ("word,L,a,b\nred,1,2,x", "should be numbers"),
        ("word,L,a,b\nred,1,2,nan", "not finite"),
        ("word,L,a,b\nred,1,2,3\nblue,1,2,3", "2 color words; a layout needs four"),
        ("word,L,a,b,count\nred,1,2,3,5\nblue,1,2,3,200", "have 100 uses or more"),
        ("word,L,a,b,count\nred,1,2,3,500\nred,1,2,3,200", "'red' on several lines"),
        ("", "it lacks word, L, a, b"),
    ],
)
def test_what_are_no_words_is_refused(text: str, named: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=named):
        words_of(write(tmp_path, text))


def gradient(side: int = 48) -> np.ndarray:
    """Return a picture whose colors change smoothly, so that near pixels look alike."""
    ramp = np.linspace(0, 255, side).astype(np.uint8)
    picture = np.zeros((side, side, 3), np.uint8)
    picture[..., 0], picture[..., 2] = ramp[:, None], ramp[None]
    picture[..., 1] = 255 - ramp[:, None] // 2
    return picture


def opened(given: str, folder: Path, shrink: int | None = None) -> list[np.ndarray]:
    return open_pictures(
        given, load_catalog(), Silent(), shrink=shrink, cache=folder / "cache"
    ).images


def test_a_folder_and_a_zip_hold_the_same_pictures(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    Image.fromarray(gradient(20)).save(folder / "a.png")
    Image.fromarray(gradient(30)).save(folder / "deep" / "b.png")
    (folder / "note.txt").write_text("no picture", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for file in sorted(folder.rglob("*.png")):
            archive.write(file, file.relative_to(folder))
    one, other = opened(str(folder), tmp_path), opened(str(tmp_path / "photos.zip"), tmp_path)
    assert [image.shape for image in one] == [(20, 20, 3), (30, 30, 3)]
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)
    assert [i.shape for i in opened(str(folder), tmp_path, 10)] == [(10, 10, 3), (10, 10, 3)]


def test_a_package_ships_photographs_and_a_task_has_pictures(tmp_path: Path) -> None:
    photographs = opened(PACKAGE, tmp_path)
    assert [image.shape for image in photographs] == [(427, 640, 3)] * 2
    assert {image.shape for image in opened("count-discs", tmp_path)} == {(96, 96, 3)}


def test_what_are_no_pictures_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DatasetError, match="no folder, no .zip, no task"):
        opened("nothing-of-the-kind", tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="holds no picture"):
        opened(str(tmp_path / "empty"), tmp_path)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.png").write_bytes(b"no png")
    with pytest.raises(CorruptImageError, match=r"a\.png does not decode"):
        opened(str(tmp_path / "broken"), tmp_path)
    (tmp_path / "half.zip").write_bytes(b"PK")
    with pytest.raises(DatasetError, match=r"cannot read half\.zip"):
        opened(str(tmp_path / "half.zip"), tmp_path)
    assert MOST_PIXELS > 10_000 * 32 * 32
    monkeypatch.setattr("ingest.experiments.color.pictures.MOST_PIXELS", 1000)
    with pytest.raises(DatasetError, match="more than 1,000 pixels"):
        opened(PACKAGE, tmp_path)


def test_only_language_models_read_words() -> None:
    with pytest.raises(CatalogError, match="tiny is no language model"):
        language_units([tiny.model("vision", "timm-random")], shipped_words(), Choices())


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Return a data folder and the command that fills it: two tiny models and a drawn picture."""
    folder = tmp_path_factory.mktemp("color")
    catalog = write_study(folder / "study")
    (folder / "photos").mkdir()
    Image.fromarray(gradient()).save(folder / "photos" / "a.png")
    words = [
        "color", "--catalog", str(catalog), "--models", "letters-a,letters-b", "--pictures",
        str(folder / "photos"), "--starts", "20", "--pixel-pairs", "20000", "--data",
        str(folder / "data"),
    ]  # fmt: skip
    finished = prh(*words)
    assert finished.returncode == 0, finished.stderr
    return folder / "data", words


def asked(home: Path, sql: str) -> pl.DataFrame:
    return query(home / "results.duckdb", sql)


def test_every_reading_is_laid_out_with_points_pairs_and_layers(
    study: tuple[Path, list[str]],
) -> None:
    home, _ = study
    layouts = asked(home, "FROM color_agreement")
    assert layouts.height == 5
    for row in layouts.to_dicts():
        key = f"unit_key = '{row['unit_key']}' AND reading = '{row['reading']}'"
        points = asked(home, f"FROM color_points WHERE {key} ORDER BY position")
        pairs = asked(home, f"FROM color_pairs WHERE {key}")
        assert points.height == row["things"]
        assert pairs.height == row["things"] * (row["things"] - 1) // 2
        lab = points.select("lightness", "a", "b").to_numpy()
        human = cdist(lab, lab)[pairs["first_position"], pairs["second_position"]]
        np.testing.assert_allclose(pairs["color_difference"], human, atol=1e-6)
        assert row["rho"] == pytest.approx(spearmanr(pairs["distance"], human).statistic)
        off = np.linalg.norm(points.select("x", "y", "z").to_numpy() - lab, axis=1)
        np.testing.assert_allclose(points["residual"], off, atol=1e-9)
        assert row["rmsd"] == pytest.approx(np.sqrt(np.mean(off**2)))
        assert 0 < row["p_value"] <= 1
    seen = layouts.filter(pl.col("side") == "vision").row(0, named=True)
    assert seen["rho"] > 0.6
    assert seen["p_value"] < 0.01
    curve = asked(home, "FROM color_layers ORDER BY unit_key, layer")
    assert curve["layer"].to_list() == [0, 1, 0, 1]


def test_a_second_run_does_nothing(study: tuple[Path, list[str]]) -> None:
    home, words = study
    before = asked(home, "FROM color_layouts ORDER BY ALL")
    finished = prh(*words)
    assert "Layouts: 0 done, 3 found done, 0 left out" in finished.stderr
    assert asked(home, "FROM color_layouts ORDER BY ALL").equals(before)


def test_what_a_killed_run_left_without_its_layout_is_not_published(
    study: tuple[Path, list[str]],
) -> None:
    home, _ = study
    warehouse = Workspace(home).warehouse
    stray = pl.read_parquet(next((home / "parts" / "color_points").glob("*.parquet")))
    warehouse.append("color_points", "stray", stray.with_columns(unit_key=pl.lit("stray")))
    warehouse.publish()
    assert asked(home, "FROM color_points WHERE unit_key = 'stray'").is_empty()


def test_a_picture_without_colors_is_named_and_the_models_finish(
    study: tuple[Path, list[str]], tmp_path: Path
) -> None:
    _, words = study
    (tmp_path / "gray").mkdir()
    Image.fromarray(np.zeros((30, 30, 3), np.uint8)).save(tmp_path / "gray" / "a.png")
    again = [*words, "--pictures", str(tmp_path / "gray"), "--data", str(tmp_path / "data")]
    finished = prh(*again)
    assert finished.returncode == 1
    assert "a layout needs four" in finished.stderr
    assert "Layouts: 3 done, 0 found done, 1 left out" in finished.stderr


def test_nothing_asked_for_is_said() -> None:
    finished = prh("color")
    assert finished.returncode == 1
    assert "name language models (--models or --panel) or pictures" in finished.stderr

"""The page of caption sets: what it draws and says is what the warehouse has."""

from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from ingest.warehouse import query
from pages.ui import shell
from tests.pages.conftest import OpenPage
from tests.pages.test_models import frames, told

PAGE = "do_denser_captions_help"


def test_means_and_paired_differences_are_the_warehouses(
    open_page: OpenPage, caption_world: Path
) -> None:
    app = open_page(caption_world, PAGE)
    assert not app.exception
    database = caption_world / "results.duckdb"
    wanted = query(
        database,
        "SELECT vision_label, dataset_id, avg(score) AS alignment, stddev_samp(score) AS spread "
        "FROM language_vision_alignment WHERE language_trained AND vision_trained GROUP BY ALL",
    )
    drawn = pl.concat(
        [f for f in frames(app)[0] if {"spread", "dataset_id"} <= set(f.columns)],
        how="diagonal_relaxed",
    ).unique(["vision_label", "dataset_id"])
    both = drawn.join(wanted, on=["vision_label", "dataset_id"], suffix="_wanted")
    assert both.height == wanted.height == 6
    assert both["alignment"].to_list() == pytest.approx(both["alignment_wanted"].to_list())
    assert both["spread"].to_list() == pytest.approx(both["spread_wanted"].to_list())
    row = query(
        database,
        "FROM caption_differences WHERE vision_model IS NULL AND to_id = 'planted.joined-2'",
    ).row(0, named=True)
    assert f"{row['difference']:+.3f} ({row['interval_low']:+.3f} to" in told(app)
    assert row["interval_low"] > 0


def test_a_line_per_language_model_and_bits_on_request(
    open_page: OpenPage, caption_world: Path
) -> None:
    app = open_page(caption_world, PAGE, lines="Vis Large", density="bits", score="calibrated")
    assert not app.exception and not app.info[1:]
    shown = pl.concat(
        [f for f in frames(app)[0] if "language_label" in f.columns], how="diagonal_relaxed"
    )
    assert set(shown["language_label"]) == {"Lang Small", "Lang Large"}
    assert set(shown["vision_label"]) == {"Vis Large"}
    assert shown["bits"].null_count() == 0


def test_an_image_and_what_is_said_of_it(open_page: OpenPage, caption_world: Path) -> None:
    app = open_page(caption_world, PAGE, image="7")
    said = app.dataframe[-1].value
    assert said["caption"].to_list() == [
        "caption 7", "caption 7, a longer one", "caption 52, a longer one",
    ]  # fmt: skip
    assert "Image sample-007" in [caption.value for caption in app.caption]


def test_an_emoji_is_shown_as_itself_and_a_file_where_it_lies_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(shell.st, "markdown", shown.append)
    monkeypatch.setattr(shell.st, "caption", shown.append)
    monkeypatch.setattr(shell.st, "image", lambda image, width: shown.append(image))
    shell.picture("1F600", "openmoji:1F600")
    file = tmp_path / "a.png"
    Image.new("RGB", (4, 4)).save(file)
    shell.picture("a", str(file))
    shell.picture("b", str(tmp_path / "b.png"))
    shell.picture("c", str(tmp_path))
    assert shown == ["# 😀", "Image 1F600", str(file), "Image a", "Image b", "Image c"]

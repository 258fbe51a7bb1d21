"""The page of caption sets: what it draws and says is what the warehouse has."""

import base64
import io
import json
import math
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from ingest.store.warehouse import Warehouse
from pages.captions import chart, finding, pictures, queries, text
from tests.pages.conftest import OpenPage
from tests.pages.shown import frames, told
from tests.worlds import edited, query

PAGE = "captions"


def test_means_and_paired_differences_are_the_warehouses(
    open_page: OpenPage, caption_world: Path
) -> None:
    app = open_page(caption_world, PAGE, lines="mean over language models")
    assert not app.exception and not app.info
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


def test_the_mean_over_all_vision_models_comes_first(
    open_page: OpenPage, caption_world: Path
) -> None:
    app = open_page(caption_world, PAGE)
    assert not app.exception
    assert app.selectbox(key="lines").value == "mean over all vision models"
    rows = query(
        caption_world / "results.duckdb",
        "SELECT dataset_id, language_model, score, null_best_mean FROM language_vision_alignment "
        "WHERE language_trained AND vision_trained",
    )
    drawn = pl.concat(
        [f for f in frames(app)[0] if {"spread", "dataset_id"} <= set(f.columns)],
        how="diagonal_relaxed",
    ).unique("dataset_id")
    assert drawn.height == 3 and set(drawn["vision_label"]) == {"mean over 2 vision models"}
    for row in drawn.iter_rows(named=True):
        here = rows.filter(pl.col("dataset_id") == row["dataset_id"])
        by_model = here.group_by("language_model").agg(pl.col("score").mean())["score"].to_numpy()
        assert row["alignment"] == pytest.approx(np.mean(by_model))
        assert row["spread"] == pytest.approx(np.std(by_model, ddof=1))
        assert row["null_best_mean"] == pytest.approx(here["null_best_mean"].mean())
    captions = " ".join(caption.value for caption in app.caption)
    assert "A point is the mean over 2 language × 2 vision models" in captions


def test_a_mean_is_over_the_pairs_that_every_set_has(
    open_page: OpenPage, caption_world: Path, tmp_path: Path
) -> None:
    """A vision model scored under two of three sets moves no mean, nor do bits of one set alone."""
    target = tmp_path / "results.duckdb"
    target.write_bytes((caption_world / "results.duckdb").read_bytes())
    with edited(target) as connection:
        connection.execute(
            "DELETE FROM scores WHERE model_y = 'vis-large' AND dataset_id = 'planted.joined-2'"
        )
        connection.execute(
            "DELETE FROM bits WHERE model_id = 'lang-small' AND text LIKE '%joined-2 captions'"
        )
    app = open_page(tmp_path, PAGE, density="bits")
    drawn = pl.concat(
        [f for f in frames(app)[0] if {"spread", "dataset_id"} <= set(f.columns)],
        how="diagonal_relaxed",
    ).unique("dataset_id")
    wanted = query(
        target,
        "SELECT dataset_id, avg(score) AS score FROM language_vision_alignment "
        "WHERE language_trained AND vision_model = 'vis-small' GROUP BY 1",
    )
    both = drawn.join(wanted, on="dataset_id")
    assert both["alignment"].to_list() == pytest.approx(both["score"].to_list())
    assert set(both["vision_label"]) == {"mean over 1 vision model"} and both.height == 3
    # What is left is the one model measured on every set.
    bits = query(target, "SELECT bits_per_byte * bytes / documents AS b FROM bits_per_byte "
                 "WHERE model_id = 'lang-large'")  # fmt: skip
    assert both["bits"].to_list() == pytest.approx(bits["b"].to_list())


def test_a_line_per_language_model_and_bits_on_request(
    open_page: OpenPage, caption_world: Path
) -> None:
    app = open_page(caption_world, PAGE, lines="Vis Large", density="bits", score="calibrated")
    assert not app.exception and not app.info
    shown = pl.concat(
        [f for f in frames(app)[0] if "language_label" in f.columns], how="diagonal_relaxed"
    )
    assert set(shown["language_label"]) == {"Lang Small", "Lang Large"}
    assert set(shown["vision_label"]) == {"Vis Large"}
    assert shown["bits"].null_count() == 0


def test_an_image_and_what_is_said_of_it(open_page: OpenPage, caption_world: Path) -> None:
    app = open_page(caption_world, PAGE, image="7")
    said = next(d.value for d in app.dataframe if "caption" in d.value.columns)
    wanted = ["caption 7", "caption 7, a longer one", "caption 52, a longer one"]
    assert said["caption"].to_list() == wanted
    assert all(caption.replace(",", "\\,") in told(app) for caption in wanted)
    assert "Image sample-007" in _named_images(app)


def test_an_emoji_is_shown_as_it_is_drawn_and_a_file_where_it_lies_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(pictures.st, "markdown", shown.append)
    monkeypatch.setattr(pictures.st, "caption", shown.append)
    named: list[str] = []

    def image(image: str, width: int, alt: str) -> None:
        shown.append(image)
        named.append(alt)

    monkeypatch.setattr(pictures.st, "image", image)
    # Without the package that ships the drawings: the reader's own font.
    monkeypatch.setattr(pictures, "_drawings", lambda: tmp_path)
    pictures.picture("1F600", "openmoji:1F600")
    (tmp_path / "1F600.svg").write_text("<svg/>")
    pictures.picture("1F600", "openmoji:1F600")
    svg = "data:image/svg+xml;base64," + base64.b64encode(b"<svg/>").decode()
    assert shown == ["## 😀", "Image 1F600", svg, "Image 1F600"]
    shown.clear()
    file = tmp_path / "a.png"
    Image.new("RGB", (4, 4)).save(file)
    pictures.picture("a", str(file))
    pictures.picture("b", str(tmp_path / "b.png"))
    pictures.picture("c", str(tmp_path))
    pictures.picture("d", "openmoji:../a")
    assert shown == [str(file), "Image a", "Image b", "Image c", "Image d"]
    assert named == ["Image 1F600", "Image a"]  # for who cannot see it


def test_a_thumbnail_of_deep_gray_is_no_white_square(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    deep = np.outer(np.ones(64), np.arange(64)).astype(np.uint16) * 1000
    Image.fromarray(deep).save(file)
    uri = pictures._shrunk(str(file), 0)
    assert uri is not None
    with Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))) as small:
        shades = np.asarray(small.convert("L"))
    assert np.abs(shades.astype(int) - (deep >> 8)).max() < 4
    file.write_bytes(file.read_bytes()[:50])
    assert pictures._shrunk(str(file), 1) is None


def test_a_picture_that_is_clicked_moves_the_slider(
    open_page: OpenPage, caption_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page(caption_world, PAGE, image="30")
    assert "Image sample-030" in _named_images(app)
    drawn = pl.concat(
        [f for sheet in frames(app) for f in sheet if {"glyph", "thumbnail"} & set(f.columns)]
    )
    assert sorted(set(drawn["position"])) == list(range(24, 48))
    state: dict[str, object] = {}
    chosen: list[int] = []
    monkeypatch.setattr(pictures.st, "session_state", state)
    state["sheet"] = {"selection": {chart.PICKED: [{"position": 41}]}}
    pictures.take("sheet", chosen.append)
    state["sheet"] = {"selection": {chart.PICKED: []}}
    pictures.take("sheet", chosen.append)
    assert chosen == [41]


def test_small_pictures_of_files_that_can_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Image.new("RGBA", (400, 300), "red").save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    names = ["a.png", "b.png", "gone.png"]
    frame = pl.DataFrame({
        "position": [0, 1, 2], "sample_id": names, "image": [str(tmp_path / n) for n in names],
        "place": [0, 1, 2], "line": [0, 0, 0], "chosen": [True, False, False],
    })  # fmt: skip
    drawn: list[dict[str, Any]] = []
    monkeypatch.setattr(pictures.st, "vega_lite_chart", lambda spec, **_: drawn.append(spec))
    pictures.pick(frame, 0, lambda place: None)
    pictures.pick(frame[1:], 0, lambda place: None)
    (sheet,) = drawn
    ((row,),) = (pl.read_ipc_stream(data).to_dicts() for data in sheet["datasets"].values())
    kind, _, coded = row["thumbnail"].partition(",")
    assert (row["position"], kind) == (0, "data:image/jpeg;base64")
    assert Image.open(io.BytesIO(base64.b64decode(coded))).size == (144, 108)


def test_lengths_a_model_did_not_keep_to_are_told() -> None:
    sets = pl.DataFrame({
        "writer": [None, "Tiny"], "words_asked": [None, 5.0], "words": [60.0, 18.14],
        "words_spread": [1.0, 4.05], "off_length": [None, 49], "n": [50, 50],
    })  # fmt: skip
    assert text.describe_length_adherence(sets) == (
        "**Length adherence:** asked for 5 words, Tiny wrote 18.1 ± 4.0, and 49 of 50 captions "
        "stayed more than 30 % off after a second try."
    )
    assert text.describe_length_adherence(sets[:1]) == ""


def test_signs_in_a_caption_are_no_markup() -> None:
    said = pl.DataFrame({
        "caption_set": ["own"], "words": [3], "control": [True], "caption": ["a $x$ *b*\n:red[c]"]
    })  # fmt: skip
    assert text.quote_captions(said) == (
        "- **own** · 3 words · control  \n  a \\$x\\$ \\*b\\* \\:red\\[c\\]"
    )


def test_density_is_counted_in_what_is_known_of_two_sets() -> None:
    means = pl.DataFrame({
        "dataset_id": ["a", "b", "a"], "pictures": [False, False, False],
        "tokens": [3.0, 5.0, 3.0], "bits": [9.0, None, 9.0],
    })  # fmt: skip
    assert text.list_known_amounts(means, chart.AMOUNTS) == ["words", "tokens"]


def _more_bits(home: Path, text: str, model: str, **changes: object) -> None:
    """Leave a measurement of a model on a set's captions beside those that are there."""
    parts = home / "parts" / "bits"
    known = pl.concat([pl.read_parquet(part) for part in parts.glob("bits-*.parquet")])
    rows = known.filter(text=text, chunk=0).head(1).to_dicts()
    key = "-".join([model, text, *map(str, changes.values())]).replace(" ", "-")
    row = {**rows[0], "unit_key": key, "model_id": model, "nats": 1e4, **changes}
    for chunk, kept in ((0, row), (-1, {**row, "nats": 0.0, "tokens": 0, "bytes": 0,
                                        "documents": 0})):  # fmt: skip
        part = pl.DataFrame([{**kept, "chunk": chunk}])
        part.write_parquet(parts / f"{key}.{chunk:06d}.parquet")


@pytest.mark.parametrize("name", ["caption_overall", "caption_means", "caption_density"])
def test_bits_are_a_mean_over_models_that_were_measured_on_every_set(
    caption_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    home = Path(shutil.copytree(caption_world, tmp_path / "home"))
    monkeypatch.setenv("PRH_DATA", str(home))
    study = _study()
    ask = getattr(queries, name)
    before = ask(study).frame.select("dataset_id", "bits", "tokens").unique().sort("dataset_id")
    assert before.height == 3 and before["bits"].null_count() == 0
    sets = [f"{dataset} captions" for dataset in before["dataset_id"]]
    now = datetime.now(tz=UTC)
    # A model that missed one set, one that was measured in another precision, and older or shorter
    # figures of those that were measured on all.
    _more_bits(home, sets[0], "lang-random")
    _more_bits(home, sets[1], "lang-random")
    for name in sets:
        _more_bits(home, name, "lang-random", dtype="bfloat16")
        _more_bits(home, name, "lang-small", finished_at=now - timedelta(days=9))
        _more_bits(home, name, "lang-large", documents=7, finished_at=now + timedelta(days=1))
    Warehouse(home).publish()
    after = ask(study).frame.select("dataset_id", "bits", "tokens").unique().sort("dataset_id")
    assert after.rows() == before.rows()
    # With the set that it had missed it counts, once for each.
    _more_bits(home, sets[2], "lang-random")
    Warehouse(home).publish()
    after = ask(study).frame.select("dataset_id", "bits").unique().sort("dataset_id")
    size = int(query(home / "results.duckdb", "SELECT max(documents) FROM bits").item())
    for old, new in zip(before["bits"], after["bits"], strict=True):
        assert new == pytest.approx((2 * old + 1e4 / math.log(2) / size) / 3)


def test_nobody_measured_on_every_set_means_no_bits(
    caption_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Path(shutil.copytree(caption_world, tmp_path / "home"))
    for part in (home / "parts" / "bits").glob("*joined*"):
        part.unlink()
    (home / "results.duckdb").unlink()
    Warehouse(home).publish()
    monkeypatch.setenv("PRH_DATA", str(home))
    frame = queries.caption_means(_study()).frame
    assert frame["bits"].null_count() == frame["tokens"].null_count() == frame.height > 0
    assert text.list_known_amounts(frame, chart.AMOUNTS) == ["words"]


def _changed(caption_world: Path, target: Path, *statements: str) -> Path:
    """Return a copy of the world's results, changed."""
    target.mkdir()
    database = target / "results.duckdb"
    database.write_bytes((caption_world / "results.duckdb").read_bytes())
    with edited(database) as connection:
        for statement in statements:
            connection.execute(statement)
    return target


def test_the_answer_is_of_sets_next_to_each_other_and_of_controls(
    open_page: OpenPage, caption_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(caption_world))
    found = finding.find()
    assert found is not None and found.verdict == "yes"
    row = query(
        caption_world / "results.duckdb",
        "FROM caption_differences WHERE vision_model IS NULL AND to_id = 'planted.joined-2'",
    ).row(0, named=True)
    assert f"own captions +{row['difference']:.3f}".replace("0.", ".") in found.sentence
    assert "control: words of other captions" in found.doubt
    assert "2 language models, 2 vision models, 60 images" in found.doubt
    assert "Yes: 2 captions joined against" in told(open_page(caption_world, PAGE))
    assert finding.find(_study()) == found


def test_captions_of_other_images_that_score_as_high_are_said(
    caption_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = _changed(
        caption_world, tmp_path / "a",
        "UPDATE caption_differences SET difference = 0.01, interval_high = 0.05 "
        "WHERE to_id LIKE '%mixed%'",
        "UPDATE caption_sets SET distinct_captions = 41 WHERE dataset_id = 'planted'",
    )  # fmt: skip
    monkeypatch.setenv("PRH_DATA", str(home))
    found = finding.find()
    assert found is not None and found.verdict == "partly"
    assert "captions of other images score no lower (+.010)" in found.sentence
    assert "captions repeat: 41 distinct of 60 in “its own captions”" in found.doubt
    assert "**Captions repeat:** its own captions, 41 distinct of 60." in text.describe_repeats(
        queries.caption_sets(_study().base_id, _study().row_order).frame
    )


def test_neighbors_that_nobody_compared_have_no_interval(
    caption_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A third, longest set is stored against the shortest only, as warehouses were once filled."""
    home = _changed(
        caption_world, tmp_path / "a",
        "INSERT INTO caption_sets BY NAME SELECT * REPLACE ('planted.longest' AS dataset_id, "
        "'longest' AS title, 'longest' AS unit_key, 99.0 AS words, false AS control, "
        "'joined' AS kind) FROM caption_sets WHERE dataset_id = 'planted.joined-2'",
        "INSERT INTO caption_differences BY NAME SELECT * REPLACE ('planted.longest' AS to_id, "
        "score_to + 0.25 AS score_to, difference + 0.25 AS difference, 'longest' AS unit_key) "
        "FROM caption_differences WHERE to_id = 'planted.joined-2'",
    )  # fmt: skip
    monkeypatch.setenv("PRH_DATA", str(home))
    gains = queries.caption_gains(_study()).frame.filter("overall")
    rows = {(row["from_set"], row["to_set"]): row for row in gains.iter_rows(named=True)}
    between = rows["2 captions joined", "longest"]
    assert between["difference"] == pytest.approx(0.25)
    assert between["adjacent"] and between["interval_low"] is None
    assert not rows["its own captions", "longest"]["adjacent"]
    assert rows["its own captions", "2 captions joined"]["adjacent"]
    found = finding.find()
    assert found is not None and found.verdict == "partly"
    assert "longest against 2 captions joined +.250 (untested)" in found.sentence
    drawn = chart.gains(gains.filter("adjacent")).to_dict()
    assert len(drawn["layer"]) == 6


def test_where_no_trained_pair_is_scored_the_page_says_so(
    open_page: OpenPage, caption_world: Path, tmp_path: Path
) -> None:
    untrained = _changed(caption_world, tmp_path / "a", "UPDATE models SET trained = false")
    app = open_page(untrained, PAGE)
    assert not app.exception and not app.get("vega_lite_chart")
    assert "No pair of a trained language and a trained vision model" in app.info[0].value
    made = _changed(
        caption_world, tmp_path / "b",
        "DELETE FROM caption_differences", "DELETE FROM averaged_scores",
    )  # fmt: skip
    app = open_page(made, PAGE)
    assert not app.exception
    assert app.info[0].value == (
        "The warehouse is here, but none of its 3 caption sets was scored with a trained language "
        "and a trained vision model yet."
    )
    assert text.describe_unscored(1).startswith("its one caption set was not scored")


def test_a_chart_of_nothing_is_still_a_chart() -> None:
    frame = pl.DataFrame(schema={
        "caption_set": pl.String, "words": pl.Float64, "alignment": pl.Float64,
        "vision_label": pl.String, "control": pl.Boolean, "written_by": pl.String,
        "distinct_captions": pl.Int64,
    })  # fmt: skip
    drawn = chart.density(
        frame, amount="words", measure="m", reference=None, by="vision_label"
    ).to_dict()
    assert len(drawn["layer"]) == 3


@pytest.mark.parametrize("image", ["60", "-1", "999", "first"])
def test_an_image_that_is_not_there_is_said(
    open_page: OpenPage, caption_world: Path, image: str
) -> None:
    app = open_page(caption_world, PAGE, image=image)
    assert not app.exception
    assert "which is not here; showing “0”" in " ".join(box.value for box in app.info)


def test_models_and_controls_differ_in_marker(caption_world: Path, open_page: OpenPage) -> None:
    app = open_page(caption_world, PAGE, lines="mean over language models")
    layers = json.loads(app.get("vega_lite_chart")[0].proto.spec)["layer"]  # type: ignore[attr-defined]
    shapes = [
        layer["encoding"]["shape"]["scale"] for layer in layers if "shape" in layer["encoding"]
    ]
    assert [len(scale["domain"]) for scale in shapes] == [2, 1]
    assert len(set(shapes[0]["range"])) == 2
    assert [mark["mark"]["filled"] for mark in layers if "shape" in mark["encoding"]] == [
        True, False,
    ]  # fmt: skip


def _named_images(app: AppTest) -> list[str]:
    """Return what is said below images: below a drawing, or where there is none to show."""
    drawn = [name for one in app.get("image") for name in one.captions]  # type: ignore[attr-defined]
    return [*drawn, *(caption.value for caption in app.caption)]


def _study() -> queries.CaptionStudy:
    row = queries.caption_studies().frame.row(0, named=True)
    return queries.CaptionStudy.of(row)

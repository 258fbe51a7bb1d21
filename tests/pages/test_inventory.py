"""Where the app opens: the hypothesis, headline results, the paper's figures, and what is here."""

import itertools
import shutil
from pathlib import Path

import polars as pl
import pytest

from pages import PAGES
from pages.inventory import chart, queries, text
from pages.inventory.headlines import _TOLD, Headline, draw_thumbnail, headlines
from pages.ui import export, palette
from pages.ui.charts.finish import titled
from pages.ui.findings import BADGES
from tests.pages.conftest import OpenPage
from tests.pages.shown import frames, told
from tests.worlds import edited, query

START = "inventory"
_INKS = {True: palette.INK_ON_DARK, False: palette.INK_ON_LIGHT}


def numbers(one: Headline) -> list[pl.DataFrame]:
    """Return what a small picture draws."""
    return [pl.DataFrame(rows) for rows in one.picture.to_dict()["datasets"].values()]


def damaged(world: Path, home: Path, *commands: str) -> Path:
    """Copy a world and change rows of its warehouse."""
    target = Path(shutil.copy(world / "results.duckdb", home))
    with edited(target) as connection:
        for command in commands:
            connection.execute(command)
    return home


def test_the_hypothesis_is_told_whatever_is_here(
    open_page: OpenPage, empty_world: Path, tmp_path: Path
) -> None:
    for home in (empty_world, tmp_path):
        app = open_page(home, START)
        assert "Platonic Representation Hypothesis" in told(app)
        assert "https://arxiv.org/abs/2405.07987" in told(app)
        assert not app.get("vega_lite_chart")


def test_headline_results_are_the_answers_of_their_pages(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, START)
    assert not app.exception
    found = headlines()
    assert [one.topic for one in found] == ["alignment", "color", "competence"]
    assert len(frames(app)) == 1 and len(app.get("image")) == len(found)
    badges = [text for text in (block.value for block in app.markdown) if "-badge[" in text]
    for one in found:
        assert any(BADGES[one.finding.verdict] in badge for badge in badges)
        page = open_page(world, one.topic, **one.address)
        assert not page.exception
        assert not [box.value for box in page.info if "which is not here" in box.value]
        shown = told(page).replace("\\", "")
        assert one.finding.after_badge() in shown or one.finding.sentence in shown


def test_captions_are_a_headline_where_they_were_compared(
    open_page: OpenPage, caption_world: Path
) -> None:
    app = open_page(caption_world, START)
    assert not app.exception
    (one,) = [one for one in headlines() if one.topic == "captions"]
    words = [frame for frame in numbers(one) if "x" in frame.columns]
    there = query(
        caption_world / "results.duckdb",
        "SELECT DISTINCT words FROM caption_sets WHERE NOT control AND NOT pictures ORDER BY 1",
    )
    assert words[0]["x"].sort().to_list() == pytest.approx(there["words"].to_list())
    page = told(open_page(caption_world, "captions")).replace("\\", "")
    assert one.finding.sentence in page or one.finding.after_badge() in page


def test_the_pictures_of_headlines_are_small_and_of_the_same_numbers(
    open_page: OpenPage, world: Path
) -> None:
    assert not open_page(world, START).exception
    dots = max(numbers(headlines()[0]), key=len)
    assert dots.height == 16
    there = query(
        world / "results.duckdb",
        "SELECT score FROM language_vision_alignment WHERE metric = 'mutual_knn' AND k = 10 "
        "AND truncation = 'exact'",
    )
    assert sorted(dots["alignment"]) == pytest.approx(sorted(there["score"]))
    assert set(dots["who"]) == {"trained", "untrained"}


def test_every_small_picture_is_drawn(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRH_DATA", str(world))
    there = [one for one in (tell() for tell in _TOLD) if one is not None]
    assert len(there) == 4
    for one in there:
        drawn = export.svg(titled(one.picture, one.topic, []))
        assert drawn.count(b'aria-roledescription="point"') >= 1, one.topic
    for one, (dark, ink) in itertools.product(there, _INKS.items()):
        drawn = draw_thumbnail(one, dark=dark)
        assert drawn.startswith("<svg") and drawn.count('aria-roledescription="point"') >= 1
        assert f'fill="{ink}"' in drawn and 'fill="white"' not in drawn
    rows = pl.DataFrame(
        {"label": ["Two photographs, of scikit-learn's \"pictures\"", "Model"],
         "trained": [True, False], "x": [0.8, 0.3], "low": [0.7, 0.1], "high": [0.9, 0.5]}
    )  # fmt: skip
    drawn = export.svg(titled(chart.small_rows(rows, across="ρ"), "Rows", []))
    assert drawn.count(b'aria-roledescription="point"') == 2
    assert b"Two photographs," in drawn and b"Model" in drawn


def states(home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, str, str | None]]:
    monkeypatch.setenv("PRH_DATA", str(home))
    rows = queries.figures().frame.select("figure", "state", "detail", "command").iter_rows()
    return {figure: (state, detail, command) for figure, state, detail, command in rows}


def test_every_figure_has_a_state_and_a_page(
    world: Path, caption_world: Path, empty_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = states(world, monkeypatch)
    assert list(full) == [
        "Fig. 2", "Fig. 3", "Fig. 4", "Fig. 8", "Fig. 9", "Fig. 10", "Fig. 11", "Fig. 12",
        "Figs. 13, 14", "Section 4, App. F",
    ]  # fmt: skip
    state, _, command = full.pop("Fig. 9")
    assert state == "not yet" and command and command.startswith("prh captions")
    assert {state for state, _, _ in full.values()} == {"measured here"}
    assert {command for _, _, command in full.values()} == {None}
    assert full["Fig. 3"][1].startswith("pairs of trained models: 9 · language models with bits")
    assert full["Fig. 2"][1] == "vision models compared: 4 · with competence known: 4"
    state, detail, command = states(caption_world, monkeypatch)["Fig. 9"]
    assert (state, detail, command) == ("measured here", "caption sets scored: 2", None)
    nothing = states(empty_world, monkeypatch)
    assert {state for state, _, _ in nothing.values()} == {"not yet"}
    assert all(command and command.startswith("prh ") for _, _, command in nothing.values())
    assert set(queries.figures().frame["topic"]) <= {page.topic for page in PAGES}


def test_published_numbers_are_not_called_measured(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = damaged(
        world, tmp_path,
        "INSERT INTO imported_scores BY NAME SELECT DISTINCT ON (model_x, model_y) unit_key, "
        "run_id, model_x, model_y, dataset_id, 'unknown' AS row_order, pooling_x, prompt_x, "
        "pooling_y, prompt_y, metric, k, truncation, n, normalized, score, null_mean, "
        "'a table' AS collection, 'a paper' AS source, finished_at AS imported_at FROM scores "
        "WHERE metric = 'mutual_knn' AND model_x LIKE 'lang%' AND model_y LIKE 'vis%'",
        "DELETE FROM scores",
    )  # fmt: skip
    found = states(home, monkeypatch)
    assert found["Fig. 3"][0] == found["Fig. 4"][0] == "published numbers only"
    assert "published: 9 and 3" in found["Fig. 3"][1] and found["Fig. 3"][2] == "prh demo"
    assert found["Fig. 10"][0] == found["Fig. 2"][0] == "not yet"


def test_a_word_for_one_is_singular() -> None:
    assert text.count(1, "model") == "1 model" and text.count(2, "model") == "2 models"
    row = {
        "model": "M", "modality": "vision", "family": "F", "objective": "o", "training_data": "d",
        "parameters": 1_065_314_304, "weights": "trained", "layers": 1, "datasets": 1, "scores": 1,
        "partners": 1, "closest_score": None, "closest_measure": None, "closest_model": None,
        "closest_dataset": None, "skills": 1, "known_skills": "s -0.50", "source": "s",
        "revision": "r", "license": "l", "citation": "c", "model_id": "m",
    }  # fmt: skip
    said = text.describe_model(row)
    assert "F · 1.07 billion parameters · 1 layer]" in said
    assert "1 with 1 model]" in said and "s −0.50" in said
    for plural in ("1 layers", "1 models", "1 scores"):
        assert plural not in said


def test_cards_tell_what_is_known_of_a_model(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, START, here="Models")
    shown = told(app)
    best = query(
        world / "results.duckdb",
        "SELECT language_label, score FROM language_vision_alignment WHERE metric = 'mutual_knn' "
        "AND k = 10 AND vision_model = 'vis-large' ORDER BY score DESC LIMIT 1",
    ).row(0)
    assert f"closest language model {best[0]}, {best[1]:.3f} (mutual k-NN (k = 10)" in shown
    skills = query(world / "results.duckdb", "FROM skills WHERE model_id = 'vis-large'").height
    assert f"**Skills** {skills}, among them: " in shown
    assert told(app).count("** · vision") == told(app).count("** · language") == 4


def test_a_search_and_a_family_narrow_the_cards(open_page: OpenPage, world: Path) -> None:
    app = open_page(world, START, here="Models", q="LARGE lang")
    assert told(app).count("** · language") == 1 and told(app).count("** · vision") == 0
    app = open_page(world, START, here="Models", family="Vis A")
    assert told(app).count("** · vision") == 2 and told(app).count("** · language") == 0
    app = open_page(world, START, here="Models", q="zebra")
    assert "No model here is like that. Fewer letters find more." in [b.value for b in app.info]


@pytest.mark.parametrize("here", ["Datasets", "Last runs"])
def test_datasets_and_runs_are_tables(open_page: OpenPage, world: Path, here: str) -> None:
    app = open_page(world, START, here=here)
    assert not app.exception and len(app.dataframe) == 1
    asked = {"Datasets": queries.datasets, "Last runs": queries.runs}[here]
    assert app.dataframe[0].value.shape[0] == asked().frame.height > 0


def test_cards_come_two_dozen_at_a_time() -> None:
    assert text.list_pages(0) == ["1–0"] and text.list_pages(24) == ["1–24"]
    assert text.list_pages(60) == ["1–24", "25–48", "49–60"]
    many = pl.DataFrame({"model": [str(i) for i in range(60)]})
    picked = [text.pick_page(many, page)["model"].to_list() for page in text.list_pages(60)]
    assert sum(picked, []) == many["model"].to_list()
    assert [len(names) for names in picked] == [24, 24, 12]


def test_a_card_shows_markup_as_it_is_written(
    open_page: OpenPage, world: Path, tmp_path: Path
) -> None:
    home = damaged(
        world, tmp_path,
        "UPDATE models SET label = '[click](http://evil.example) <b>x</b>', "
        "license = '![pixel](http://evil.example/p.png)' WHERE model_id = 'vis-large'",
    )  # fmt: skip
    app = open_page(home, START, here="Models")
    assert not app.exception
    assert "](http://evil" not in told(app) and "<b>" not in told(app)
    assert r"\[click\]" in told(app)


@pytest.mark.parametrize("datasets", [1, 3, 12])
def test_names_of_datasets_keep_apart(
    world: Path, monkeypatch: pytest.MonkeyPatch, datasets: int
) -> None:
    monkeypatch.setenv("PRH_DATA", str(world))
    one = queries.coverage().frame
    names = [f"A long title of pairs number {i}: words shuffled of their definitions, once more"
             for i in range(datasets)]  # fmt: skip
    many = pl.concat([one.with_columns(dataset=pl.lit(name)) for name in names])
    drawing = chart.coverage(many)
    data = drawing.to_dict(validate=False)["datasets"]
    (rows,) = [rows for rows in data.values() if "column" in rows[0]]
    columns = {row["column"] for row in rows}
    assert len(columns) == datasets
    assert {row["long"] for row in rows} >= {"3 layers", "4 layers"}
    drawn = export.svg(titled(drawing, "Coverage", []))
    flat = 600 / datasets >= 200
    assert (b"rotate(-90)" in drawn) != flat

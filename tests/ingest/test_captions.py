"""Caption sets: what they hold, what is refused, and sets scored through the real command line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ingest.catalog import load_catalog
from ingest.datasets import Dataset, open_dataset
from ingest.datasets.caption_sets import CaptionSet, build_sets, parse_set, with_captions
from ingest.errors import CaptionSetError, MissingCaptionError
from ingest.experiments.captions import summaries
from ingest.experiments.captions.plan import plan_sets
from ingest.experiments.captions.summaries import BATCH, write_summaries
from ingest.extract.loaded import Causal, LoadedLanguage, Turn
from ingest.pipeline.run import Run
from ingest.progress import Silent
from ingest.store.workspace import Workspace
from tests.ingest import tiny
from tests.ingest.command import prh
from tests.ingest.rich_study import write_rich
from tests.worlds import query


def opened(catalog: Path) -> Dataset:
    return open_dataset(load_catalog([catalog]).dataset("rich"))


def made(folder: Path, *names: str, empty: str | None = None) -> dict[str, CaptionSet]:
    base = opened(write_rich(folder, empty=empty))
    return {one.spec.name: one for one in build_sets(base, names, open_dataset)}


def test_captions_are_joined_and_columns_read(tmp_path: Path) -> None:
    found = made(tmp_path, "own", "joined:3", "column:label")
    assert found["own"].dataset.record.id == "rich"
    joined = found["joined:3"].dataset
    assert joined.captions[7] == (
        "thing 7 seen for the first time thing 7 seen for the second time "
        "thing 7 seen for the third time"
    )
    assert joined.record.id == "rich.joined-3"
    assert found["column:label"].dataset.captions[7] == "thing 2"
    for one in found.values():
        assert one.dataset.row_order == found["own"].dataset.row_order
        assert one.dataset.image_hash == found["own"].dataset.image_hash
    assert len({one.dataset.caption_hash for one in found.values()}) == 3


def test_controls_keep_what_they_say_they_keep(tmp_path: Path) -> None:
    found = made(tmp_path, "first:4@joined:3", "shuffled@joined:3", "mixed@joined:3", "shuffled")
    whole = found["joined:3"].dataset.captions
    assert found["first:4@joined:3"].dataset.captions[5] == "thing 5 seen for"
    shuffled = found["shuffled@joined:3"].dataset.captions
    assert [sorted(a.split()) for a in shuffled] == [sorted(b.split()) for b in whole]
    assert sum(a == b for a, b in zip(shuffled, whole, strict=True)) == 0
    mixed = found["mixed@joined:3"]
    assert mixed.words.tolist() == found["joined:3"].words.tolist()
    assert sorted(" ".join(mixed.dataset.captions).split()) == sorted(" ".join(whole).split())
    assert found["shuffled@own"].spec.parent == "own"
    assert all(one.is_control == ("@" in name) for name, one in found.items())


def test_pictures_show_less_and_captions_stay(tmp_path: Path) -> None:
    found = made(tmp_path, "pixels:4", "blur:2", "gray", "own")
    plain = np.asarray(found["own"].dataset.image(3), np.float64)
    gray = np.asarray(found["gray"].dataset.image(3))
    assert (gray[..., 0] == gray[..., 1]).all()
    for name in ("pixels:4", "blur:2"):
        shown = np.asarray(found[name].dataset.image(3), np.float64)
        assert shown.shape == plain.shape
        assert shown.var() < 0.5 * plain.var()
    hashes = {one.dataset.image_hash for one in found.values()}
    assert len(hashes) == 4
    assert {one.dataset.caption_hash for one in found.values()} == {
        found["own"].dataset.caption_hash
    }


def test_another_caption_is_read_alone_and_a_text_alone_has_none(tmp_path: Path) -> None:
    found = made(tmp_path, "caption:2")
    second = found["caption:2"]
    assert second.dataset.captions[7] == "thing 7 seen for the second time"
    assert second.dataset.record.id == "rich.caption-2"
    assert second.is_control and second.spec.parent == "own"
    single = open_dataset(load_catalog([tmp_path / "mine.toml"]).dataset("noise"))
    for name in ("caption:2", "joined:2"):
        with pytest.raises(MissingCaptionError, match=r"'noise'.*has 1 caption, but number 1"):
            build_sets(single, [name], open_dataset)


def test_second_views_of_pictures_keep_what_they_show(tmp_path: Path) -> None:
    found = made(tmp_path, "mirror", "crop:50", "crop:100")
    plain = np.asarray(opened(tmp_path / "mine.toml").image(3), np.float64)
    mirrored = np.asarray(found["mirror"].dataset.image(3), np.float64)
    assert (mirrored == plain[:, ::-1]).all()
    assert (np.asarray(found["crop:100"].dataset.image(3), np.float64) == plain).all()
    cut = np.asarray(found["crop:50"].dataset.image(3), np.float64)
    assert cut.shape == plain.shape and not (cut == plain).all()
    assert abs(cut[12, 12] - plain[12, 12]).max() < abs(cut[0, 0] - plain[0, 0]).max()
    assert found["mirror"].dataset.image_hash != found["crop:50"].dataset.image_hash


@pytest.mark.parametrize(
    ("name", "error", "named"),
    [
        ("caption", CaptionSetError, "expected a number above zero"),
        ("caption:2@own", CaptionSetError, "is made of no other"),
        ("caption:4", CaptionSetError, "Caption set 'caption:4'.*no row"),
        ("crop:101", CaptionSetError, "at most 100 %"),
        ("louder:3", CaptionSetError, "expected a set of kind own, joined"),
        ("joined", CaptionSetError, "joined: expected a number above zero, as in joined:5"),
        ("first:none@own", CaptionSetError, "expected a number above zero"),
        ("joined:0", CaptionSetError, "expected a number above zero"),
        ("column", CaptionSetError, "expected a column, as in column:definition"),
        ("joined:2@own", CaptionSetError, "is made of no other"),
        ("joined:4", CaptionSetError, "Caption set 'joined:4'.*no row"),
        ("column:color", CaptionSetError, "Caption set 'column:color'.*no column 'color'"),
        ("summary:5", CaptionSetError, "written by a model"),
    ],
)
def test_what_is_no_set_is_refused(
    name: str, error: type[Exception], named: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=named):
        made(tmp_path, name)


def test_an_empty_caption_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingCaptionError, match=r"'column:label'.*006\.png is empty"):
        made(tmp_path, "column:label", empty="006.png")


def test_captions_that_do_not_fit_the_images_are_named(tmp_path: Path) -> None:
    base = opened(write_rich(tmp_path))
    with pytest.raises(MissingCaptionError, match="23 captions for 24 images"):
        with_captions(parse_set("joined:2"), base, base.captions[1:])


def test_an_image_with_two_captions_where_one_is_asked_for_is_named(tmp_path: Path) -> None:
    catalog = write_rich(tmp_path)
    with (tmp_path / "rich.csv").open("a", encoding="utf-8") as file:
        file.write("004.png,1,said twice,thing\n")
    base = opened(catalog)
    with pytest.raises(CaptionSetError, match=r"'joined:2'.*more than one caption row: 004\.png"):
        build_sets(base, ["joined:2"], open_dataset)


SETS = ("column:label", "own", "joined:3", "shuffled@joined:3", "gray")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Return a data folder and the command that filled it."""
    folder = tmp_path_factory.mktemp("captions")
    catalog = write_rich(folder / "study")
    words = [
        "captions", "--catalog", str(catalog), "--dataset", "rich", "--models",
        "conv-a,conv-b,letters-a,letters-b", "--k", "5", "--permutations", "9",
        "--data", str(folder / "data"), *(word for name in SETS for word in ("--set", name)),
    ]  # fmt: skip
    catalog.write_text(catalog.read_text(encoding="utf-8").replace(
        "trained = false", "trained = true"), encoding="utf-8")  # fmt: skip
    finished = prh(*words)
    assert finished.returncode == 0, finished.stderr
    return folder / "data", words


def ask(home: Path, sql: str) -> pl.DataFrame:
    return query(home / "results.duckdb", sql)


def test_every_set_is_scored_against_the_same_pictures(study: tuple[Path, list[str]]) -> None:
    home, _ = study
    scores = ask(home, "SELECT dataset_id, count(*) AS n FROM scores GROUP BY ALL ORDER BY 1")
    assert dict(scores.iter_rows()) == {
        "rich": 4, "rich.column-label": 4, "rich.gray": 4, "rich.joined-3": 4,
        "rich.shuffled-joined-3": 4,
    }  # fmt: skip
    features = ask(
        home, "SELECT dataset_id, model_id FROM feature_sets WHERE model_id LIKE 'conv%'"
    )
    # The pictures are seen once, and once more where they are changed.
    assert sorted(set(features["dataset_id"])) == ["rich", "rich.gray"]
    sets = ask(home, "FROM caption_sets ORDER BY name")
    assert sets["name"].to_list() == sorted(SETS)
    joined = sets.filter(pl.col("name") == "joined:3").row(0, named=True)
    assert (joined["words"], joined["distinct_captions"]) == (21.0, 24)
    assert sets.filter(pl.col("name") == "column:label")["distinct_captions"].item() == 5


def test_differences_are_of_the_stored_scores(study: tuple[Path, list[str]]) -> None:
    home, _ = study
    differences = ask(home, "FROM caption_differences WHERE vision_model IS NULL")
    pairs = set(zip(differences["from_id"], differences["to_id"], strict=True))
    assert pairs == {
        ("rich.column-label", "rich"), ("rich.column-label", "rich.joined-3"),
        ("rich.joined-3", "rich.shuffled-joined-3"), ("rich", "rich.gray"),
        ("rich", "rich.joined-3"),
    }  # fmt: skip
    means = dict(ask(home, "SELECT dataset_id, avg(score) FROM scores GROUP BY ALL").iter_rows())
    for row in differences.iter_rows(named=True):
        expected = means[row["to_id"]] - means[row["from_id"]]
        assert row["difference"] == pytest.approx(expected)
        assert row["interval_low"] <= row["difference"] <= row["interval_high"]
        assert (row["language_models"], row["vision_models"]) == (2, 2)


def test_a_second_run_does_nothing(study: tuple[Path, list[str]]) -> None:
    home, words = study
    before = ask(home, "FROM caption_differences ORDER BY ALL")
    finished = prh(*words)
    assert "Units of work: 0 done" in finished.stderr
    assert ask(home, "FROM caption_differences ORDER BY ALL").equals(before)


def test_sets_are_checked_before_a_model_is_loaded(study: tuple[Path, list[str]]) -> None:
    _, words = study
    finished = prh(*words, "--set", "joined:4")
    assert finished.returncode == 1
    assert "Caption set 'joined:4'" in finished.stderr
    assert "Loading" not in finished.stderr
    again = prh(*words, "--set", "own")
    assert "own is asked for twice" in again.stderr


class Talker:
    """Stands in for an instruct model: says too much at first, and what it is told to say after."""

    def __init__(self) -> None:
        """Listen from now on."""
        self.conversations: list[Sequence[Turn]] = []

    def __call__(self, conversations: Sequence[Sequence[Turn]], longest: int) -> list[str]:
        """Answer, as `Causal.answer` does."""
        self.conversations += conversations
        return [self.said(turns) for turns in conversations]

    def said(self, turns: Sequence[Turn]) -> str:
        """Return the answer to one conversation."""
        caption = turns[1].content.rpartition(": ")[2]
        if caption.startswith("mute"):
            return ""
        if len(turns) == 2 or caption.startswith("stubborn"):
            return f'"{caption} and on and on and on and on and on"\nMore.'
        return f"{caption} now"


@pytest.fixture
def talker(monkeypatch: pytest.MonkeyPatch) -> Talker:
    """Return the model every record loads as."""
    found = Talker()
    nothing: Any = None
    causal = Causal(nothing, nothing, None, answer=found)
    loaded = LoadedLanguage(None, nothing, nothing, None, 0, "1", causal=causal)
    monkeypatch.setattr("ingest.extract.loaders.load", lambda record, place: loaded)
    return found


def test_a_summary_of_the_wrong_length_is_asked_for_once_more(
    talker: Talker, tmp_path: Path
) -> None:
    writer = tiny.model("language", "module")
    with Run(Workspace(tmp_path)) as run:
        found = write_summaries(run, ["a red cat", "stubborn mule"], 4, writer, Silent())
    assert found.captions == [
        "a red cat now", "stubborn mule and on and on and on and on and on",
    ]  # fmt: skip
    assert (found.retried, found.off_length) == (2, 1)
    system, user = talker.conversations[0]
    assert "to about 4 words" in system.content  # N stands in the system prompt (paper, Fig. 9)
    assert "especially from the start of the description" in system.content
    assert user.content == "a red cat"
    assert "4" not in user.content and found.instructions == system.content
    assert talker.conversations[2][3].content == "That was 13 words. Write it again in 4 words, " \
        "on one line."  # fmt: skip


def test_summaries_are_kept_one_by_one_and_not_asked_for_again(
    talker: Talker, tmp_path: Path
) -> None:
    writer, captions = tiny.model("language", "module"), [f"cat {i}" for i in range(BATCH + 3)]
    with Run(Workspace(tmp_path)) as run, pytest.raises(CaptionSetError, match="wrote nothing"):
        write_summaries(run, [*captions, "mute"], 3, writer, Silent())
    before = len(talker.conversations)
    with Run(Workspace(tmp_path)) as run:
        found = write_summaries(run, captions, 3, writer, Silent())
    # The first batch was stored before the second one failed.
    assert len(talker.conversations) == before + 2 * 3
    assert found.captions == [f"{caption} now" for caption in captions]


def test_the_system_prompt_and_the_precision_name_a_summary(
    talker: Talker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = tiny.model("language", "module")

    def asked(**how: str) -> int:
        before = len(talker.conversations)
        with Run(Workspace(tmp_path)) as run:
            write_summaries(run, ["stubborn {words} mule"], 3, writer, Silent(), **how)
        return len(talker.conversations) - before

    assert asked(dtype="float32") == 2  # the second is the one more
    assert asked(device="cpu") == 0
    monkeypatch.setattr(summaries, "INSTRUCTIONS", "Say it in {words} words.")
    assert asked(device="cpu") == 2
    assert talker.conversations[-1][0].content == "Say it in 3 words."
    assert talker.conversations[-1][1].content == "stubborn {words} mule"
    monkeypatch.setattr(LoadedLanguage, "move", lambda self, place: None)
    assert asked(dtype="bfloat16") == 2


def test_what_cannot_answer_writes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nothing: Any = None
    silent = LoadedLanguage(
        None, nothing, nothing, None, 0, "1", causal=Causal(nothing, nothing, None)
    )
    monkeypatch.setattr("ingest.extract.loaders.load", lambda record, place: silent)
    with Run(Workspace(tmp_path)) as run, pytest.raises(CaptionSetError, match="chat template"):
        write_summaries(run, ["a cat"], 3, tiny.model("language", "module"), Silent())


def test_summaries_become_a_set_of_their_own(talker: Talker, tmp_path: Path) -> None:
    base = opened(write_rich(tmp_path / "study"))
    with Run(Workspace(tmp_path / "data")) as run:
        sets, written = plan_sets(
            run, base, ["summary:8@joined:2", "own"], open_dataset,
            tiny.model("language", "module"), Silent(),
        )  # fmt: skip
        assert [one.spec.name for one in sets] == ["summary:8@joined:2", "own", "joined:2"]
        assert sets[0].dataset.record.id == "rich.summary-8-joined-2"
        assert written["summary:8@joined:2"].writer == "tiny"
        with pytest.raises(CaptionSetError, match="not of another summary"):
            plan_sets(run, base, ["summary:3@summary:8@own"], open_dataset,
                      tiny.model("language", "module"), Silent())  # fmt: skip

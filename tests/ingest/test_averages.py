"""Features of several captions an item, averaged: means, refusals, and the real command line."""

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ingest.datasets import open_dataset
from ingest.errors import (
    DamagedFeatureFileError,
    MissingCaptionError,
    MixedPrecisionError,
    RowOrderError,
)
from ingest.experiments.captions.averages import plan_averaged
from ingest.pipeline.scores.plan import mean_of, open_features
from ingest.store.features import FeatureHeader, FeatureStore, read_layers
from ingest.store.means import read_mean
from prh_core import align
from tests.ingest.command import prh
from tests.ingest.rich_study import write_rich
from tests.ingest.test_captions import ask, opened

ASKED = ("--average", "3", "--average-pictures", "own,mirror,crop:80")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Return a data folder and the command that filled it."""
    folder = tmp_path_factory.mktemp("averages")
    catalog = write_rich(folder / "study")
    words = [
        "captions", "--catalog", str(catalog), "--dataset", "rich", "--models",
        "conv-a,letters-a,letters-b", "--k", "5", "--permutations", "9",
        "--data", str(folder / "data"), *ASKED,
    ]  # fmt: skip
    catalog.write_text(
        catalog.read_text(encoding="utf-8").replace("trained = false", "trained = true"),
        encoding="utf-8",
    )
    finished = prh(*words)
    assert finished.returncode == 0, finished.stderr
    return folder / "data", words


def test_every_number_of_captions_meets_every_number_of_pictures(
    study: tuple[Path, list[str]],
) -> None:
    home, _ = study
    rows = ask(home, "FROM averaged_alignment ORDER BY model_x, samples_x, samples_y")
    assert rows.height == 2 * 3 * 3
    assert set(zip(rows["samples_x"], rows["samples_y"], strict=True)) == {
        (x, y) for x in (1, 2, 3) for y in (1, 2, 3)
    }
    last = rows.filter(samples_x=3, samples_y=2).row(0, named=True)
    assert last["made_of_x"] == ["own", "caption:2", "caption:3"]
    assert last["made_of_y"] == ["own", "mirror"]
    for row in rows.iter_rows(named=True):
        assert row["interval_low"] <= row["interval_high"]
        assert 0 < row["p_value"] <= 1 and row["null_threshold"] is not None
    # Every caption and every picture was seen once by each model, the dataset's own under its id.
    features = ask(
        home, "SELECT model_id, dataset_id, count(*) AS n FROM feature_sets GROUP BY ALL"
    )
    assert features["n"].to_list() == [1] * 9
    assert set(features["dataset_id"]) == {
        "rich", "rich.caption-2", "rich.caption-3", "rich.mirror", "rich.crop-80",
    }  # fmt: skip


def test_a_stored_score_is_that_of_the_mean_of_raw_features(study: tuple[Path, list[str]]) -> None:
    home, _ = study
    rows = ask(home, "FROM averaged_alignment WHERE model_x = 'letters-a'")

    def layers(model: str, sets: list[str]) -> list[np.ndarray]:
        files = [
            next((home / "features" / model).glob(f"rich{end}.????????????????.safetensors"))
            for end in ("" if name == "own" else f".{name.replace(':', '-')}" for name in sets)
        ]
        read = [read_layers(file) for file in files]
        return [np.mean([one[i] for one in read], axis=0) for i in range(len(read[0]))]

    for row in rows.iter_rows(named=True):
        x, y = layers(row["model_x"], row["made_of_x"]), layers(row["model_y"], row["made_of_y"])
        found = align(x, y, k=5, truncate="exact", concatenate=True)
        assert row["score"] == pytest.approx(found.score)
        names = [f"hidden.{i}" for i in range(len(x))]
        assert row["layer_x"] == (names[found.layers[0]] if found.layers[0] < len(x) else None)


def test_one_caption_and_one_picture_is_the_score_of_before(
    study: tuple[Path, list[str]], tmp_path: Path
) -> None:
    home, words = study
    copy = Path(shutil.copytree(home, tmp_path / "data"))
    finished = prh("run", *words[1 : words.index("--data") + 1], copy)
    assert finished.returncode == 0, finished.stderr
    columns = "unit_key, score, p_value, interval_low, selection_free"
    alone = ask(copy, f"SELECT {columns} FROM scores WHERE model_y = 'conv-a' ORDER BY 1")
    first = ask(
        home,
        f"SELECT {columns} FROM averaged_scores WHERE samples_x = 1 AND samples_y = 1 ORDER BY 1",
    )
    assert alone.height == 2 and alone.equals(first)


def test_laws_are_of_the_stored_scores(study: tuple[Path, list[str]]) -> None:
    home, _ = study
    laws = ask(home, "FROM saturation_laws")
    mean = laws.filter(pl.col("model_x").is_null(), along="x", held=1)
    scores = dict(ask(
        home, "SELECT samples_x, avg(score) FROM averaged_scores WHERE samples_y = 1 GROUP BY 1"
    ).iter_rows())  # fmt: skip
    if mean.height:  # scores of a tiny world may all be equal
        assert mean["score_first"].item() == pytest.approx(scores[1])
        assert mean["score_last"].item() == pytest.approx(scores[3])
        assert (mean["models_x"].item(), mean["models_y"].item()) == (2, 1)
    assert laws.height and set(laws["verdict"]) <= {"holds", "does not hold", "inconclusive"}
    assert set(laws.filter(along="both")["free"]) == {4}
    assert laws.filter(pl.col("held").is_null() != (pl.col("along") == "both")).is_empty()


def test_a_second_run_does_nothing(study: tuple[Path, list[str]]) -> None:
    home, words = study
    before = ask(home, "FROM averaged_scores ORDER BY unit_key")
    laws = ask(home, "FROM saturation_laws ORDER BY ALL")
    finished = prh(*words)
    assert "Units of work: 0 done" in finished.stderr
    assert ask(home, "FROM averaged_scores ORDER BY unit_key").equals(before)
    assert ask(home, "FROM saturation_laws ORDER BY ALL").equals(laws)


def test_what_a_killed_run_left_is_kept_and_the_rest_made(
    study: tuple[Path, list[str]], tmp_path: Path
) -> None:
    home, words = study
    copy = Path(shutil.copytree(home, tmp_path / "data"))
    part = sorted((copy / "parts" / "averaged_scores").glob("*.parquet"))[0]
    lost = pl.read_parquet(part).height
    part.unlink()
    for law in (copy / "parts" / "saturation_laws").glob("*.parquet"):
        law.unlink()
    (copy / "results.duckdb").unlink()
    finished = prh(*words[: words.index("--data") + 1], copy, *ASKED)
    assert f"Units of work: {lost} done, {18 - lost + 9} found done" in finished.stderr
    for table, order in (("averaged_scores", "unit_key"), ("saturation_laws", "ALL")):
        sql = f"SELECT * EXCLUDE (run_id, finished_at) FROM {table} ORDER BY {order}"
        assert ask(copy, sql).equals(ask(home, sql))


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ((), "name what to score: --set, --average or --average-pictures"),
        (("--average", "4"), "no row"),
        (("--average", "0"), "a number above zero, or names of sets"),
        (("--average", "own,caption:1"), "caption:1 and own hold the same"),
        (("--average", "own,gray"), "gray: expected sets of captions"),
        (("--average", "own,summary:5@own"), "summaries are not averaged"),
        (("--average", ","), "names of sets to average"),
        (("--average", "2", "--average-pictures", "own,caption:2"), "expected sets of pictures"),
        (("--average-pictures", "3"), "frame:1: dataset 'rich' has no option frame_index"),
        (("--average", "2", "--average-pictures", "own,own"), "own and own hold the same"),
    ],
)
def test_what_cannot_be_averaged_is_refused_before_a_model_is_loaded(
    study: tuple[Path, list[str]], words: tuple[str, ...], named: str
) -> None:
    finished = prh(*study[1][: -len(ASKED)], *words)
    assert finished.returncode == 1 and named in " ".join(finished.stderr.split())
    assert "Loading" not in finished.stderr


def test_a_text_alone_has_no_second_caption(tmp_path: Path) -> None:
    base = opened(write_rich(tmp_path))
    assert plan_averaged(base, "2", "language", open_dataset).names == ("own", "caption:2")
    assert plan_averaged(base, "own", "vision", open_dataset).sets[0].dataset is base
    from ingest.catalog import load_catalog

    single = open_dataset(load_catalog([tmp_path / "mine.toml"]).dataset("noise"))
    with pytest.raises(MissingCaptionError, match="has 1 caption"):
        plan_averaged(single, "2", "language", open_dataset)


def stored(folder: Path, key: str, **changes: object) -> Path:
    rng = np.random.default_rng(len(key))
    fields = {
        "key": key, "model_id": "m", "revision": "1", "dataset_id": key, "dataset_revision": "1",
        "row_order": "o", "n": 6, "pooling": "mean", "prompt": "none", "layer_names": ("a", "b"),
        "widths": (3, 5), "dtype": "float32", "facts": {},
    } | changes  # fmt: skip
    header = FeatureHeader(**fields)  # type: ignore[arg-type]
    layers = {
        name: rng.normal(size=(header.n, width)).astype(np.float32)
        for name, width in zip(header.layer_names, header.widths, strict=True)
    }
    return FeatureStore(folder).write(header, layers)


def test_a_mean_is_of_the_files_and_named_by_them(tmp_path: Path) -> None:
    paths = [stored(tmp_path, key) for key in ("one", "second", "the third")]
    files = [open_features(path) for path in paths]
    mean = mean_of(files)
    wanted = [np.mean([read_layers(p)[i] for p in paths], axis=0) for i in range(2)]
    for found, layer in zip(read_mean(mean.paths), wanted, strict=True):
        assert found.rows.dtype == np.float32 and found.rows == pytest.approx(layer, abs=1e-6)
    assert mean_of(files[:1]) == files[0]
    keys = {mean_of(files[:count]).header.key for count in (1, 2, 3)}
    assert len(keys) == 3 and mean.header.dataset_id == "one"
    same = read_mean([paths[0]] * 3)
    assert all((a.rows == b).all() for a, b in zip(same, read_layers(paths[0]), strict=True))


@pytest.mark.parametrize(
    ("changes", "error", "named"),
    [
        ({"row_order": "other"}, RowOrderError, "same samples in the same order"),
        ({"precision": "bfloat16"}, MixedPrecisionError, "bfloat16"),
        ({"pooling": "last"}, RowOrderError, "model, pooling, prompt and layers"),
        ({"model_id": "other"}, RowOrderError, "cannot be averaged"),
    ],
)
def test_what_is_not_of_one_model_and_the_same_items_has_no_mean(
    tmp_path: Path, changes: dict[str, object], error: type[Exception], named: str
) -> None:
    files = [
        open_features(stored(tmp_path, "one")),
        open_features(stored(tmp_path, "b", **changes)),
    ]
    with pytest.raises(error, match=named):
        mean_of(files)


def test_a_damaged_caption_is_named(tmp_path: Path) -> None:
    paths = [stored(tmp_path, "one"), stored(tmp_path, "second")]
    content = bytearray(paths[1].read_bytes())
    content[-3] ^= 255
    paths[1].write_bytes(content)
    with pytest.raises(DamagedFeatureFileError, match="does not match its checksum"):
        read_mean(paths)

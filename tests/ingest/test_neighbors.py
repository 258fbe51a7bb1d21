"""`prh neighbors`: what is stored of a score is what it counted, and nothing is done twice."""

import io
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from ingest.errors import MissingScoresError
from ingest.experiments.neighbors.plan import Choices, plan_neighbors
from ingest.experiments.neighbors.thumbnails import PIXELS, shrunk
from ingest.experiments.neighbors.traits import picture_statistics
from ingest.pipeline.stored import stored_dataset
from ingest.store.features import read_layers
from ingest.store.workspace import Workspace
from prh_core.errors import NeighborCountError
from prh_core.prepare import truncate
from prh_core.types import Layers
from tests.ingest.command import prh
from tests.worlds import query

SCORED = """
FROM sample_agreement AS g
JOIN current_scores AS s
    ON s.features_x = g.features_x AND s.features_y = g.features_y AND s.k = g.k
    AND s.truncation = g.truncation AND s.metric = 'mutual_knn'
"""
"""Each pair that was counted sample by sample, beside its score."""


def _of(home: Path) -> str:
    return str(home / "results.duckdb")


def _layers(home: Path, features: str) -> Layers:
    stored = stored_dataset(Workspace(home), "planted")
    (path,) = (file.path for file in stored.files if file.header.key == features)
    return read_layers(path)


def _cosines(layer: np.ndarray) -> np.ndarray:
    """Return the cosines of every two samples in float64, no sample near itself."""
    rows = np.asarray(layer, np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    table = rows @ rows.T
    np.fill_diagonal(table, -np.inf)
    return table


def test_what_samples_share_is_the_score(world: Path) -> None:
    rows = query(world / "results.duckdb", f"SELECT g.*, s.score, s.layer_x AS best {SCORED}")
    assert rows.height == 16 + 2 * 6  # language with vision, and within each
    assert (rows["layer_x"] == rows["best"]).all()
    for row in rows.iter_rows(named=True):
        assert len(row["shared"]) == row["n"] == 60
        assert sum(row["shared"]) / (row["n"] * row["k"]) == pytest.approx(row["score"], abs=1e-12)


def test_neighbors_are_those_of_a_plain_search(world: Path) -> None:
    asked = "SELECT * FROM neighbor_layers ORDER BY model_id, layer"
    whole = 0
    for one in query(world / "results.duckdb", asked).iter_rows(named=True):
        layers = truncate(_layers(world, one["features"]), "exact")
        together = one["layer"] == len(layers)
        whole += together
        usable = [layer for layer in layers if np.ptp(np.asarray(layer), axis=0).any()]
        tables = [_cosines(layer) for layer in (usable if together else [layers[one["layer"]]])]
        cosines = np.mean(tables, axis=0)
        rows = query(
            world / "results.duckdb",
            f"FROM sample_neighbors WHERE unit_key = '{one['unit_key']}' ORDER BY position",
        )
        found = np.array(rows["neighbors"].to_list())
        expected = np.argsort(-cosines, axis=1, kind="stable")[:, : one["k"]]
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_allclose(
            np.array(rows["similarities"].to_list()),
            np.take_along_axis(cosines, expected, axis=1),
            atol=1e-5,
        )
        assert np.isfinite(rows.select("x", "y").to_numpy()).all() and one["map_method"] == "umap"
    assert whole


def test_the_view_tells_each_sample_its_share(world: Path) -> None:
    rows = query(world / "results.duckdb", "FROM agreement_by_sample")
    first = rows.filter(pl.col("unit_key") == rows["unit_key"][0]).sort("position")
    (shared,) = query(
        world / "results.duckdb",
        f"SELECT shared FROM sample_agreement WHERE unit_key = '{rows['unit_key'][0]}'",
    )["shared"]
    assert first["shared"].to_list() == shared.to_list()
    assert first["sample_id"].to_list() == [f"sample-{i:03d}" for i in range(60)]


def test_each_picture_is_kept_once(world: Path) -> None:
    # All pictures of the planted world are one black pixel.
    assert query(world / "results.duckdb", "FROM thumbnails").height == 1
    asked = "SELECT count(*) AS n, count(DISTINCT content_hash) AS kinds FROM sample_thumbnails"
    assert query(world / "results.duckdb", asked).row(0) == (60, 1)


def test_a_small_picture_shows_the_large_one() -> None:
    large = Image.linear_gradient("L").resize((400, 200)).convert("RGBA")
    row = shrunk(large)
    small = Image.open(io.BytesIO(row["webp"]))
    assert small.format == "WEBP" and small.size == (PIXELS, PIXELS // 2)
    assert (row["width"], row["height"]) == small.size
    other = np.asarray(large.convert("RGB").resize(small.size), float)
    assert np.abs(np.asarray(small.convert("RGB"), float) - other).mean() < 4
    assert shrunk(large) == row and len(row["webp"]) < 1500


def test_what_is_stored_is_skipped_and_what_was_cut_off_is_finished(own_world: Path) -> None:
    asked = ["neighbors", "--dataset", "planted", "--score-k", "10", "--data", own_world]
    before = query(own_world / "results.duckdb", "FROM sample_neighbors ORDER BY ALL")
    done = prh(*asked)
    assert done.returncode == 0 and "Layers and pairs: 0 done" in done.stderr
    # A run that was killed between the samples of a layer and the layer itself.
    part = next((own_world / "parts" / "neighbor_layers").iterdir())
    part.unlink()
    (own_world / "results.duckdb").unlink()
    assert prh("publish", "--data", own_world).returncode == 0
    cut = query(own_world / "results.duckdb", "FROM sample_neighbors")
    assert cut.height == before.height - 60 and part.stem not in set(cut["unit_key"])
    done = prh(*asked)
    assert done.returncode == 0 and "Layers and pairs: 1 done" in done.stderr
    again = query(own_world / "results.duckdb", "FROM sample_neighbors ORDER BY ALL")
    assert again.equals(before)
    assert "thumbnails = true" in done.stderr


def test_published_rows_outlive_their_parts(own_world: Path) -> None:
    tables = (
        "neighbor_layers", "sample_neighbors", "sample_agreement", "thumbnails",
        "sample_thumbnails",
    )  # fmt: skip
    before = {name: query(own_world / "results.duckdb", f"FROM {name}") for name in tables}
    for name in tables:
        shutil.rmtree(own_world / "parts" / name)
    assert prh("publish", "--data", own_world).returncode == 0
    for name in tables:
        after = query(own_world / "results.duckdb", f"FROM {name}")
        assert after.height == before[name].height > 0, name


def test_every_layer_is_stored_where_asked_for(own_world: Path) -> None:
    done = prh(
        "neighbors", "--dataset", "planted", "--models", "lang-other,vis-small", "--layers", "all",
        "--k", "12", "--score-k", "10", "--data", own_world, "--no-publish",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "block 0 is constant on planted" in done.stderr
    assert prh("publish", "--data", own_world).returncode == 0
    rows = query(own_world / "results.duckdb", "FROM neighbor_layers WHERE k = 12")
    assert rows.height == 3 + 4  # without the constant one, with all layers side by side
    assert set(rows["model_id"]) == {"lang-other", "vis-small"}


def test_a_larger_k_is_asked_for_by_name(own_world: Path) -> None:
    done = prh(
        "neighbors", "--dataset", "planted", "--k", "7", "--models", "lang-large,vis-large",
        "--data", own_world, "--no-publish",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Scores at k = 10 are left out: --k 10" in done.stderr


def test_what_cannot_be_looked_into_is_said(own_world: Path) -> None:
    workspace = Workspace(own_world)
    files = stored_dataset(workspace, "planted").files
    with pytest.raises(NeighborCountError, match="n - 1 = 59"):
        plan_neighbors(workspace.warehouse, files, Choices(k=60))
    with pytest.raises(MissingScoresError, match=r"truncation none.*prh score --dataset planted"):
        plan_neighbors(workspace.warehouse, files, Choices(truncations=("none",)))
    alone = [file for file in files if file.header.model_id == "lang-large"]
    with pytest.raises(MissingScoresError, match="mutual_knn over all samples"):
        plan_neighbors(workspace.warehouse, alone, Choices())
    done = prh("neighbors", "--dataset", "planted", "--models", "nobody", "--data", own_world)
    assert done.returncode == 1 and "no features are stored on planted of nobody" in done.stderr
    done = prh("neighbors", "--dataset", "elsewhere", "--data", own_world)
    assert done.returncode == 1 and "no features are stored on elsewhere" in done.stderr


def test_pictures_are_told_in_numbers_as_an_image_library_tells_them() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (224, 112, 3), dtype=np.uint8)
    told = picture_statistics(Image.fromarray(pixels))
    gray = np.asarray(Image.fromarray(pixels).convert("L"), np.float64) / 255
    assert told["brightness"] == pytest.approx(gray.mean(), abs=3e-3)
    assert told["contrast"] == pytest.approx(gray.std(), abs=3e-3)
    r, g, b = (pixels[..., at].astype(float) / 255 for at in range(3))
    rg, yb = (r - g).ravel(), ((r + g) / 2 - b).ravel()
    expected = np.sqrt(rg.var() + yb.var()) + 0.3 * np.sqrt(rg.mean() ** 2 + yb.mean() ** 2)
    assert told["colorfulness"] == pytest.approx(expected)
    steps = [
        np.hypot(gray[i + 1, j] - gray[i, j], gray[i, j + 1] - gray[i, j])
        for i in range(0, 223, 7) for j in range(0, 111, 7)
    ]  # fmt: skip
    assert told["detail"] == pytest.approx(np.mean(steps), rel=0.1)


def test_a_gray_wall_has_neither_color_nor_contrast() -> None:
    told = picture_statistics(Image.new("RGB", (300, 200), (51, 51, 51)))
    assert told == pytest.approx({"brightness": 0.2, "contrast": 0, "colorfulness": 0, "detail": 0})


def test_classes_are_read_once_and_the_newest_counts(own_world: Path, tmp_path: Path) -> None:
    ids = [f"sample-{i:03d}" for i in range(60)]
    table = tmp_path / "mine.csv"
    table.write_text("id,class\n" + "".join(f"{name},{name[-1]}\n" for name in ids))
    way = ("--dataset", "planted", "--score-k", "10", "--data", str(own_world))
    first = prh("neighbors", *way, "--labels", str(table))
    assert first.returncode == 0, first.stderr
    rows = query(Path(_of(own_world)), "FROM sample_labels ORDER BY position")
    assert rows["label"].to_list() == [name[-1] for name in ids]
    assert set(rows["source"]) == {"mine.csv"}
    wrong = prh("neighbors", *way, "--labels", str(tmp_path / "none.csv"))
    assert wrong.returncode != 0 and "cannot be read as a CSV of classes" in wrong.stderr

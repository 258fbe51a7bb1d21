"""Features of other programs, imported: mended by ids and scored like any, or not stored."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.catalog import load_catalog
from ingest.catalog.records import DatasetRecord
from ingest.datasets import open_dataset
from ingest.errors import DatasetError, MissingCaptionError
from ingest.store.features import read_header
from ingest.store.workspace import Workspace
from prh_core import align
from tests.ingest.command import prh
from tests.ingest.feature_files import BAD
from tests.ingest.own_study import write_study
from tests.worlds import query

N = 40
IDS = np.array([f"thing {i}" for i in range(N)])
CATALOG = """
[[dataset]]
id = "things"
title = "Forty things"
kind = "ids"
source = "made for a test"
revision = "1"
license = "MIT"
citation = "none"
options = { table = "things.csv" }
"""
MODEL = """
[[model]]
id = "{id}"
label = "{id}"
modality = "{modality}"
family = "saved"
objective = "none"
source = "{source}"
revision = "1"
license = "MIT"
loader = "features"
citation = "none"
options = {{ {options} }}
"""


def _layers(seed: int) -> dict[str, np.ndarray]:
    latent = np.random.default_rng(0).normal(size=(N, 4))
    rng = np.random.default_rng(seed)
    return {
        f"block.{i}": (latent @ rng.normal(size=(4, 8)) + rng.normal(size=(N, 8))).astype("f4")
        for i in range(3)
    }


A, B = _layers(1), _layers(2)


def _save(path: Path, layers: dict[str, np.ndarray], rows: Any = slice(None)) -> Path:
    arrays: dict[str, Any] = {name: layer[rows] for name, layer in layers.items()}
    np.savez(path, allow_pickle=False, **arrays, ids=IDS[rows])
    return path


@pytest.fixture
def things(tmp_path: Path) -> Path:
    """Return a folder with the dataset `things`, of names, captions and labels."""
    lines = ["id,caption", *(f"{one},a picture of {one}" for one in IDS)]
    (tmp_path / "things.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "mine.toml").write_text(CATALOG, encoding="utf-8")
    return tmp_path


def _import(folder: Path, *words: object, catalog: bool = True) -> tuple[int, str]:
    more = ("--catalog", folder / "mine.toml") if catalog else ()
    done = prh("import", "features", *words, *more, "--data", folder / "data")
    assert "Traceback" not in done.stderr
    return done.returncode, " ".join(done.stderr.split())


def _score(folder: Path, *words: object) -> list[dict[str, Any]]:
    told = ("--k", 5, "--permutations", 9, "--data", folder / "data")
    done = prh("score", *words, *told)
    assert done.returncode == 0, done.stderr
    asked = "SELECT * FROM scores ORDER BY model_x, model_y"
    return query(folder / "data" / "results.duckdb", asked).to_dicts()


def _stored(folder: Path) -> list[str]:
    data = folder / "data"
    files = [path for path in data.rglob("*") if path.is_file()] if data.exists() else []
    return sorted(path.relative_to(data).as_posix() for path in files if path.suffix != ".lock")


def test_scrambled_rows_are_mended_and_score_as_ordered_ones_to_the_last_bit(things: Path) -> None:
    order = np.random.default_rng(3).permutation(N)
    a, b = _save(things / "a.npz", A, order), _save(things / "b.npz", B)
    code, said = _import(things, a, "--dataset", "things", "--model", "a", "--modality", "language")
    assert code == 0 and "1 done, 0 found done" in said
    assert _import(things, b, "--dataset", "things", "--model", "b", "--label", "The b")[0] == 0
    catalog = ("--catalog", things / "mine.toml")
    (row,) = _score(things, "--dataset", "things", "--models", "a,b", *catalog)
    same = align(
        list(A.values()), list(B.values()), k=5, truncate="exact", permutations=9, layout="lnd",
        concatenate=True, confidence=0.95,
    )  # fmt: skip
    assert row["score"] == same.score
    assert row["p_value"] == same.p_value
    assert (row["model_x"], row["model_y"]) == ("a", "b")
    # The same numbers in another order and another file are the same feature set.
    _save(things / "again.npz", A)
    words = ("--dataset", "things", "--model", "a", "--modality", "language")
    assert "0 done, 1 found done" in _import(things, things / "again.npz", *words)[1]
    again = _score(things, "--dataset", "things", "--models", "a,b", *catalog)
    assert [one["unit_key"] for one in again] == [row["unit_key"]]
    shown = query(
        things / "data" / "results.duckdb",
        "SELECT label, modality, family, dataset_id, layers, n FROM coverage ORDER BY label",
    )
    assert shown.rows() == [
        ("The b", "vision", "imported", "things", 3, N),
        ("a", "language", "imported", "things", 3, N),
    ]


def test_other_numbers_are_another_feature_set_and_the_last_import_counts(things: Path) -> None:
    words = ("--dataset", "things", "--model", "a")
    first = _save(things / "a.npz", A)
    assert _import(things, first, *words)[0] == 0
    assert (
        _import(things, _save(things / "b.npz", B), "--dataset", "things", "--model", "b")[0] == 0
    )
    one = _score(
        things, "--dataset", "things", "--models", "a,b", "--catalog", things / "mine.toml"
    )
    assert _import(things, _save(first, _layers(7)), *words)[0] == 0
    files = list((things / "data" / "features" / "a").iterdir())
    assert len(files) == 2
    two = _score(
        things, "--dataset", "things", "--models", "a,b", "--catalog", things / "mine.toml"
    )
    assert len(one) == 1 and len(two) == 2
    headers = [read_header(path) for path in files]
    assert len({header.revision for header in headers}) == 2
    assert all(header.revision.startswith("sha256:") for header in headers)


def test_without_ids_the_order_has_to_be_said(things: Path) -> None:
    np.save(things / "x.npy", A["block.0"])
    words = (things / "x.npy", "--dataset", "things", "--model", "a")
    code, said = _import(things, *words)
    order = open_dataset(load_catalog([things / "mine.toml"]).dataset("things")).row_order
    assert code == 1 and _stored(things) == []
    assert "x.npy has no ids, so nothing says which row is which sample of things" in said
    assert f"the SHA-256 of its sample ids in order: --row-order {order}" in said
    code, said = _import(things, *words, "--row-order", "0" * 64)
    assert code == 1 and f"000000000000, and that of things is {order[:12]}" in said
    assert _import(things, *words, "--row-order", order)[0] == 0
    np.save(things / "x.npy", A["block.0"][:39])
    code, said = _import(things, *words, "--row-order", order)
    assert code == 1 and "x.npy holds 39 rows, and things 40 samples" in said


def test_the_samples_in_common_are_a_dataset_of_their_own(things: Path) -> None:
    kept = np.arange(5, N)
    scrambled = np.random.default_rng(1).permutation(kept)
    a, b = _save(things / "a.npz", A, scrambled), _save(things / "b.npz", B)
    code, said = _import(things, a, "--dataset", "things", "--model", "a")
    assert code == 1 and _stored(things) == []
    assert "a.npz lacks 5 of things's 40 samples (thing 0, thing 1, thing 2 and 2 more)" in said
    assert "--intersect takes the 35 in common" in said
    code, said = _import(things, a, "--dataset", "things", "--model", "a", "--intersect")
    assert code == 0
    part = next(word.rstrip(":") for word in said.split() if word.startswith("things.common-"))
    code, said = _import(things, b, "--dataset", part, "--model", "b", "--intersect")
    assert code == 0 and "5 rows of other samples left out" in said
    (row,) = _score(things, "--dataset", part, "--models", "a,b", "--catalog", things / "mine.toml")
    parts = [[layer[kept] for layer in side.values()] for side in (A, B)]
    same = align(*parts, k=5, truncate="exact", layout="lnd", concatenate=True)
    assert row["score"] == same.score and row["n"] == 35 and row["dataset_id"] == part
    found = query(things / "data" / "results.duckdb", "SELECT title, n FROM datasets")
    assert found.rows() == [("Forty things: 35 of 40 samples", 35)]


def test_a_dataset_may_be_nothing_but_ids(tmp_path: Path) -> None:
    a, b = _save(tmp_path / "a.npz", A), _save(tmp_path / "b.npz", B, slice(None, None, -1))
    words = ("--dataset", "own-things", "--model")
    code, said = _import(tmp_path, a, *words, "a", catalog=False)
    assert code == 1 and _stored(tmp_path) == []
    assert "There is no dataset 'own-things'" in said and "--new-dataset makes one" in said
    assert _import(tmp_path, a, *words, "a", "--new-dataset", catalog=False)[0] == 0
    assert _import(tmp_path, b, *words, "b", "--new-dataset", catalog=False)[0] == 0
    (row,) = _score(tmp_path, "--dataset", "own-things", "--models", "a,b")
    same = align(
        list(A.values()), list(B.values()), k=5, truncate="exact", layout="lnd", concatenate=True
    )
    assert row["score"] == same.score
    listed = prh("align", a, "--panel", "--dataset", "own-things", "--data", tmp_path / "data",
                 "--json", "--k", 5, "--permutations", 9)  # fmt: skip
    assert [one["model"] for one in json.loads(listed.stdout)["panel"]] == ["a", "b"]
    stored = Workspace(tmp_path / "data").warehouse.path
    assert query(stored, "SELECT sample_id FROM samples ORDER BY position")[
        "sample_id"
    ].to_list() == (IDS.tolist())


def test_nothing_malformed_is_stored(things: Path) -> None:
    for bad in BAD:
        path = things / bad.name
        bad.write(path)
        code, said = _import(things, path, "--dataset", "things", "--model", "a")
        assert code == 1 and bad.name in said, bad.name
        path.unlink()
    flat = {"x": np.ones((N, 3), np.float32)}
    code, said = _import(things, _save(things / "flat.npz", flat), "--dataset", "things",
                         "--model", "a")  # fmt: skip
    assert code == 1 and "flat.npz: all 1 layers are constant" in said
    assert _stored(things) == []


def test_choices_that_make_no_sense_are_sentences(things: Path) -> None:
    a = _save(things / "a.npz", A)
    for words, sentence in (
        (("--model", "bloomz-560m"), "the catalog describes a model 'bloomz-560m'"),
        (("--model", "no/slash"), "a model cannot be called 'no/slash'"),
        (("--model", "a", "--precision", "int8"), "precision should be one of float32, bfloat16"),
    ):
        code, said = _import(things, a, "--dataset", "things", *words)
        assert code == 1 and sentence in said
    assert _stored(things) == []


def test_a_record_of_saved_features_is_extracted_and_scored_like_any(things: Path) -> None:
    _save(things / "a.npz", A, np.random.default_rng(3).permutation(N))
    np.save(things / "b.npy", np.stack(list(B.values()), axis=1))
    (things / "ids.txt").write_text("\n".join(IDS) + "\n", encoding="utf-8")
    records = MODEL.format(id="a", modality="language", source="a.npz", options="")
    beside = 'ids = "ids.txt", layout = "nld"'
    records += MODEL.format(id="b", modality="vision", source="b.npy", options=beside)
    (things / "mine.toml").write_text(CATALOG + records, encoding="utf-8")
    study = ("--catalog", things / "mine.toml", "--dataset", "things", "--models", "a,b")
    data = ("--data", things / "data")
    done = prh("extract", *study, *data)
    assert done.returncode == 0 and "2 done, 0 found done" in done.stderr, done.stderr
    (row,) = _score(things, *study)
    same = align(
        list(A.values()), list(B.values()), k=5, truncate="exact", layout="lnd", concatenate=True
    )
    assert row["score"] == same.score and row["model_x"] == "a"
    # --pooling asks networks to pool otherwise; what was saved stays as it is.
    assert "2 found done" in prh("extract", *study, "--pooling", "last", *data).stderr
    _save(things / "a.npz", _layers(9))
    assert "1 done, 1 found done" in prh("extract", *study, *data).stderr
    for command, words, sentence in (
        (
            "extract",
            ("--dtype", "bfloat16"),
            "was computed in float32, and the study is in bfloat16",
        ),
        ("bits", (), "there is no network to run here"),
    ):
        asked = study if command == "extract" else (*study[:-1], "a")
        refused = prh(command, *asked, *words, *data)
        assert refused.returncode == 1 and sentence in " ".join(refused.stderr.split())


def _opened(folder: Path, table: str, **options: str) -> Any:
    (folder / "t.csv").write_text(table, encoding="utf-8")
    texts = ("title", "source", "revision", "license", "citation")
    fields: dict[str, Any] = dict.fromkeys(texts, "x")
    record = DatasetRecord(
        id="d", kind="ids", options={"table": "t.csv", **options}, base=folder, **fields
    )
    return open_dataset(record)


def test_ids_may_have_captions_labels_and_images(tmp_path: Path) -> None:
    from PIL import Image

    bare = _opened(tmp_path, "id\na\nb\n")
    assert bare.sample_ids == ("a", "b") and bare.captions == ("", "") and not bare.has_captions
    with pytest.raises(DatasetError, match="'d' has no images: b is a name only"):
        bare.image(1)
    assert _opened(tmp_path, "id,label\na,cat\nb,dog\n").captions == ("cat", "dog")
    both = _opened(tmp_path, "id,label,caption\na,cat,A cat.\nb,dog,A dog.\n")
    assert both.captions == ("A cat.", "A dog.")
    Image.new("RGB", (3, 2), "red").save(tmp_path / "1.png")
    pictured = _opened(tmp_path, "name,image\nb,1.png\n", id_column="name")
    assert pictured.image(0).size == (3, 2) and pictured.sample_ids == ("b",)
    for table, options, sentence in (
        ("id\na\na\n", {}, "names 'a' twice"),
        ("id,x\n,1\n", {}, "row 1 of t.csv has no id"),
        ("id\na\n", {"caption_column": "said"}, "has no column 'said'"),
        ("id,image\na,2.png\n", {}, "1 of 1 images are not in"),
        ("id\na\n", {"wrong": "x"}, "has an option 'wrong'"),
    ):
        with pytest.raises(DatasetError, match=sentence):
            _opened(tmp_path, table, **options)
    with pytest.raises(MissingCaptionError, match="the caption of a is empty"):
        _opened(tmp_path, "id,caption\na,\n")


def test_networks_are_refused_by_name_where_there_is_nothing_to_see_or_read(
    tmp_path: Path,
) -> None:
    catalog = write_study(tmp_path)
    (tmp_path / "things.csv").write_text("id\na\nb\nc\n", encoding="utf-8")
    catalog.write_text(catalog.read_text(encoding="utf-8") + CATALOG, encoding="utf-8")
    words = ("--catalog", catalog, "--dataset", "things", "--models", "conv-a,letters-a")
    done = prh("extract", *words, "--data", tmp_path / "data")
    said = " ".join(done.stderr.split())
    assert done.returncode == 1 and "0 done, 0 found done, 2 left out" in said
    assert "Dataset 'things' has no images: a is a name only" in said
    assert "Dataset 'things' has no captions for letters-a to read" in said

"""The catalog: complete, consistent, and clear about what is wrong with a user's file."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from ingest.catalog import load_catalog
from ingest.datasets import open_dataset
from ingest.errors import CatalogError, DatasetError, UnknownRecordError
from ingest.extract import variants_for

MODEL = """
[[model]]
id = "{id}"
label = "Mine"
modality = "vision"
family = "mine"
objective = "none"
source = "here"
revision = "1"
license = "MIT"
loader = "timm-random"
citation = "me"
"""


def written(folder: Path, text: str, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_papers_models_are_all_there() -> None:
    catalog = load_catalog()
    vision = [catalog.model(m) for m in catalog.panel("paper-vision").models]
    language = [catalog.model(m) for m in catalog.panel("paper-language").models]
    assert len(vision) == 17 and {m.modality for m in vision} == {"vision"}
    assert {m.family for m in vision} == {"ImageNet-21k", "MAE", "DINOv2", "CLIP", "CLIP ft I12k"}
    assert len(language) == 20 and {m.modality for m in language} == {"language"}
    assert all(m.trained and m.parameters for m in vision + language)


def test_the_demo_has_three_language_models_six_vision_models_and_two_controls() -> None:
    catalog = load_catalog()
    demo = [catalog.model(m) for m in catalog.panel("demo").models]
    trained = [m for m in demo if m.trained]
    assert sum(m.modality == "language" for m in trained) >= 3
    assert sum(m.modality == "vision" for m in demo) >= 6
    assert sum(m.modality == "vision" and not m.trained for m in demo) >= 2
    assert set(catalog.panel("demo").models) == {
        *catalog.panel("demo-vision").models,
        *catalog.panel("demo-language").models,
    }


def test_every_record_names_a_registered_loader_and_a_known_pooling() -> None:
    from ingest.extract.loaders import loader_names

    names = loader_names()
    for model in load_catalog().models.values():
        assert model.loader in names
        assert variants_for(model)


def test_every_dataset_kind_has_an_opener() -> None:
    from typing import get_args

    from ingest.catalog.records import DatasetRecord
    from ingest.datasets.registry import opener_kinds

    kinds = set(get_args(DatasetRecord.model_fields["kind"].annotation))
    assert opener_kinds() | {"task"} == kinds  # a task's pictures are opened by its task


def test_a_users_file_adds_a_model_and_knows_its_folder(tmp_path: Path) -> None:
    catalog = load_catalog([written(tmp_path, MODEL.format(id="mine"))])
    assert catalog.model("mine").base == tmp_path.resolve()


def test_an_unknown_id_names_the_nearest() -> None:
    with pytest.raises(UnknownRecordError, match="all-MiniLM-L6-v2"):
        load_catalog().model("all-minilm-l6")


def test_a_duplicate_id_names_both_files(tmp_path: Path) -> None:
    path = written(tmp_path, MODEL.format(id="bloomz-560m"))
    with pytest.raises(CatalogError, match=r"paper_language\.toml.*mine\.toml"):
        load_catalog([path])
    twice = written(tmp_path, MODEL.format(id="a") + MODEL.format(id="a"))
    with pytest.raises(CatalogError, match="twice"):
        load_catalog([twice])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MODEL.format(id="x").replace('modality = "vision"', 'modality = "Sound!"'), "'modality'"),
        (MODEL.format(id="x").replace('license = "MIT"\n', ""), "'license'.*required"),
        (MODEL.format(id="x") + "parametres = 3\n", "'parametres'"),
        (MODEL.format(id="bad id!"), "'id'"),
        ("[[model]\n", "not valid TOML"),
        ("[model]\nid = 'x'\n", "double brackets"),
        ("[[modle]]\nid = 'x'\n", "'modle'"),
        ("[[panel]]\nid='p'\ntitle='p'\nmodels=['bloomz-560']\n", "bloomz-560m"),
        ("[[panel]]\nid='p'\ntitle='p'\npanels=['p']\n", "contains itself"),
        ("[[panel]]\nid='p'\ntitle='p'\npanels=['demos']\n", "'demos'"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CatalogError, match=said) as caught:
        load_catalog([written(tmp_path, text)])
    assert "mine.toml" in str(caught.value)
    assert "\n" not in str(caught.value) or "TOML" in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="nowhere"):
        load_catalog([tmp_path / "nowhere.toml"])


def test_catalog_and_datasets_do_not_import_torch() -> None:
    code = (
        "import sys, ingest.catalog, ingest.datasets, ingest.extract; print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"


def test_what_the_paper_measured_on_is_described() -> None:
    catalog = load_catalog()
    places = catalog.dataset("places365-val-1000")
    assert (places.kind, places.limit) == ("listed", 1000)
    assert "Bring" in places.note and "Bring" in catalog.dataset("dci").note
    writer = catalog.model("Meta-Llama-3-8B-Instruct")
    assert writer.source.endswith("Meta-Llama-3-8B-Instruct")
    assert all(writer.id not in panel.models for panel in catalog.panels.values())
    text = catalog.texts["openwebtext"]
    assert (text.source, text.column) == ("Skylion007/openwebtext", "text")


def test_a_set_that_has_to_be_brought_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATASETS", str(tmp_path))
    for name, what in (("places365-val-1000", "places365_val.txt"), ("dci", "dci/images")):
        with pytest.raises(DatasetError) as refusal:
            open_dataset(load_catalog().dataset(name))
        assert what in str(refusal.value) and str(tmp_path) in str(refusal.value)


def places(folder: Path, count: int = 4) -> Path:
    """Write a folder as Places-365 is handed out, with `count` pictures."""
    home = folder / "places365"
    (home / "val_256").mkdir(parents=True)
    names = [f"Places365_val_{i:08d}.jpg" for i in range(count, 0, -1)]
    for i, name in enumerate(names):
        Image.new("RGB", (8, 8), (40 * i, 0, 0)).save(home / "val_256" / name)
    (home / "places365_val.txt").write_text(
        "".join(f"{name} {i % 2}\n" for i, name in enumerate(names))
    )
    (home / "categories_places365.txt").write_text(
        "/a/airfield 0\n/a/apartment_building/outdoor 1\n"
    )
    return home


def test_places_is_read_in_the_order_of_its_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places(tmp_path)
    monkeypatch.setenv("PRH_DATASETS", str(tmp_path))
    record = load_catalog().dataset("places365-val-1000")
    found = open_dataset(record.model_copy(update={"limit": 3}))
    assert found.sample_ids == tuple(f"Places365_val_{i:08d}.jpg" for i in (4, 3, 2))
    assert found.captions == ("airfield", "apartment building outdoor", "airfield")
    assert found.image(1).getpixel((0, 0))[0] > 20  # type: ignore[index]


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("places365_val.txt", "a.jpg\n", "line 1 of places365_val.txt: expected a new name"),
        ("places365_val.txt", "a.jpg 0\na.jpg 1\n", "line 2 of places365_val.txt"),
        ("places365_val.txt", "a.jpg 0\n", "1 of 1 listed images are not in"),
        ("categories_places365.txt", "/a/airfield 0\n", "class 1 has no name"),
    ],
)
def test_a_list_that_does_not_fit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str, told: str
) -> None:
    (places(tmp_path) / file).write_text(text)
    monkeypatch.setenv("PRH_DATASETS", str(tmp_path))
    with pytest.raises(DatasetError, match=told):
        open_dataset(load_catalog().dataset("places365-val-1000"))


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    for end in ("\n", "\r\n"):
        path.write_bytes(("\ufeff" + MODEL.format(id="mine").replace("\n", end)).encode())
        assert load_catalog([path]).model("mine").label == "Mine"


@pytest.mark.parametrize("table", ["model", "dataset", "task", "text", "panel"])
@pytest.mark.parametrize("name", ["m" * 101, "m" * 230, "a/b", "..", "a b", "a\\n", "é", "", "a*"])
def test_an_id_is_a_name_that_files_can_have(tmp_path: Path, table: str, name: str) -> None:
    text = f'[[{table}]]\nid = "{name}"\ntitle = "x"\n'
    with pytest.raises(CatalogError, match="'id'") as refusal:
        load_catalog([written(tmp_path, text)])
    assert len(str(refusal.value)) < 500


def test_an_id_of_a_hundred_letters_is_one(tmp_path: Path) -> None:
    assert load_catalog([written(tmp_path, MODEL.format(id="m" * 100))]).model("m" * 100)


@pytest.mark.parametrize(
    "text",
    [
        "model = [1, 2]",
        "model = 'x'",
        "series = [1]",
        "[[series]]\ncommon = 3\nmember = 4",
        "[[series]]\nmember = [1]\n[series.common]\n",
        "[[series]]\n[series.common]\n[series.member]\nid = 'x'",
        "[[series]]\n[series.common]\noptions = 3\n[[series.member]]\nid = 'x'",
        "x = " + "[" * 5000 + "]" * 5000,
        "x = " + "9" * 5000,
        "[[panel]]\nid = 3\n",
        "[[panel]]\nid = []\n",
        "[[panel]]\nid = 'p'\nmodels = 'x'\n",
    ],
)
def test_values_of_another_kind_are_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(CatalogError, match=r"mine\.toml"):
        load_catalog([written(tmp_path, text)])

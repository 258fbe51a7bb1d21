"""Tasks: what opens, what is refused, and probes through the real command line."""

import io
import shutil
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from ingest.catalog import load_catalog
from ingest.catalog.records import TaskRecord
from ingest.datasets.tasks.openers import open_task
from ingest.datasets.tasks.task import LIMIT, Task
from ingest.errors import CatalogError, TaskError
from ingest.store.workspace import Workspace
from tests.ingest.command import prh
from tests.ingest.own_study import write_study
from tests.ingest.task_files import HEAD, record
from tests.worlds import query


def colors(folder: Path, train: list[int], test: list[int], **more: object) -> None:
    """Write a .npz of plain pictures: class c is a gray of 40 c, with noise."""
    rng = np.random.default_rng(0)
    arrays: dict[str, np.ndarray] = {}
    for split, labels in (("train", train), ("test", test)):
        gray = 40 * np.array(labels)[:, None, None] + rng.integers(0, 20, (len(labels), 24, 24))
        arrays[f"{split}_images"] = np.clip(gray, 0, 255).astype(np.uint8)
        arrays[f"{split}_labels"] = np.array(labels)
    arrays.update({name: np.asarray(value) for name, value in more.items()})
    np.savez(folder / "mine.npz", **arrays)  # type: ignore[arg-type]


def test_the_first_samples_train_and_the_rest_test(tmp_path: Path) -> None:
    colors(tmp_path, [0, 1, 2, 0, 1, 2], [2, 0])
    task = open_task(record(tmp_path))
    assert task.training == 6
    assert task.labels.tolist() == [0, 1, 2, 0, 1, 2, 2, 0]
    assert task.dataset.captions[-2:] == ("2", "0")
    assert task.dataset.image(7).getpixel((0, 0))[0] < 20  # type: ignore[index]


@pytest.mark.parametrize(
    ("train", "test", "named"),
    [
        ([0, 0, 0], [0], "two classes or more, got 1"),
        ([0, 1], [4], "2 training samples are fewer than its 5 classes"),
        ([0, 1, -3], [1], "between 0 and 1, got -3"),
        ([], [1], "training split is missing or empty"),
        ([0, 1], [], "test split is missing or empty"),
        ([0, 1, 0, 1], [2], "2 has no training sample"),
    ],
)
def test_what_is_no_task_is_refused(
    train: list[int], test: list[int], named: str, tmp_path: Path
) -> None:
    colors(tmp_path, train, test)
    with pytest.raises(TaskError, match=named):
        open_task(record(tmp_path))


def test_labels_beyond_the_named_classes_are_refused(tmp_path: Path) -> None:
    colors(tmp_path, [0, 1, 2], [0])
    options = 'file = "mine.npz", classes = ["cat", "dog"]'
    with pytest.raises(TaskError, match="between 0 and 1, got 2"):
        open_task(record(tmp_path, options=options))


def test_a_file_that_lacks_a_split_or_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"cannot read mine\.npz"):
        open_task(record(tmp_path))
    np.savez(tmp_path / "mine.npz", train_images=np.zeros((2, 8, 8), np.uint8))
    with pytest.raises(TaskError, match="lacks train_labels, test_images, test_labels"):
        open_task(record(tmp_path))
    colors(tmp_path, [0, 1, 0], [1], test_labels=[1, 0])
    with pytest.raises(TaskError, match="1 images and 2 labels do not match"):
        open_task(record(tmp_path))


def test_a_folder_of_classes(tmp_path: Path) -> None:
    for number, name in enumerate(("ant", "bee")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(10):
            Image.new("RGB", (8, 8), (100 * number, i, 0)).save(
                tmp_path / "photos" / name / f"{i}.png"
            )
    task = open_task(record(tmp_path, "classes", 'folder = "photos"'))
    assert (task.training, len(task.labels)) == (16, 20)
    assert task.classes == ("ant", "bee")
    split = tmp_path / "split"
    split.mkdir()
    (tmp_path / "photos").rename(split / "train")
    (split / "test" / "bee").mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(split / "test" / "bee" / "x.png")
    task = open_task(record(tmp_path, "classes", 'folder = "split"'))
    assert (task.training, task.labels[20:].tolist()) == (20, [1])
    (split / "test" / "bee" / "y.png").write_bytes(b"no picture")
    with pytest.raises(TaskError, match=r"bee/y\.png does not decode"):
        open_task(record(tmp_path, "classes", 'folder = "split"'))
    (split / "test" / "cow").mkdir()
    (split / "test" / "bee" / "y.png").unlink()
    Image.new("RGB", (8, 8)).save(split / "test" / "cow" / "x.png")
    with pytest.raises(TaskError, match="cow has no training sample"):
        open_task(record(tmp_path, "classes", 'folder = "split"'))
    with pytest.raises(TaskError, match="expected a folder per class"):
        open_task(record(tmp_path, "classes", 'folder = "nowhere"'))


def test_a_zip_of_classes(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for i in range(10):
            for name in ("ant", "bee"):
                buffer = io.BytesIO()
                Image.new("RGB", (8, 8), (i, 0, 0)).save(buffer, "png")
                archive.writestr(f"test/{name}/{i:04d}.png", buffer.getvalue())
    task = open_task(record(tmp_path, "classes", 'folder = "photos.zip"'))
    assert (task.training, len(task.labels), task.classes) == (16, 20, ("ant", "bee"))
    assert task.dataset.image(1).getpixel((0, 0)) == (1, 0, 0)
    (tmp_path / "bad.zip").write_bytes(b"no archive")
    with pytest.raises(TaskError, match=r"cannot read bad\.zip"):
        open_task(record(tmp_path, "classes", 'folder = "bad.zip"'))


def test_at_most_ten_thousand_of_each_and_always_the_same(tmp_path: Path) -> None:
    labels = np.random.default_rng(0).integers(0, 3, LIMIT + 50)
    np.savez(
        tmp_path / "mine.npz",
        train_images=np.arange(len(labels) * 4, dtype=np.uint32).astype(np.uint8).reshape(-1, 2, 2),
        train_labels=labels,
        test_images=np.zeros((5, 2, 2), np.uint8),
        test_labels=[0, 1, 2, 0, 1],
    )
    first, again = (open_task(record(tmp_path)) for _ in range(2))
    assert first.training == LIMIT
    assert len(first.labels) == LIMIT + 5
    np.testing.assert_array_equal(first.labels, again.labels)
    assert first.dataset.image_hash == again.dataset.image_hash


@pytest.fixture(scope="module")
def drawn() -> dict[str, Task]:
    catalog = load_catalog()
    return {name: open_task(catalog.task(name)) for name in ("count-discs", "bar-orientation")}


def test_discs_are_counted_right(drawn: dict[str, Task]) -> None:
    """Connected dark regions of the picture, counted by scipy."""
    from scipy import ndimage

    task = drawn["count-discs"]
    for i in range(60):
        dark = np.abs(np.asarray(task.dataset.image(i), int) - pixels_of_edge(task, i)).sum(2) > 40
        assert ndimage.label(dark)[1] == task.labels[i] + 1
        assert task.classes[task.labels[i]] == f"{task.labels[i] + 1} discs"


def test_bars_lie_as_said(drawn: dict[str, Task]) -> None:
    """The direction of largest spread of the bar's pixels."""
    task = drawn["bar-orientation"]
    for i in range(60):
        dark = np.abs(np.asarray(task.dataset.image(i), int) - pixels_of_edge(task, i)).sum(2) > 40
        rows, columns = np.nonzero(dark)
        _, vectors = np.linalg.eigh(np.cov(columns, -rows))
        angle = np.degrees(np.arctan2(vectors[1, -1], vectors[0, -1])) % 180
        away = abs(angle - task.labels[i] * 22.5)
        assert min(away, 180 - away) < 11.25


def pixels_of_edge(task: Task, i: int) -> np.ndarray:
    return np.asarray(task.dataset.image(i), int)[0, 0]


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Path]:
    folder = tmp_path_factory.mktemp("probed")
    catalog = write_study(folder)
    colors(folder, [0, 1, 2, 3] * 10, [0, 1, 2, 3] * 5)
    images, labels = np.zeros((3, 4, 4), np.uint8), np.zeros(3, np.uint8)
    np.savez(
        folder / "one.npz", train_images=images, train_labels=labels, test_images=images,
        test_labels=labels,
    )  # fmt: skip
    one = HEAD.format(kind="npz", options='file = "one.npz"').replace('"mine"', '"one"')
    text = HEAD.format(kind="npz", options='file = "mine.npz"') + one
    catalog.write_text(catalog.read_text(encoding="utf-8") + text, encoding="utf-8")
    done = prh(
        "probe", "--tasks", "mine,one", "--models", "conv-a,letters-a,conv-b",
        "--catalog", catalog, "--data", folder / "data", "--device", "cpu",
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    said = " ".join((done.stdout + done.stderr).split())
    assert "two classes or more, got 1" in said
    assert "letters-a is a language model" in said
    return Workspace(folder / "data"), catalog


def test_probes_end_in_the_warehouse(probed: tuple[Workspace, Path]) -> None:
    workspace, _ = probed
    rows = query(
        workspace.warehouse.path,
        "SELECT model_id, task_id, layer, classes, train, test, mean_per_class, interval_low, "
        "interval_high, accuracy, best, solved, best_per_class, solved_per_class FROM solved "
        "ORDER BY model_id",
    )
    assert rows["model_id"].to_list() == ["conv-a", "conv-b"]
    assert rows["train"].to_list() == [40, 40]
    assert rows["test"].to_list() == [20, 20]
    assert (rows["mean_per_class"] > 0.5).all()  # grays are easy, chance is .25
    assert rows.select((rows["interval_low"] <= rows["mean_per_class"]).all()).item()
    for measure, best, solved in (
        ("accuracy", "best", "solved"),
        ("mean_per_class", "best_per_class", "solved_per_class"),
    ):
        assert rows[best].to_list() == [rows[measure].max()] * 2
        assert rows[solved].to_list() == (rows[measure] >= 0.8 * rows[best]).to_list()
    skills = query(
        workspace.warehouse.path,
        "SELECT DISTINCT skill FROM skills WHERE skill LIKE '%probe%' ORDER BY skill",
    )
    assert skills["skill"].to_list() == [
        "linear probe of Mine", "linear probe of Mine, mean per class",
    ]  # fmt: skip


def test_what_is_probed_is_not_probed_again(probed: tuple[Workspace, Path]) -> None:
    workspace, catalog = probed
    again = prh(
        "probe", "--tasks", "mine", "--models", "conv-a,conv-b",
        "--catalog", catalog, "--data", workspace.home,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert "Probes: 0 done, 2 found done, 0 left out." in " ".join(
        (again.stdout + again.stderr).split()
    )


def test_probes_of_features_stored_in_half_precision_are_others(
    probed: tuple[Workspace, Path], tmp_path: Path
) -> None:
    workspace, catalog = probed
    own = shutil.copytree(workspace.home, tmp_path / "data")
    done = prh(
        "probe", "--tasks", "mine", "--models", "conv-b", "--catalog", catalog,
        "--data", own, "--device", "cpu", "--store", "float16", "--no-publish",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = pl.concat(
        pl.read_parquet(part) for part in (own / "parts" / "competence").glob("*.parquet")
    ).filter(model_id="conv-b", task_id="mine", layer_choice="last")
    assert sorted(rows["precision"]) == ["float32", "float32 stored in float16"]
    assert rows["accuracy"].max() - rows["accuracy"].min() < 0.1  # type: ignore[operator]


def test_the_best_layer_is_chosen_without_the_test_samples(probed: tuple[Workspace, Path]) -> None:
    workspace, catalog = probed
    done = prh(
        "probe", "--tasks", "mine", "--layer", "best", "--models", "conv-a", "--catalog", catalog,
        "--data", workspace.home,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = query(
        workspace.warehouse.path, "FROM solved WHERE model_id = 'conv-a' ORDER BY layer_choice"
    )
    assert rows["layer_choice"].to_list() == ["best", "last"]
    assert rows["layer"].to_list()[1] == "2"
    assert rows["layer"].to_list()[0] in ("0", "2")
    asked = "SELECT DISTINCT skill FROM skills WHERE skill LIKE '%probe%' AND skill "
    asked += "NOT LIKE '%per class' ORDER BY 1"
    assert query(workspace.warehouse.path, asked)["skill"].to_list() == [
        "linear probe of Mine", "linear probe of Mine, best layer",
    ]  # fmt: skip
    refused = prh("probe", "--layer", "first", "--models", "conv-a", "--catalog", catalog)
    assert refused.returncode == 1
    assert "last, best" in refused.stderr


def test_whatever_refuses_a_task_the_others_go_on(
    probed: tuple[Workspace, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest.datasets.tasks import openers
    from ingest.errors import MissingPackageError

    def refuse(_: TaskRecord) -> Task:
        raise MissingPackageError("the package is not installed")

    workspace, catalog = probed
    monkeypatch.setattr(openers, "_OPENERS", {**openers._OPENERS, "digits": refuse})
    done = prh(
        "probe", "--tasks", "digits,mine", "--models", "conv-a", "--catalog", catalog,
        "--data", workspace.home, "--no-publish",
    )  # fmt: skip
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 1 and "the package is not installed" in said
    assert "1 found done, 1 left out" in said


def test_an_unknown_task_names_the_nearest() -> None:
    with pytest.raises(CatalogError, match="count-discs"):
        load_catalog().task("count-disks")


def test_a_hub_dataset_needs_no_name_of_its_picture_column(tmp_path: Path) -> None:
    """A folder in the hub's layout, opened by the hub's own library."""
    import datasets

    kinds = datasets.Features(
        {"webp": datasets.Image(), "cls": datasets.ClassLabel(names=["ant", "bee"])}
    )
    rng = np.random.default_rng(0)
    for split, n in (("train", 6), ("test", 4)):
        pictures = [Image.fromarray(rng.integers(0, 255, (8, 8, 3), np.uint8)) for _ in range(n)]
        rows = {"webp": pictures, "cls": [i % 2 for i in range(n)]}
        datasets.Dataset.from_dict(rows, kinds).to_parquet(tmp_path / "repo" / f"{split}.parquet")
    options = 'label_column = "cls"'
    asked = record(tmp_path, "hub", options)
    asked = asked.model_copy(update={"source": str(tmp_path / "repo")})
    task = open_task(asked)
    assert (task.training, task.classes) == (6, ("ant", "bee"))
    assert task.labels.tolist() == [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    assert task.dataset.image(0).size == (8, 8)
    with pytest.raises(TaskError, match="has no column 'label'; its columns: webp, cls"):
        open_task(asked.model_copy(update={"options": {}}))
    with pytest.raises(TaskError, match="split 'validation'"):
        open_task(
            asked.model_copy(update={"options": {"label_column": "cls", "test": "validation"}})
        )


def test_vtab_is_nineteen_tasks_in_three_groups() -> None:
    tasks = load_catalog().tasks_named(["vtab"])
    assert [sum(t.group == g for t in tasks) for g in ("natural", "specialized", "structured")] == [
        7, 4, 8,
    ]  # fmt: skip

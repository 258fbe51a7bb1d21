"""Precision belongs to a feature set: found where it lies, shown, and never mixed unseen."""

import shutil
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ingest.errors import CatalogError, MixedPrecisionError
from ingest.experiments.bits.rows import Choices, measurement_key
from ingest.extract import Variant, extract, suited_precision
from ingest.extract.device import exact_float32
from ingest.extract.loaded import LoadedLanguage, Placement
from ingest.pipeline import provenance
from ingest.pipeline.features import plan_extraction
from ingest.pipeline.run import Run
from ingest.pipeline.scores.plan import open_features, plan, settings_for
from ingest.store.features import read_header, read_layers, unit_key
from ingest.store.precision import chosen_precision
from ingest.store.workspace import Workspace
from pages.competence.queries import model_measured, model_pairs
from pages.inventory.queries import coverage
from pages.metrics.queries import metric_pairs
from pages.ui import queries
from pages.ui.answers import Modality, Setting
from tests.ingest import tiny
from tests.ingest.command import prh
from tests.ingest.own_study import write_study
from tests.worlds import query

STUDY = ("--dataset", "noise", "--panel", "tiny", "--k", 5, "--permutations", 9)
SETS, SCORES = 5, 6
ROUNDED = "float32 stored in float16"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose study was run in float32, then in bfloat16."""
    folder = tmp_path_factory.mktemp("both")
    write_study(folder / "study")
    for dtype in ("float32", "bfloat16"):
        code, said = ran(folder, "--dtype", dtype)
        assert code == 0 and f"{SETS + SCORES} done, 0 found done" in said, said
    return folder


@pytest.fixture
def own(both: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(both, tmp_path / "own"))


def ran(folder: Path, *words: object, command: str = "run") -> tuple[int, str]:
    catalog = folder / "study" / "mine.toml"
    done = prh(command, "--catalog", catalog, *STUDY, *words, "--data", folder / "data")
    return done.returncode, " ".join((done.stderr + done.stdout).split())


def files(folder: Path) -> dict[str, list[Path]]:
    """Feature files by the precision their header names."""
    found: dict[str, list[Path]] = {}
    for path in sorted((folder / "data" / "features").rglob("*.safetensors")):
        found.setdefault(read_header(path).precision, []).append(path)
    return found


def test_two_precisions_of_a_study_stand_side_by_side(both: Path) -> None:
    found = files(both)
    assert {name: len(paths) for name, paths in found.items()} == {"float32": 5, "bfloat16": 5}
    warehouse = both / "data" / "results.duckdb"
    rows = query(warehouse, "SELECT precision, count(*) FROM coverage GROUP BY ALL ORDER BY ALL")
    assert rows.rows() == [("bfloat16", SETS), ("float32", SETS)]
    assert query(warehouse, "SELECT DISTINCT precision FROM feature_sets").height == 2
    scored = query(
        warehouse, "SELECT precision, count(*) FROM current_scores GROUP BY ALL ORDER BY ALL"
    )
    assert scored.rows() == [("bfloat16", SCORES), ("float32", SCORES)]


def test_features_of_half_precision_really_differ(both: Path) -> None:
    pairs = {
        precision: {read_header(path).model_id: read_layers(path)[-1] for path in paths}
        for precision, paths in files(both).items()
    }
    for model, exact in pairs["float32"].items():
        apart = np.abs(pairs["bfloat16"][model] - exact).max() / np.abs(exact).max()
        assert 1e-5 < apart < 0.05, model


def test_pages_offer_the_precision_and_never_show_two_at_once(
    both: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(both / "data"))
    settings = queries.settings().frame
    assert settings["precision"].to_list() == ["float32", "bfloat16"]
    assert settings["pairs"].to_list() == [SCORES, SCORES]
    shown = {}
    for row in settings.iter_rows(named=True):
        setting = Setting.of(row)
        frame = queries.alignment(setting, concatenated=True, untrained=True).frame
        assert frame.height == SCORES
        shown[row["precision"]] = set(frame["unit_key"])
        assert queries.measured(setting).frame["precision"].to_list() == [row["precision"]]
    assert not shown["float32"] & shown["bfloat16"]
    assert set(coverage().frame["precision"]) == {"bfloat16, float32"}


@pytest.mark.parametrize("modality", ["language", "vision"])
def test_models_of_one_modality_are_compared_within_one_precision(
    within: Path, monkeypatch: pytest.MonkeyPatch, modality: Modality
) -> None:
    monkeypatch.setenv("PRH_DATA", str(within / "data"))
    settings = queries.model_settings(modality).frame
    assert settings["precision"].to_list() == ["float32", "bfloat16"]
    assert settings["pairs"].n_unique() == 1 and settings["pairs"][0] > 0
    runs = []
    for row in settings.iter_rows(named=True):
        setting = Setting.of(row)
        pairs = model_pairs(setting, modality, skill=None).frame
        assert pairs.height == row["pairs"]
        measured = model_measured(setting, modality).frame.row(0, named=True)
        assert (measured["precision"], measured["pairs"]) == (row["precision"], row["pairs"])
        # p is corrected over the pairs of one precision: the largest stays as it is.
        assert pairs["q_value"].max() == pairs["p_value"].max()
        runs.append(measured["runs"])
    assert len(set(runs)) == 2  # each precision was scored in a run of its own
    named = metric_pairs(
        settings["dataset_id"][0], settings["row_order"][0], within=modality
    ).frame["setting"].unique()  # fmt: skip
    assert {name.rsplit(" ", 1)[-1] for name in named} == {"float32", "bfloat16"}


@pytest.fixture(scope="module")
def within(both: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy whose models of one modality were compared, too, in both precisions."""
    folder = Path(shutil.copytree(both, tmp_path_factory.mktemp("within") / "own"))
    for dtype in ("float32", "bfloat16"):
        code, said = ran(folder, "--dtype", dtype, "--pairs", "within", command="score")
        assert code == 0, said
    return folder


def test_auto_goes_on_in_what_is_stored(own: Path) -> None:
    for path in files(own)["float32"]:
        path.unlink()
    code, said = ran(own)
    assert code == 0 and f"0 done, {SETS + SCORES} found done" in said, said
    assert "Going on in bfloat16" in said
    code, said = ran(own, command="status")
    assert code == 0 and f"Scores: {SCORES} done, 0 ready" in said, said


@pytest.mark.parametrize("command", ["run", "extract", "score", "status"])
def test_auto_over_two_precisions_is_refused(own: Path, command: str) -> None:
    words = STUDY if command != "extract" else STUDY[:4]
    catalog = own / "study" / "mine.toml"
    done = prh(command, "--catalog", catalog, *words, "--data", own / "data")
    said = " ".join(done.stderr.split())
    assert done.returncode == 1
    assert "stored in float32 (conv-a, conv-b, conv-c, letters-a, letters-b) and bfloat16" in said
    assert "choose one precision with --dtype" in said


def test_another_precision_than_the_stored_one_says_so(own: Path) -> None:
    for path in files(own)["float32"]:
        path.unlink()
    code, said = ran(own, "--dtype", "float32", command="score")
    assert code == 1
    assert "no float32 features on noise for conv-a" in said
    assert "stored in another precision are bfloat16 (conv-a" in said
    code, said = ran(own, "--dtype", "float32")
    assert code == 0 and "which it does not use" in said, said


def test_an_unknown_precision_is_refused_before_anything_runs(own: Path) -> None:
    code, said = ran(own, "--dtype", "float64")
    assert code == 1
    assert "dtype should be auto, float32, bfloat16, float16; got 'float64'." in said


def test_the_key_of_float32_does_not_name_it(tmp_path: Path) -> None:
    record = tiny.model("language", "module", source="nobody:builds")
    data = tiny.dataset(3)
    before = {
        "model": "tiny", "source": "nobody:builds", "revision": "1", "loader": "module",
        "options": {}, "dataset": "tiny", "row_order": data.row_order,
        "content": data.caption_hash, "pooling": "mean", "prompt": "{caption}", "version": 1,
    }  # fmt: skip
    variant = Variant("mean", "none")
    keys = [
        plan_extraction(Workspace(tmp_path), data, [(record, [variant])], precision)[0].key
        for precision in ("float32", "bfloat16", "float16")
    ]
    assert keys[0] == unit_key(before) and len(set(keys)) == 3


def test_sides_of_two_precisions_are_refused(both: Path) -> None:
    found = files(both)
    x = next(p for p in found["float32"] if read_header(p).model_id == "letters-a")
    y = next(p for p in found["bfloat16"] if read_header(p).model_id == "conv-a")
    settings = settings_for(["mutual_knn"], [5], ["exact"])
    with pytest.raises(MixedPrecisionError) as refusal:
        plan([open_features(x)], [open_features(y)], settings)
    assert str(refusal.value) == (
        "letters-a was computed in float32 on noise, conv-a in bfloat16: a score would mix the "
        "two. Choose one precision for the whole study, e.g. `--dtype float32`; `prh extract` "
        "makes what is missing in it"
    )


@pytest.fixture(scope="module")
def rounded(both: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same folder after the study was run anew, in float32, stored in float16."""
    folder = Path(shutil.copytree(both, tmp_path_factory.mktemp("rounded") / "own"))
    code, said = ran(folder, "--dtype", "float32", "--store", "float16")
    assert code == 0 and f"{SETS + SCORES} done, 0 found done" in said, said
    assert "This study is in float32 stored in float16; stored on noise are float32" in said
    return folder


def test_features_stored_in_half_precision_are_a_study_of_their_own(
    rounded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(rounded / "data"))
    settings = queries.settings().frame
    assert settings["precision"].to_list() == ["float32", "bfloat16", ROUNDED]
    assert settings["pairs"].to_list() == [SCORES] * 3
    warehouse = rounded / "data" / "results.duckdb"
    whole = query(
        warehouse,
        "SELECT dtype, precision, sum(bytes)::DOUBLE AS bytes FROM feature_sets "
        "WHERE precision <> 'bfloat16' GROUP BY ALL ORDER BY ALL",
    )
    assert whole.select("dtype", "precision").rows() == [
        ("float16", ROUNDED), ("float32", "float32")
    ]  # fmt: skip
    assert whole["bytes"][0] < whole["bytes"][1]
    apart = query(
        warehouse,
        "SELECT max(abs(x.score - y.score)) AS apart, count(*) AS pairs FROM current_scores AS x "
        "JOIN current_scores AS y USING (model_x, model_y, metric, k) "
        f"WHERE x.precision = 'float32' AND y.precision = '{ROUNDED}'",
    )
    assert apart["pairs"][0] == SCORES and apart["apart"][0] < 0.05


def test_the_format_of_the_files_is_part_of_the_key_of_float16_alone(rounded: Path) -> None:
    found = [read_header(path) for path in files(rounded)["float32"]]
    by_format = {
        dtype: {(h.model_id, h.key) for h in found if h.dtype == dtype}
        for dtype in ("float32", "float16")
    }
    assert [len(keys) for keys in by_format.values()] == [SETS, SETS]
    assert not by_format["float32"] & by_format["float16"]


@pytest.mark.parametrize("command", ["run", "extract", "score", "status"])
def test_a_study_goes_on_in_the_format_that_is_named(rounded: Path, command: str) -> None:
    catalog = rounded / "study" / "mine.toml"
    words = STUDY if command != "extract" else STUDY[:4]
    done = prh(command, "--catalog", catalog, *words, "--store", "float16",
               "--data", rounded / "data")  # fmt: skip
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 0, said
    assert "0 done," in said or f"{SCORES} done, 0 ready" in said, said


def test_features_stored_otherwise_are_named_where_some_are_missing(rounded: Path) -> None:
    code, said = ran(rounded, "--dtype", "bfloat16", "--store", "float16", command="score")
    assert code == 1
    assert "no bfloat16 stored in float16 features on noise for conv-a" in said
    assert "--dtype bfloat16 --store float16` first; stored in another precision are" in said
    assert "float32 stored in float16 (conv-a" in said and "--dtype and --store take those" in said
    code, said = ran(rounded, "--store", "float64")
    assert code == 1 and "store should be float32 or float16; got 'float64'." in said


def test_sides_stored_in_two_formats_are_refused(rounded: Path) -> None:
    sides = {(h.model_id, h.dtype): path for path in files(rounded)["float32"]
             if (h := read_header(path))}  # fmt: skip
    x, y = sides["letters-a", "float32"], sides["conv-a", "float16"]
    with pytest.raises(MixedPrecisionError, match="stored in float32 on noise, conv-a in float16"):
        plan([open_features(x)], [open_features(y)], settings_for(["mutual_knn"], [5], ["exact"]))


@pytest.mark.parametrize(
    ("dtype", "stored", "chosen"),
    [
        ("auto", {}, None),
        ("auto", {"a": ["float16"]}, "float16"),
        ("float32", {"a": ["bfloat16"], "b": ["tf32"]}, "float32"),
    ],
)
def test_one_precision_is_chosen(
    dtype: str, stored: dict[str, list[str]], chosen: str | None
) -> None:
    assert chosen_precision(dtype, stored, "data") == chosen


@pytest.mark.parametrize(
    "stored", [{"a": ["tf32"]}, {"a": ["float32"], "b": ["tf32"]}, {"a": ["float32", "float16"]}]
)
def test_what_cannot_be_gone_on_in_is_refused(stored: dict[str, list[str]]) -> None:
    with pytest.raises(MixedPrecisionError, match="choose one precision with --dtype"):
        chosen_precision("auto", stored, "data")


def test_auto_is_resolved_before_keys_are_made(tmp_path: Path) -> None:
    record = tiny.model("language", "module")
    with pytest.raises(CatalogError, match="got 'auto'"):
        plan_extraction(Workspace(tmp_path), tiny.dataset(3), [(record, [])], "auto")
    with pytest.raises(CatalogError, match="got 'auto'"):
        measurement_key(record, "text", Choices(1000))
    keys = {measurement_key(record, "text", Choices(1000, dtype=p)) for p in ("float32", "float16")}
    assert len(keys) == 2


@pytest.mark.parametrize(("halves", "precision"), [(True, "bfloat16"), (False, "float16")])
def test_auto_suits_the_device(
    monkeypatch: pytest.MonkeyPatch, halves: bool, precision: str
) -> None:
    assert suited_precision("cpu") == "float32"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: halves)
    assert suited_precision("auto") == suited_precision("cuda") == precision


class Watchful(nn.Conv2d):
    """A network that notes which switches stand while it runs."""

    seen: list[tuple[bool, str, str]] = []

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Convolve."""
        self.seen.append(switches())
        return super().forward(input)


def switches() -> tuple[bool, str, str]:
    backends = torch.backends
    return (
        backends.cudnn.allow_tf32,
        torch.get_float32_matmul_precision(),
        backends.cudnn.conv.fp32_precision,  # type: ignore[attr-defined]
    )


@pytest.fixture
def loose() -> Iterator[tuple[bool, str, str]]:
    """Allow TF32 everywhere, as a library imported before may have done."""
    torch.backends.cudnn.allow_tf32 = True
    torch.set_float32_matmul_precision("high")
    yield switches()
    torch.set_float32_matmul_precision("highest")


def test_float32_is_float32_while_features_are_extracted(
    loose: tuple[bool, str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "watchful.py").write_text(
        "from tests.ingest.test_precision import Watchful\n"
        "def build():\n    return Watchful(3, 4, 3, 2).eval()\n"
    )
    options = {"layers": [""], "pooling": "gap", "input_size": 24, "mean": [0.5] * 3,
               "std": [0.5] * 3}  # fmt: skip
    record = tiny.model("vision", "module", tmp_path, source="watchful:build", options=options)
    monkeypatch.setattr(Watchful, "seen", [])
    extract(record, tiny.dataset(3), [Variant("auto", "")], device="cpu", dtype="float32")
    assert Watchful.seen and set(Watchful.seen) == {(False, "highest", "ieee")}
    assert switches() == loose == (True, "high", "tf32")


def test_switches_come_back_after_a_failure(loose: tuple[bool, str, str]) -> None:
    with pytest.raises(ValueError, match="broke"), exact_float32():
        raise ValueError("broke")
    assert switches() == loose


def test_switches_of_the_newer_generation_are_set_and_restored() -> None:
    conv = torch.backends.cudnn.conv  # type: ignore[attr-defined]
    before = conv.fp32_precision
    conv.fp32_precision = "ieee"  # contradicts allow_tf32, which torch then refuses to read
    try:
        with exact_float32():
            assert switches() == (False, "highest", "ieee")
        assert conv.fp32_precision == "ieee"
    finally:
        conv.fp32_precision = before
    assert switches() == (True, "highest", "tf32")


def test_what_is_no_module_of_torch_computes_as_it_does() -> None:
    loaded = LoadedLanguage(None, lambda texts: [], lambda *inputs: None, None, 0, "1")
    loaded.move(Placement(torch.device("cpu"), torch.float32))
    with pytest.raises(CatalogError, match="cannot be run in bfloat16; use --dtype float32"):
        loaded.move(Placement(torch.device("cpu"), torch.bfloat16))


def test_a_run_names_its_accelerators(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "version"
    told.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Fri Jan\n")
    cuda = types.SimpleNamespace(
        is_available=lambda: True, device_count=lambda: 2, get_device_name=lambda i: f"Card {i}"
    )
    monkeypatch.setitem(provenance.sys.modules, "torch", types.SimpleNamespace(cuda=cuda))
    monkeypatch.setattr(provenance, "DRIVER", told)
    assert provenance.accelerators() == "Card 0, Card 1 (driver 570.86.15)"
    workspace = Workspace(tmp_path / "data")
    with Run(workspace):
        pass
    monkeypatch.setattr(cuda, "is_available", lambda: False)
    with Run(workspace):
        assert provenance.accelerators() is None
    workspace.warehouse.publish()
    shown = query(workspace.warehouse.path, "SELECT accelerator FROM runs ORDER BY started_at")
    assert shown.to_series().to_list() == ["Card 0, Card 1 (driver 570.86.15)", None]

"""A bounded slice of the mutation sweep: damaged files of every kind end in named errors alone."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from ingest.errors import DamagedFeatureFileError
from ingest.store.features import read_header, read_layers
from tests.sweep.mutate import Failure, Kind, damaged, kinds, mutate, odd_value, run


def test_damaged_files_are_read_or_refused_by_name(tmp_path: Path) -> None:
    failures: list[Failure] = []
    names = list(kinds(tmp_path))
    counts = mutate(6, 0, failures)
    assert not failures, failures[0].trace
    assert list(counts) == names
    assert all(sum(one.values()) in (6, 30) for one in counts.values())
    total = {verdict: sum(one[verdict] for one in counts.values()) for verdict in counts[names[0]]}
    assert total["failed"] == 0 and total["read"] > 20 and total["refused"] > 100


def test_what_fails_is_kept_with_the_seed_that_makes_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[bytes] = []

    def fail(path: Path) -> None:
        seen.append(path.read_bytes())
        raise KeyError("what nobody foresaw")

    kind = Kind("x.txt", [b"one two three"], fail)
    monkeypatch.setattr("tests.sweep.mutate.kinds", lambda _: {"image x": kind})
    assert run(2, 5) == {"image x": {"read": 0, "refused": 0, "failed": 2}}
    said = capsys.readouterr().err
    assert "what nobody foresaw" in said and "seed (5, 0, 1)" in said
    assert damaged(kind, np.random.default_rng((5, 0, 1))) == seen[1]


def test_values_are_replaced_by_those_of_another_kind() -> None:
    whole = {"a": [1, {"b": "x"}], "c": 3}
    odd = {repr(odd_value(whole, np.random.default_rng(i))) for i in range(200)}
    assert len(odd) > 40 and whole == {"a": [1, {"b": "x"}], "c": 3}


@pytest.mark.parametrize(
    "change",
    [
        {"widths": [2]}, {"widths": ["2", "2"]}, {"layer_names": [0, 1]}, {"layer_names": 3},
        {"checksums": {}}, {"checksums": None}, {"n": "4"}, {"facts": []}, {"model_id": None},
        {"other": 1}, {"precision": 3},
    ],
    ids=str,
)  # fmt: skip
def test_a_feature_file_that_misdescribes_itself_is_refused(
    tmp_path: Path, change: dict[str, object]
) -> None:
    kind = kinds(tmp_path)["features"]
    path = tmp_path / kind.name
    path.write_bytes(kind.whole[0])
    assert len(read_layers(path)) == 2
    with safe_open(path, framework="numpy") as opened:
        about = opened.metadata()
    about["header"] = json.dumps(json.loads(about["header"]) | change)
    save_file(load_file(path), tmp_path / "odd.safetensors", metadata=about)
    with pytest.raises(DamagedFeatureFileError, match="does not describe itself"):
        read_header(tmp_path / "odd.safetensors")

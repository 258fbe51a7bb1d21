"""`prh align`: two files in, score, layers, interval and p out; rows paired by ids to the bit."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.store.features import read_header, read_layers
from ingest.store.workspace import Workspace
from prh_core import align, align_panel
from prh_core.prepare import constant_layers
from tests.ingest.command import environment, prh

N = 90
QUICK = ("--permutations", 19, "--k", 5)


def _layers(seed: int, count: int = 3) -> dict[str, np.ndarray]:
    latent = np.random.default_rng(0).normal(size=(N, 4))
    rng = np.random.default_rng(seed)
    return {
        f"block.{i}": (latent @ rng.normal(size=(4, 9)) + (1 + i) * rng.normal(size=(N, 9))).astype(
            np.float32
        )
        for i in range(count)
    }


IDS = np.array([f"picture-{i}" for i in range(N)])
A, B = _layers(1), _layers(2, 2)


def _save(path: Path, layers: dict[str, np.ndarray], order: Any = None, ids: bool = True) -> Path:
    rows = slice(None) if order is None else order
    arrays: dict[str, Any] = {name: layer[rows] for name, layer in layers.items()}
    np.savez(path, allow_pickle=False, **arrays, **({"ids": IDS[rows]} if ids else {}))
    return path


def _json(*words: object) -> dict[str, Any]:
    done = prh("align", *words, *QUICK, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_two_files_score_as_their_arrays_do(tmp_path: Path) -> None:
    a, b = _save(tmp_path / "a.npz", A), _save(tmp_path / "b.npz", B)
    told = _json(a, b)
    same = align(
        list(A.values()), list(B.values()), k=5, permutations=19, confidence=0.95, layout="lnd"
    )
    assert same.interval is not None
    assert told["score"] == same.score and told["p_value"] == same.p_value
    assert told["interval"] == [same.interval.low, same.interval.high]
    assert told["table"] == same.table.tolist()
    assert told["layer_a"] == {"name": f"block.{same.layers[0]}", "index": same.layers[0]}
    assert told["layer_b"] == {"name": f"block.{same.layers[1]}", "index": same.layers[1]}
    shown = prh("align", a, b, *QUICK)
    assert f"score           {same.score:.4f}, best of 6 pairs of layers" in shown.stdout
    assert f"{N} samples, paired by ids" in shown.stdout
    assert f"p               {same.p_value:.4g}, 19 relabelings" in shown.stdout


def test_scrambled_rows_with_ids_score_as_ordered_ones_to_the_last_bit(tmp_path: Path) -> None:
    a, b = _save(tmp_path / "a.npz", A), _save(tmp_path / "b.npz", B)
    ordered = _json(a, b)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        _save(a, A, rng.permutation(N))
        _save(b, B, rng.permutation(N))
        assert _json(a, b) == ordered
    # What scrambling does where nothing says the order.
    unordered = _json(
        _save(tmp_path / "c.npz", A, ids=False),
        _save(tmp_path / "d.npz", B, np.random.default_rng(0).permutation(N), ids=False),
    )
    assert unordered["score"] < ordered["score"] / 2
    assert unordered["paired"] == "row by row as they stand, since neither has ids"


def test_other_samples_are_named_and_left_out_only_where_it_is_said(tmp_path: Path) -> None:
    a = _save(tmp_path / "a.npz", A, np.arange(80))
    b = _save(tmp_path / "b.npz", B, np.arange(5, 90)[::-1])
    done = prh("align", a, b, *QUICK)
    said = " ".join(done.stderr.split())
    assert done.returncode == 1
    assert (
        "b.npz lacks 5 of a.npz's 80 samples (picture-0, picture-1, picture-2 and 2 more)" in said
    )
    assert "a.npz lacks 10 of b.npz's 85 samples" in said
    assert "--intersect takes the 75 in common" in said
    told = _json(a, b, "--intersect")
    parts = [[layer[5:80] for layer in side.values()] for side in (A, B)]
    same = align(*parts, k=5, permutations=19, layout="lnd")
    assert told["score"] == same.score and told["n"] == 75
    assert told["left_out"] == {"a.npz": 5, "b.npz": 10}


def test_numbers_of_rows_that_differ_need_ids(tmp_path: Path) -> None:
    a = _save(tmp_path / "a.npz", A, np.arange(80), ids=False)
    b = _save(tmp_path / "b.npz", B, ids=False)
    done = prh("align", a, b)
    said = " ".join(done.stderr.split())
    assert "a.npz holds 80 rows and b.npz 90, and neither has ids, so nothing says which" in said
    beside = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for path, rows in zip(beside, (80, N), strict=True):
        path.write_text("\n".join(IDS[:rows]) + "\n", encoding="utf-8")
    told = _json(a, b, "--ids", beside[0], "--ids", beside[1], "--intersect")
    assert told["n"] == 80 and told["paired"] == "by ids"
    refused = prh("align", a, b, "--intersect")
    assert "--intersect takes the samples whose ids both have, and neither has ids" in " ".join(
        refused.stderr.split()
    )


def test_constant_layers_are_set_aside_by_name_and_the_others_keep_theirs(tmp_path: Path) -> None:
    first = {"embedding": np.ones((N, 7), np.float32), **A}
    a, b = _save(tmp_path / "a.npz", first), _save(tmp_path / "b.npz", B)
    told = _json(a, b)
    plain = _json(_save(tmp_path / "c.npz", A), b)
    assert told["score"] == plain["score"]
    assert told["layer_a"]["name"] == plain["layer_a"]["name"]
    assert told["layer_a"]["index"] == plain["layer_a"]["index"] + 1
    assert told["notes"] == ["a.npz: set aside since all their rows are the same: embedding"]
    flat = _save(tmp_path / "flat.npz", {"only": np.ones((N, 3), np.float32)})
    done = prh("align", flat, b)
    assert done.returncode == 1 and "flat.npz: all 1 layers are constant" in done.stderr


def test_choices_reach_the_score_and_wrong_ones_are_sentences(tmp_path: Path) -> None:
    a, b = _save(tmp_path / "a.npz", A), _save(tmp_path / "b.npz", B)
    told = _json(a, b, "--metric", "cka", "--truncate", "exact", "--confidence", 0)
    same = align(list(A.values()), list(B.values()), metric="cka", truncate="exact", layout="lnd")
    assert told["score"] == same.score
    assert told["interval"] is None and told["k"] is None
    for words, sentence in (
        (("--k", N), "k must be between 1 and n - 1 = 89"),
        (("--metric", "nosuch"), "nosuch"),
        (("--dataset", "planted"), "name two files, A and B, or one and --panel with --dataset"),
    ):
        done = prh("align", a, b, *words)
        assert done.returncode != 0 and "Traceback" not in done.stderr
        assert sentence in " ".join(done.stderr.replace("│", " ").split())


def _not_constant(path: Path) -> list[np.ndarray]:
    layers = read_layers(path)
    return [layers[at] for at in np.flatnonzero(~constant_layers(layers))]


def test_a_panel_is_all_that_is_stored_on_a_dataset_best_first(world: Path, tmp_path: Path) -> None:
    where = Workspace(world)
    files = [
        path
        for path in sorted(where.features.root.glob("*/planted.*.safetensors"))
        if read_header(path).dataset_id == "planted"  # and no variant of it
    ]
    mine = next(path for path in files if path.parent.name == "vis-small")
    layers = read_layers(mine)
    order = np.random.default_rng(0).permutation(len(layers[0]))
    arrays: dict[str, Any] = {f"l{i}": layer[order] for i, layer in enumerate(layers)}
    ids = np.array([f"sample-{i:03d}" for i in order])
    np.savez(tmp_path / "mine.npz", allow_pickle=False, **arrays, ids=ids)
    asked = ("--panel", "--dataset", "planted", "--data", world)
    told = _json(tmp_path / "mine.npz", *asked)
    panel = {path.parent.name: _not_constant(path) for path in files}  # one model's first layer is
    same = align_panel(layers, panel, k=5, permutations=19, layout="lnd")
    assert same.q_values is not None
    assert {row["model"]: row["score"] for row in told["panel"]} == {
        name: one.score for name, one in same.alignments.items()
    }
    assert {row["model"]: row["q_value"] for row in told["panel"]} == same.q_values
    scores = [row["score"] for row in told["panel"]]
    assert scores == sorted(scores, reverse=True) and told["panel"][0]["model"] == "vis-small"
    assert told["paired"] == "by ids"
    # A feature file of the same dataset needs no ids.
    stored = _json(mine, *asked)
    assert [row["score"] for row in stored["panel"]] == scores
    shown = prh("align", tmp_path / "mine.npz", *asked, *QUICK)
    assert "vis-random" in shown.stdout and f"{scores[0]:,.4g}" in shown.stdout


def test_a_panel_of_nothing_and_features_without_ids_are_sentences(
    world: Path, tmp_path: Path
) -> None:
    a = _save(tmp_path / "a.npz", A, np.arange(60), ids=False)
    for dataset, sentence in (
        ("nosuch", "no features are stored on nosuch"),
        ("planted", "a.npz has no ids, so nothing says which row is which sample of planted"),
    ):
        done = prh("align", a, "--panel", "--dataset", dataset, "--data", world)
        assert done.returncode == 1 and sentence in " ".join(done.stderr.split())


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_the_light_half_suffices_and_little_of_it_is_loaded(ending: str, tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    if ending == "npz":
        a, b = _save(tmp_path / "a.npz", A), _save(tmp_path / "b.npz", B)
    else:
        a, b = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
        save_file(A, a)
        save_file(B, b)
    code = (
        "import os, sys\n"
        "from ingest.cli.main import main\n"
        f"sys.argv = ['prh', 'align', {str(a)!r}, {str(b)!r}, '--k', '5']\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as stop:\n"
        "    assert os.environ['OMP_WAIT_POLICY'] == 'PASSIVE'\n"
        "    slow = {'torch', 'transformers', 'polars', 'duckdb', 'scipy.stats'}\n"
        "    sys.exit(stop.code or ', '.join(slow & set(sys.modules)) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=False
    )
    assert done.returncode == 0, done.stderr
    assert "best of 6 pairs of layers" in done.stdout

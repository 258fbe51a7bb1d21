"""`prh match`: two files in, the samples matched without pairs, and how many truly."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prh_core.matching import match_spaces, score_matching
from tests.ingest.command import prh

N = 60
RNG = np.random.default_rng(0)
LATENT = RNG.normal(size=(N, 5)) * [3, 2, 2, 1, 1]
TURN = np.linalg.qr(RNG.normal(size=(5, 5)))[0]
A = {
    "noise": RNG.normal(size=(N, 4)).astype(np.float32),
    "flat": np.ones((N, 4), np.float32),
    "seen": LATENT.astype(np.float32),
}
B = {"seen": (LATENT @ TURN + 0.05 * RNG.normal(size=(N, 5))).astype(np.float32)}
IDS = np.array([f"picture-{i:02}" for i in range(N)])
ORDER = RNG.permutation(N)
QUICK = ("--starts", 3, "--controls", 2)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("match")
    np.savez(folder / "a.npz", allow_pickle=False, ids=IDS, **A)
    scrambled: dict[str, Any] = {name: layer[ORDER] for name, layer in B.items()}
    np.savez(folder / "b.npz", allow_pickle=False, ids=IDS[ORDER], **scrambled)
    return folder / "a.npz", folder / "b.npz"


def _json(*words: object) -> dict[str, Any]:
    done = prh("match", *words, *QUICK, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_two_files_are_matched_as_their_arrays_are(files: tuple[Path, Path]) -> None:
    told = _json(*files)
    rows = np.random.default_rng(0).permutation(N)
    same = score_matching(
        match_spaces(A["seen"][rows].astype(float), B["seen"][rows].astype(float), starts=3)
    )
    assert told["correct"] == same.correct > 0.9 * N
    assert told["p_value"] == same.p_correct and told["p_rank"] == same.p_rank
    assert told["mean_rank"] == same.mean_rank < 2
    assert told["agreement"] == same.objective
    assert told["agreement_of_truth"] == same.true_objective
    assert (told["n"], told["matched"], told["chance_correct"], told["chance_rank"]) == (
        *(N, N, 1),
        30.5,
    )
    assert told["layer_a"] == {"name": "seen", "index": 2} and told["truth"] == "by ids"
    assert told["control_agreement"] < told["agreement"] and told["p_agreement"] == 1 / 3
    assert told["control_correct"] < 10


def test_it_prints_counts_chance_and_p(files: tuple[Path, Path]) -> None:
    done = prh("match", *files, *QUICK)
    assert done.returncode == 0, done.stderr
    told = _json(*files)
    assert f"correct    {told['correct']} of 60 ({told['accuracy']:.1%}); luck expects 1, p = " in (
        done.stdout
    )
    assert f"mean rank  {told['mean_rank']:.1f}; luck expects 30.5" in done.stdout
    assert "60 samples; truth by ids" in done.stdout and "2 unrelated: " in done.stdout
    assert "Starts: 9 of 9" in done.stderr


def test_blocks_are_pooled_and_a_layer_is_named_by_name_or_number(files: tuple[Path, Path]) -> None:
    told = _json(*files, "--n", 15, "--blocks", 4)
    assert (told["n"], told["matched"], told["blocks"], told["chance_correct"]) == (15, 60, 4, 4)
    assert told["correct"] > 20 and told["p_value"] < 1e-6
    assert told["controls"] == 2 and told["chance_rank"] == 8
    for wanted in ("noise", "0", "-3"):
        other = _json(*files, "--layer-a", wanted)
        assert other["layer_a"] == {"name": "noise", "index": 0}
        assert other["correct"] < 8 and other["p_value"] > 1e-4
    moved = _json(*files, "--method", "both", "--similarity", "local")
    assert moved["correct"] == N and moved["method"] == "both"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--layer-a", "flat"), "no usable layer 'flat': expected a name (noise, seen)"),
        (("--layer-a", "1"), "no usable layer '1'"),
        (("--layer-b", "4"), "b.npz has no usable layer '4'"),
        (("--n", 20, "--blocks", 4), "4 blocks of 20 take 80 samples, and there are 60: take 3"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    files: tuple[Path, Path], words: tuple[object, ...], said: str
) -> None:
    done = prh("match", *files, *words, *QUICK)
    assert done.returncode == 1
    assert said in " ".join(done.stderr.split())


def test_help_teaches() -> None:
    said = " ".join(prh("match", "--help").stdout.split())
    for word in ("kept from the search", "luck expects one", "--blocks 25", "quadratic assignment"):
        assert word in said

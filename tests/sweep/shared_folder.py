"""Two machines on one data folder: `python -m tests.sweep.shared_folder [TIMES]`.

Each time two runs of one small study begin at once in a folder of their own, each in its own
namespace of processes, as in two containers: to either, every process id of the other is dead or
somebody else's. Both sweep and publish. What readers find must equal what one run alone leaves.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import polars as pl

from ingest.store.features import read_header, read_layers
from tests.ingest.command import arguments, environment
from tests.ingest.own_study import write_study
from tests.worlds import query

APART = ("unshare", "--pid", "--fork", "--mount-proc")
PROVENANCE = ("run_id", "finished_at")


class Outcome(NamedTuple):
    """What came of it."""

    times: int
    equal: int
    """Times the published scores and every feature equalled those of one run alone."""
    failed: int
    """Runs that did not end well, of twice as many."""
    left: int
    """Temporaries that lay there afterwards."""


def run(times: int) -> Outcome:
    """Have two machines work in one folder, that many times.

    Args:
        times: how often, each in a new folder.

    Raises:
        OSError: namespaces of processes need root and `unshare`.
    """
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        catalog = write_study(root / "study")
        alone = root / "alone"
        if _ended(_begun(catalog, alone, ())):
            raise OSError("a run alone failed")
        expected, equal, failed, left = _found(alone), 0, 0, 0
        for number in range(times):
            home = root / str(number)
            working = [_begun(catalog, home, APART) for _ in range(2)]
            failed += sum(map(_ended, working))
            left += len(list(home.rglob("*.tmp*")))
            equal += _same(_found(home), expected)
    return Outcome(times, equal, failed, left)


def _begun(catalog: Path, home: Path, before: tuple[str, ...]) -> subprocess.Popen[bytes]:
    study = ("--catalog", catalog, "--dataset", "noise", "--panel", "tiny", "--k", 3)
    return subprocess.Popen(
        [*before, *arguments("run", *study, "--data", home)],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _ended(process: subprocess.Popen[bytes]) -> bool:
    return process.wait() != 0


def _found(home: Path) -> tuple[pl.DataFrame, dict[str, list[bytes]]]:
    scores = query(home / "results.duckdb", "FROM scores ORDER BY unit_key").drop(PROVENANCE)
    files = (home / "features").rglob("*.safetensors")
    return scores, {
        read_header(file).key: [layer.tobytes() for layer in read_layers(file)] for file in files
    }


def _same(
    one: tuple[pl.DataFrame, dict[str, list[bytes]]],
    other: tuple[pl.DataFrame, dict[str, list[bytes]]],
) -> bool:
    return one[0].equals(other[0]) and one[1] == other[1]


if __name__ == "__main__":
    found = run(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
    sys.stdout.write(
        f"{found.equal} of {found.times} times as one run alone; {found.failed} runs failed, "
        f"{found.left} temporaries were left\n"
    )

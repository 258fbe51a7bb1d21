"""hf:// wherever a path is taken: downloaded once, checked, and each failure a sentence."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ingest.catalog.addresses import read_address, read_repository
from ingest.errors import HubAddressError
from tests.ingest.command import Finished, prh
from tests.ingest.hub_datasets import Datasets, Repository
from tests.ingest.hub_fixtures import hub_here, point_to
from tests.worlds import query

N = 40
IDS = [f"thing {i}" for i in range(N)]
HERE = "hf://datasets/us/mine"
CATALOG = f"""
[[dataset]]
id = "things"
title = "Forty things"
kind = "ids"
source = "made for a test"
revision = "1"
license = "MIT"
citation = "none"
options = {{ table = "{HERE}/ids.txt" }}

[[model]]
id = "theirs"
label = "Theirs"
modality = "language"
family = "saved"
objective = "none"
source = "{HERE}/b.safetensors"
revision = "1"
license = "MIT"
loader = "features"
citation = "none"
options = {{ pooling = "mean" }}
"""


def _features(path: Path, seed: int, rows: np.ndarray) -> bytes:
    from safetensors.numpy import save_file

    latent = np.random.default_rng(0).normal(size=(N, 4))
    rng = np.random.default_rng(seed)
    layers = {f"block.{i}": (latent @ rng.normal(size=(4, 8))).astype("f4")[rows] for i in range(2)}
    save_file(layers, path, {"ids": json.dumps([IDS[row] for row in rows])})
    return path.read_bytes()


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Datasets]:
    with hub_here(tmp_path, monkeypatch) as datasets:
        order = np.random.default_rng(1).permutation(N)
        made = datasets.repositories["us/mine"] = Repository(private=False)
        made.add(
            {
                "a.safetensors": _features(tmp_path / "a.safetensors", 1, np.arange(N)),
                "b.safetensors": _features(tmp_path / "b.safetensors", 2, order),
                "ids.txt": "\n".join(IDS).encode(),
            }
        )
        yield datasets


def _said(done: Finished) -> str:
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def test_two_files_on_the_hub_are_compared_as_they_are_here(
    tmp_path: Path, there: Datasets, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = ("align", tmp_path / "a.safetensors", tmp_path / "b.safetensors", "--k", 5, "--json")
    remote = ("align", f"{HERE}/a.safetensors", f"{HERE}@main/b.safetensors", "--k", 5, "--json")
    told = prh(*remote)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == json.loads(prh(*here).stdout)
    sent = list(there.sent)
    assert prh(*remote).returncode == 0 and there.sent == sent  # once is enough
    point_to("http://127.0.0.1:9", tmp_path, monkeypatch)
    assert json.loads(prh(*remote).stdout) == json.loads(told.stdout)  # and needs no hub then


def test_features_ids_and_records_on_the_hub_are_taken_like_files(
    tmp_path: Path, there: Datasets
) -> None:
    (tmp_path / "mine.toml").write_text(CATALOG, encoding="utf-8")
    catalog, data = tmp_path / "mine.toml", tmp_path / "data"
    study = ("--catalog", catalog, "--dataset", "things", "--data", data)
    words = ("--model", "ours", "--ids", f"{HERE}/ids.txt")
    done = prh("import", "features", f"{HERE}/a.safetensors", *words, *study)
    assert done.returncode == 0, done.stderr
    here = CATALOG[CATALOG.index("[[model]]") :].replace(f"{HERE}/", "")
    catalog.write_text(CATALOG + here.replace('"theirs"', '"same"'), encoding="utf-8")
    assert prh("extract", "--models", "theirs,same", *study).returncode == 0
    done = prh("score", "--models", "theirs,same,ours", "--k", 5, "--permutations", 0, *study)
    assert done.returncode == 0, done.stderr
    scores = query(data / "results.duckdb", "SELECT model_x, score FROM scores ORDER BY model_x")
    assert scores["model_x"].to_list() == ["same", "theirs"] and scores["score"].n_unique() == 1
    # One that cannot be had leaves out its model, and the others go on.
    lost = CATALOG[CATALOG.index("[[model]]") :].replace("b.safetensors", "c.safetensors")
    catalog.write_text(CATALOG + lost.replace('"theirs"', '"lost"'), encoding="utf-8")
    done = prh("extract", "--models", "lost,theirs", *study)
    assert done.returncode == 1 and "1 found done, 1 left out" in _said(done)
    assert "Model 'lost': The dataset 'us/mine' at revision 'main' lacks a file" in _said(done)


def test_a_warehouse_on_the_hub_is_asked(world: Path, there: Datasets) -> None:
    content = (world / "results.duckdb").read_bytes()
    there.repositories["us/mine"].add({"results.duckdb": content})
    asked = ("sql", "SELECT count(*) AS n FROM scores", "--format", "json", "--data")
    assert prh(*asked, HERE).stdout == prh(*asked, world).stdout
    done = prh("run", "--dataset", "emoji", "--data", HERE)
    assert done.returncode == 1 and f"`prh pull {HERE} --data FOLDER`" in _said(done)


def test_a_bad_address_or_file_is_one_sentence(
    tmp_path: Path, there: Datasets, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(address: str, *said: str) -> None:
        done = prh("align", address, tmp_path / "b.safetensors")
        assert done.returncode == 1 and all(one in _said(done) for one in said), done.stderr

    fails("hf://", "an address on the hub should be hf://datasets/OWNER/NAME[@REVISION]/FILE")
    fails("hf://spaces/us/mine/a.npy", "is a space: only datasets and models are read")
    fails(HERE, "is a repository, and a file in it is wanted")
    fails(f"{HERE}/c.npz", "lacks a file")
    fails(f"{HERE}@v2/a.safetensors", "no revision 'v2'")
    fails("hf://datasets/us/none/a.safetensors", "knows no dataset 'us/none'")
    content = there.repositories["us/mine"].files["a.safetensors"]
    there.damage["a.safetensors"] = content[:-1] + bytes([content[-1] ^ 1])
    fails(f"{HERE}/a.safetensors", "came with the hash", "download it anew")
    there.damage.clear()
    assert prh("align", f"{HERE}/a.safetensors", tmp_path / "b.safetensors").returncode == 0
    point_to("http://127.0.0.1:9", tmp_path, monkeypatch)
    fails(f"{HERE}/ids.npy", "did not answer")


def test_addresses_are_read_and_written() -> None:
    for text in (f"{HERE}@v1/a/b.npz", HERE, "hf://models/us/net/x.safetensors"):
        assert str(read_address(text)) == text
    assert read_address("hf://us/net/x.npz").kind == "model"
    assert read_repository("us/mine") == read_repository(HERE)
    assert read_repository("us/mine@v1").revision == "v1"
    for text in ("mine", f"{HERE}/a.npz", "hf://models/us/net", "us/mine/a", ""):
        with pytest.raises(HubAddressError):
            read_repository(text)

"""Results pushed to a hub on the loopback and pulled from it: whole, checked, resumed, or named."""

import hashlib
import io
import json
import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import yaml

from ingest.hub import push as pushing
from ingest.hub.licenses import is_open
from ingest.store.away import find_away
from prh_core.warehouse import schema
from prh_core.warehouse.filling import tables
from prh_core.warehouse.reading import open_readonly
from tests.ingest.command import Finished, prh
from tests.ingest.hub_datasets import READER, WRITER, Datasets
from tests.ingest.hub_fixtures import hub_here, point_to
from tests.ingest.own_study import write_study
from tests.worlds import query

REPOSITORY = "us/planted"
PICTURES = {"thumbnails", "sample_thumbnails"}
ALL = ("--what", "features", "--what", "parts", "--what", "warehouse")


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Datasets]:
    with hub_here(tmp_path, monkeypatch) as datasets:
        yield datasets


def push(home: Path, *words: object, repository: str = REPOSITORY) -> Finished:
    """Push; without the warehouse, whose copy takes seconds, unless it is asked for."""
    what = () if "--what" in words else ALL[:4]
    return _run("push", home, repository, *what, *words)


def pull(home: Path, *words: object, repository: str = REPOSITORY) -> Finished:
    return _run("pull", home, repository, "--no-publish", *words)


def _run(command: str, home: Path, *words: object) -> Finished:
    done = prh(command, *words, "--data", home)
    assert "Traceback" not in done.stderr
    return done._replace(stderr=" ".join(done.stderr.split()))


def _rows(home: Path, table: str) -> pl.DataFrame:
    with open_readonly(home / "results.duckdb") as connection:
        frame = connection.table(table).pl()
    if table == "samples":  # whose texts stay where they are
        frame = frame.drop("caption", "image")
    return frame


def _sorted_rows(home: Path, table: str) -> list[str]:
    return sorted(map(str, _rows(home, table).rows()))


def test_what_is_pushed_is_pulled_and_publishes_the_same_rows(
    own_world: Path, tmp_path: Path, there: Datasets
) -> None:
    done = push(own_world, *ALL)
    assert done.returncode == 0, done.stderr
    assert f"to hf://datasets/{REPOSITORY} (private); 0 were there." in done.stderr
    assert there.repositories[REPOSITORY].private
    other = tmp_path / "other"
    done = _run("pull", other, REPOSITORY)
    assert done.returncode == 0 and "0 were here. Published" in done.stderr
    for table in tables():
        # Small pictures stay where captions do.
        kept = [] if table in PICTURES else _sorted_rows(own_world, table)
        assert _sorted_rows(other, table) == kept, table
    assert _rows(own_world, "scores").height > 100
    features = sorted(p.relative_to(own_world) for p in own_world.rglob("*.safetensors"))
    for path in features:
        assert (other / path).read_bytes() == (own_world / path).read_bytes()
    # Again, either way: nothing is sent, and nothing is asked for.
    head, uploads, sent = there.repositories[REPOSITORY].head, there.uploads(), len(there.sent)
    assert "Pushed 0 files" in push(own_world, *ALL).stderr
    assert "Pulled 0 files" in pull(other).stderr
    assert there.repositories[REPOSITORY].head == head
    assert (there.uploads(), len(there.sent)) == (uploads, sent)
    # What was pulled is pushed elsewhere by whoever pulled it, under the same names.
    names = {n for n in there.repositories[REPOSITORY].files if n.startswith(("features", "parts"))}
    assert push(other, repository="us/again").returncode == 0
    again = there.repositories["us/again"].files
    assert {n for n in again if n.startswith(("features", "parts"))} >= names


def test_captions_stay_here_unless_they_are_asked_for(own_world: Path, there: Datasets) -> None:
    def captions(repository: str) -> tuple[set[str], set[str]]:
        files = there.repositories[repository].files
        parts = [pl.read_parquet(io.BytesIO(c)) for n, c in files.items() if "parts/samples" in n]
        Path(own_world, "got.duckdb").write_bytes(files["results.duckdb"])
        warehouse = query(own_world / "got.duckdb", "SELECT caption, image FROM samples")
        assert not [n for n in files if "caption_summaries" in n and repository == REPOSITORY]
        return (
            {text for part in parts for name in ("caption", "image") for text in part[name]},
            {text for name in ("caption", "image") for text in warehouse[name]},
        )

    assert push(own_world, *ALL).returncode == 0
    assert captions(REPOSITORY) == ({""}, {""})
    assert push(own_world, *ALL, "--captions", repository="us/texts").returncode == 0
    parts, warehouse = captions("us/texts")
    assert "caption 7" in parts and "caption 7" in warehouse
    # What a card says holds for what others pushed before, too.
    assert push(own_world, repository="us/texts").returncode == 0
    cards = {n: r.files["README.md"].decode() for n, r in there.repositories.items()}
    assert "Captions and picture names of the samples are in it" in cards["us/texts"]
    assert "Pictures and captions are not in it" in cards[REPOSITORY]
    # A folder that has captions keeps them when it pulls what has none.
    assert _run("pull", own_world, REPOSITORY).returncode == 0
    shown = query(own_world / "results.duckdb", "SELECT min(caption) AS least FROM samples")
    assert shown.item() == "caption 0"


def test_what_differs_is_left_alone_and_named(
    own_world: Path, tmp_path: Path, there: Datasets
) -> None:
    assert push(own_world).returncode == 0
    warehouse = (own_world / "results.duckdb").read_bytes()
    there.repositories[REPOSITORY].add({"results.duckdb": warehouse})
    other = tmp_path / "other"
    assert pull(other, *ALL).returncode == 0
    feature = next(other.rglob("*.safetensors"))
    mine = feature.read_bytes()[:-1] + b"\0"
    feature.write_bytes(mine)
    model = other / "parts/models/lang-small.parquet"
    theirs = model.read_bytes()
    changed = pl.read_parquet(model).with_columns(pl.lit("Mine").alias("label"))
    changed.write_parquet(model)
    kept = model.read_bytes()
    with Path(other, "results.duckdb").open("ab") as published:
        published.write(b"mine")
    done = pull(other, *ALL)
    assert done.returncode == 1
    assert f"{feature.relative_to(other).as_posix()} here differs" in done.stderr
    assert "results.duckdb here differs" in done.stderr and "--overwrite replaces it" in done.stderr
    assert feature.read_bytes() == mine and model.read_bytes() == kept
    beside = [p for p in model.parent.glob("lang-small.*.parquet") if p.read_bytes() == theirs]
    assert len(beside) == 1  # parts are a log: both are kept
    assert "Pulled 0 files" in pull(other).stderr
    # The other way round: the repository keeps its feature file, and gets the other part.
    done = push(other, "--what", "features", "--what", "parts")
    assert done.returncode == 1 and "differs from the file of that name at" in done.stderr
    files = there.repositories[REPOSITORY].files
    assert files[feature.relative_to(other).as_posix()] != mine
    assert files["parts/models/lang-small.parquet"] == theirs
    assert kept in [c for n, c in files.items() if n.startswith("parts/models/lang-small.")]
    assert pull(other, "--overwrite").returncode == 0
    assert feature.read_bytes() == files[feature.relative_to(other).as_posix()]


def test_features_are_deleted_once_the_hub_confirms_them_and_come_back(
    own_world: Path, there: Datasets
) -> None:
    there.full = True
    done = push(own_world, "--what", "features", "--delete-local")
    assert done.returncode == 1 and "does not confirm" in done.stderr
    assert "nothing was deleted here" in done.stderr
    before = {p: p.read_bytes() for p in own_world.rglob("*.safetensors")}
    assert len(before) > 8
    there.full = False
    there.repositories.clear()
    done = push(own_world, "--what", "features", "--dataset", "planted", "--delete-local")
    assert done.returncode == 0 and "Deleted 8 feature files here" in done.stderr
    gone = [path for path in before if not path.exists()]
    assert len(gone) == 8 and all(path.name.startswith("planted.") for path in gone)
    away = find_away(gone[0])
    assert away is not None and away.repository == REPOSITORY
    assert away.commit == there.repositories[REPOSITORY].head
    # Nothing else on that dataset is asked for, and it says how to have it again.
    other = next(path for path in before if path.exists())
    done = prh("align", other, "--panel", "--dataset", "planted", "--data", own_world)
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert "deleted here; `prh pull hf://datasets/us/planted --dataset planted --models" in said
    assert pull(own_world, "--what", "features", "--models", gone[0].parent.name).returncode == 0
    assert gone[0].read_bytes() == before[gone[0]] and find_away(gone[0]) is None
    assert not gone[-1].exists()
    assert pull(own_world).returncode == 0
    assert all(path.read_bytes() == content for path, content in before.items())
    assert not list(own_world.rglob("*.away"))


def test_a_dry_run_tells_files_and_bytes_and_does_nothing(
    own_world: Path, tmp_path: Path, there: Datasets
) -> None:
    done = push(own_world, "--dry-run")
    assert done.returncode == 0 and not there.repositories and "Would push" in done.stderr
    listed = {
        line.split()[1]: int(line.split()[0].replace(",", "")) for line in done.stdout.splitlines()
    }
    assert push(own_world).returncode == 0
    files = there.repositories[REPOSITORY].files
    assert {n: len(c) for n, c in files.items() if n != ".gitattributes"} == listed
    done = pull(tmp_path / "other", "--dry-run", "--what", "features", "--models", "vis-small")
    assert done.returncode == 0 and not (tmp_path / "other").exists()
    names = [line.split()[1] for line in done.stdout.splitlines()]
    assert (
        "parts/models/vis-small.parquet" in names and "parts/models/vis-large.parquet" not in names
    )
    assert {n.split("/")[1] for n in names if n.startswith("features/")} == {"vis-small"}


def test_files_of_one_content_come_at_once(
    own_world: Path, tmp_path: Path, there: Datasets
) -> None:
    assert push(own_world, "--what", "features").returncode == 0
    content = next((own_world / "parts/models").glob("*.parquet")).read_bytes()
    twins = {f"parts/models/twin-{i}.parquet": content for i in range(8)}
    there.repositories[REPOSITORY].add(twins)
    there.slow = 0.02
    done = pull(tmp_path / "other", "--what", "parts")
    assert done.returncode == 0, done.stderr
    assert all((tmp_path / "other" / path).read_bytes() == content for path in twins)


@pytest.mark.parametrize(
    ("license", "is_one"),
    [
        *((name, True) for name in ("MIT", "Apache-2.0", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-3.0")),
        *((name, True) for name in ("BSD-3-Clause", "MIT License", "ODC-By", "Public domain")),
        *((name, False) for name in ("CC-BY-NC-4.0", "CC-BY-ND-4.0", "unstated", "", "other")),
        ("CC-BY-SA-3.0 (Wikipedia text; images under their own licenses)", False),
        ("MIT for the lists; images under their own licenses, for research and education", False),
        ("LLaMA non-commercial license", False),
    ],
)
def test_only_licenses_known_by_name_are_open(license: str, is_one: bool) -> None:
    assert is_open(license) == is_one


def test_a_public_repository_gets_no_features_of_a_limiting_license(
    own_world: Path, there: Datasets
) -> None:
    part = next((own_world / "parts/datasets").glob("planted.*.parquet"))
    rows = pl.read_parquet(part).with_columns(pl.lit("for research alone").alias("license"))
    rows.write_parquet(part)
    done = push(own_world, "--public")
    assert done.returncode == 1 and "(for research alone)" in done.stderr
    assert not there.repositories
    done = push(own_world, "--public", "--licenses-checked")
    assert done.returncode == 0 and "(public)" in done.stderr
    assert ": its license limits, or does not say" in done.stderr
    # One that is public already is asked about, too; a private one is told of it.
    assert "is public, and these datasets" in push(own_world).stderr
    done = push(own_world, repository="us/private")
    assert done.returncode == 0 and ": its license limits" in done.stderr
    assert ": for research alone" in there.repositories["us/private"].files["README.md"].decode()


def test_what_goes_wrong_is_one_sentence(
    own_world: Path, tmp_path: Path, there: Datasets, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(done: Finished, *said: str) -> None:
        assert done.returncode in (1, 2), done
        assert all(one in done.stderr for one in said), done.stderr
        assert done.stderr.count("Error:") == 1

    other = tmp_path / "other"
    fails(pull(other), "knows no dataset repository 'us/planted'", "private")
    fails(push(own_world, repository="them/planted"), "no rights in this namespace", "write access")
    fails(push(own_world, repository="planted"), "should be", "OWNER/NAME")
    fails(push(tmp_path / "empty"), "holds nothing of what is to be pushed")
    assert push(own_world).returncode == 0
    fails(push(own_world, repository=f"{REPOSITORY}@v2"), "no revision 'v2'")
    fails(pull(other, repository=f"hf://datasets/{REPOSITORY}@v2"), "no revision 'v2'")
    fails(
        pull(other, "--models", "nobody", "--what", "features"), "nothing of what is to be pulled"
    )
    path = "features/vis-small/" + next((own_world / "features/vis-small").glob("pl*")).name
    good = there.repositories[REPOSITORY].files[path]
    there.damage[path] = good[:-4] + b"\1\2\3\4"
    done = pull(other)
    assert done.returncode == 1 and f"left out: {path} of hf://" in done.stderr
    assert "came with the hash" in done.stderr and not (other / path).exists()
    assert len(list((other / "features").rglob("*.safetensors"))) > 8  # the others came
    there.damage.clear()
    # A file under another's name would be scored as the other's.
    lies = dict(there.repositories[REPOSITORY].files)
    other_path = next(p for p in lies if p.startswith("features/vis-large/"))
    there.repositories[REPOSITORY].add({path: lies[other_path]})
    done = pull(other, "--what", "features")
    assert done.returncode == 1 and "is not what it says" in done.stderr
    assert not (other / path).exists()
    there.repositories[REPOSITORY].add({path: good, "parts/scores/../../evil.parquet": b"x"})
    assert pull(other).returncode == 0 and not list(tmp_path.rglob("evil*"))
    usage = namedtuple("usage", "total used free")
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _: usage(0, 0, 1000))
        fails(pull(tmp_path / "third"), "has 0 MB free; nothing was changed")
    monkeypatch.setenv("HF_TOKEN", READER)
    fails(push(own_world, "--captions"), "you may read, not write", "write access")
    monkeypatch.setenv("HF_TOKEN", "hf_expired")
    fails(pull(other), "refuses the token", "`hf auth login`")
    monkeypatch.delenv("HF_TOKEN")
    fails(push(own_world), "with a token alone", "HF_TOKEN")
    monkeypatch.setenv("HF_TOKEN", WRITER)
    there.refuses = "the file is too large for this plan"
    fails(push(own_world, "--captions"), "refuses what was asked", "413", "too large for this plan")
    point_to("http://127.0.0.1:9", tmp_path, monkeypatch)
    fails(push(own_world), "does not answer", "HF_ENDPOINT")
    fails(pull(other), "does not answer", "HF_ENDPOINT")


def test_the_card_and_the_metadata_describe_what_is_there(own_world: Path, there: Datasets) -> None:
    assert push(own_world).returncode == 0
    files = there.repositories[REPOSITORY].files
    head, body = files["README.md"].decode().split("---\n", 2)[1:]
    front = yaml.safe_load(head)
    assert front["license"] == "mit" and "croissant" in front["tags"]
    configs = {one["config_name"]: one["data_files"] for one in front["configs"]}
    assert configs["scores"] == "parts/scores/*.parquet"
    assert "| planted | Planted pairs (60) | 60 | tests/worlds.py | 1 | MIT |" in body
    assert "| vis-small |" in body and "Pictures and captions are not in it" in body
    told = json.loads(files["croissant.json"])
    assert told["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    listed = {one["@id"]: one for one in told["distribution"]}
    features = {n: c for n, c in files.items() if n.startswith("features/")}
    for name, content in features.items():
        assert listed[name]["sha256"] == hashlib.sha256(content).hexdigest()
    sets = {one["@id"]: one for one in told["recordSet"]}
    tables_there = {name.split("/")[1] for name in files if name.startswith("parts/")}
    assert set(sets) == {*tables_there, "feature_files"}
    for table in tables_there:
        columns = schema.column_types(table)
        fields = {one["@id"].split("/")[1]: one for one in sets[table]["field"]}
        assert list(fields) == list(columns)
        assert all(one["description"] for one in fields.values())
        assert {one["source"]["fileSet"]["@id"] for one in fields.values()} <= set(listed)
    score = next(one for one in sets["scores"]["field"] if one["@id"] == "scores/score")
    assert score["dataType"] == "sc:Float"
    rows = sets["feature_files"]["data"]
    assert {row["feature_files/file"] for row in rows} == set(features)
    assert all(row["feature_files/n"] == 60 for row in rows)


def test_a_card_that_somebody_wrote_and_a_push_of_somebody_else_are_left_alone(
    own_world: Path, there: Datasets, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert push(own_world, "--what", "parts").returncode == 0
    repository = there.repositories[REPOSITORY]
    repository.add({"README.md": b"# Mine\n"})
    done = push(own_world, "--what", "features")
    assert done.returncode == 0 and "was written by somebody: it is left as it is" in done.stderr
    assert repository.files["README.md"] == b"# Mine\n"
    planned = pushing.documents

    def meanwhile(*given: object, **more: object) -> object:
        repository.add({"theirs.txt": b"1"})
        return planned(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(pushing, "documents", meanwhile)
    done = push(own_world, "--captions")
    assert done.returncode == 1 and "Somebody else changed" in done.stderr
    assert repository.files["theirs.txt"] == b"1"


def test_pulled_features_are_scored_and_not_extracted_again(
    tmp_path: Path, there: Datasets
) -> None:
    catalog = write_study(tmp_path / "study")
    here, other = tmp_path / "here", tmp_path / "other"
    models = ("--models", "conv-a,letters-a,letters-b")
    study = ("--catalog", catalog, "--dataset", "noise", *models, "--k", 3)
    scoring = (*study, "--permutations", 9, "--no-publish")
    assert _run("extract", here, *study[:-2]).returncode == 0
    done = push(here, "--what", "features", "--delete-local")
    assert done.returncode == 0 and "Deleted 3 feature files" in done.stderr
    # Neither is what lies on the hub made anew, nor is it missed without a word.
    done = _run("extract", here, *study[:-2])
    assert done.returncode == 1 and "0 done, 0 found done, 3 left out" in done.stderr
    assert "`prh pull hf://datasets/us/planted --dataset noise --models conv-a`" in done.stderr
    done = _run("score", here, *scoring)
    assert done.returncode == 1 and f"--dataset noise {' '.join(models)}" in done.stderr
    assert pull(here, "--what", "features").returncode == 0
    assert "Scores: 2 done" in _run("score", here, *scoring).stderr
    # Another machine with the same pictures needs no network to run.
    assert pull(other, "--what", "features").returncode == 0
    assert "0 done, 3 found done, 0 left out" in _run("extract", other, *study[:-2]).stderr
    assert "Scores: 2 done" in _run("score", other, *scoring).stderr

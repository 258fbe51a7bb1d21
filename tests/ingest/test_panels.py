"""The paper's panel of 78, series of models, and checkpoints that users bring."""

from collections import Counter
from pathlib import Path

import pytest
import torch
from torchvision.models import resnet18

from ingest.catalog import ModelRecord, load_catalog
from ingest.errors import CatalogError, CheckpointMismatchError, UnsafeCheckpointError
from ingest.extract.device import place
from ingest.extract.loaded import LoadedVision
from ingest.extract.loaders import load
from tests.ingest.command import prh


def test_the_paper_looked_at_78_vision_models() -> None:
    catalog = load_catalog()
    models = [catalog.model(name) for name in catalog.panel("paper-vision-78").models]
    kinds = Counter(m.objective if m.loader == "timm-checkpoint" else m.loader for m in models)
    assert kinds == {
        "timm": 17, "timm-random": 1, "contrastive": 11, "alignment and uniformity": 49
    }  # fmt: skip
    assert len({m.id for m in models}) == len({m.label for m in models}) == 78
    files = [m.options["checkpoint"] for m in models if m.loader == "timm-checkpoint"]
    assert len(set(files)) == 60


def test_a_series_completes_each_member(tmp_path: Path) -> None:
    text = """
[[series]]
[series.common]
modality = "vision"
family = "mine"
objective = "contrastive"
source = "nowhere"
revision = "1"
license = "MIT"
loader = "timm-checkpoint"
options = { architecture = "resnet18", pooling = "gap" }
citation = "none"
[[series.member]]
id = "one"
label = "One"
options = { checkpoint = "one.pth" }
[[series.member]]
id = "two"
label = "Two"
license = "Apache-2.0"
options = { checkpoint = "two.pth", pooling = "cls" }
"""
    catalog = tmp_path / "mine.toml"
    catalog.write_text(text, encoding="utf-8")
    found = load_catalog([catalog])
    one, two = found.model("one"), found.model("two")
    assert (one.license, two.license) == ("MIT", "Apache-2.0")
    assert one.options["architecture"] == two.options["architecture"] == "resnet18"
    assert (one.options["pooling"], two.options["pooling"]) == ("gap", "cls")
    assert one.checkpoint == tmp_path / "one.pth"
    catalog.write_text(text.replace("[[series.member]]", "[[series.membre]]"), encoding="utf-8")
    with pytest.raises(CatalogError, match=r"\[series\.common\] and \[\[series\.member\]\]"):
        load_catalog([catalog])


@pytest.fixture
def uniform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[ModelRecord, Path]:
    """Return a shipped record without its file, and where that belongs."""
    monkeypatch.setenv("PRH_CHECKPOINTS", str(tmp_path))
    record = load_catalog().model("au-resnet18-imagenet100")
    path = tmp_path / "au-resnet18-imagenet100.pth"
    assert record.checkpoint == path
    return record, path


def test_a_checkpoint_is_read_whatever_wrapped_it(uniform: tuple[ModelRecord, Path]) -> None:
    """Torchvision's ResNet-18, an architecture timm has under the same keys."""
    record, path = uniform
    torch.manual_seed(0)
    network = resnet18().eval()
    weights = {f"module.encoder_q.{key}": value for key, value in network.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": {**weights, "module.queue": torch.zeros(3)}}, path)
    moco = record.model_copy(update={"options": {**record.options, "prefix": "encoder_q."}})
    loaded = load(moco, place("cpu", "float32"))
    assert isinstance(loaded, LoadedVision)
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        found = loaded.forward(images)
        assert isinstance(found, torch.Tensor)
        network.fc = torch.nn.Identity()  # type: ignore[assignment]
        wanted = network(images)
    torch.testing.assert_close(found.mean(dim=(2, 3)), wanted, atol=1e-5, rtol=1e-5)
    assert loaded.revision.startswith("sha256:")


def test_a_checkpoint_that_does_not_fit_is_told(uniform: tuple[ModelRecord, Path]) -> None:
    record, path = uniform
    with pytest.raises(CatalogError, match="does not exist; get it from"):
        load(record, place("cpu", "float32"))
    weights = resnet18().state_dict()
    torch.save({"conv1.weight": weights["conv1.weight"]}, path)
    with pytest.raises(CheckpointMismatchError, match=r"weights missing \(bn1"):
        load(record, place("cpu", "float32"))
    torch.save({**weights, "head.0.weight": torch.zeros(2)}, path)
    with pytest.raises(CheckpointMismatchError, match=r"1 weights left over \(head\.0\.weight\)"):
        load(record, place("cpu", "float32"))
    torch.save({"model": Path("/")}, path)
    with pytest.raises(UnsafeCheckpointError, match="refused"):
        load(record, place("cpu", "float32"))


def test_panels_are_listed_with_where_weights_belong(uniform: tuple[ModelRecord, Path]) -> None:
    every = prh("panel", "list")
    assert "paper-vision-78" in every.stdout
    path = uniform[1]
    path.write_bytes(b"anything")
    listed = " ".join(prh("panel", "list", "paper-vision-78").stdout.split())
    assert "here:" in listed
    assert "expected:" in listed
    assert "78 models." in prh("panel", "list", "paper-vision-78").stderr
    unknown = prh("panel", "list", "paper-vison")
    assert unknown.returncode == 1
    assert "paper-vision" in unknown.stderr

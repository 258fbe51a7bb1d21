"""V-JEPA 2 over still pictures: its records, its layers as a direct call gives them, refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from ingest.catalog import ModelRecord, load_catalog
from ingest.errors import CatalogError, CheckpointMismatchError
from ingest.extract import Extracted, extract, variants_for
from tests.ingest import tiny

CATALOG = load_catalog()
PANEL = [CATALOG.model(name) for name in CATALOG.panel("today-vision").models]
VIDEO = [record for record in PANEL if record.loader.startswith("vjepa2")]
# The published numbers that parameters follow from, beside layers and width.
HEADS: dict[int, dict[str, Any]] = {
    1024: {"num_attention_heads": 16},
    1280: {"num_attention_heads": 16},
    1408: {"num_attention_heads": 22, "mlp_ratio": 48 / 11},
}
SMALL: dict[str, Any] = {
    "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 2, "crop_size": 64,
    "pred_hidden_size": 8, "pred_num_attention_heads": 2, "pred_num_hidden_layers": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny V-JEPA 2 whose tokens span four frames, with a preprocessing of its own."""
    path = tmp_path_factory.mktemp("vjepa2")
    torch.manual_seed(7)  # not the control's
    network = transformers.VJEPA2Model(transformers.VJEPA2Config(**SMALL, tubelet_size=4))
    network.save_pretrained(path)
    transformers.VJEPA2VideoProcessor(crop_size=64, image_mean=[0.4, 0.5, 0.6]).save_pretrained(
        path
    )
    return path


def read(record: ModelRecord, folder: Path, **options: Any) -> Extracted:
    """Return what is extracted of a record whose files are those of a folder."""
    options = {**record.options, "path": ".", **options}
    twin = record.model_copy(update={"options": options, "base": folder})
    (got,) = extract(twin, tiny.dataset(3), variants_for(twin), device="cpu", batch_size=2).values()
    return got


@pytest.mark.parametrize("record", VIDEO, ids=lambda record: record.id)
def test_a_record_says_what_its_configuration_builds(record: ModelRecord) -> None:
    assert record.width is not None and record.layers is not None
    shape = transformers.VJEPA2Config(
        hidden_size=record.width, num_hidden_layers=record.layers, **HEADS[record.width]
    )
    with torch.device("meta"):
        encoder = transformers.VJEPA2Model(shape).encoder
    assert sum(p.numel() for p in encoder.parameters()) == record.parameters
    assert "a still picture, repeated" in record.objective
    assert record.source.startswith("facebook/vjepa2-")


def test_the_layers_are_the_hidden_states_of_a_repeated_picture(folder: Path) -> None:
    got = read(CATALOG.model("vjepa2-vitl-fpc64-256"), folder)
    network = transformers.VJEPA2Model.from_pretrained(folder).eval()
    processor = transformers.AutoVideoProcessor.from_pretrained(folder)
    pictures = tiny.dataset(3)
    clips = [
        torch.from_numpy(np.stack([np.asarray(pictures.image(i))] * 4)).permute(0, 3, 1, 2)
        for i in range(3)
    ]
    with torch.inference_mode():
        told = network(**processor(videos=clips, return_tensors="pt"), output_hidden_states=True)
    assert list(got.layers) == ["layer.0", "layer.1", "layer.2"]
    for layer, state in zip(got.layers.values(), told.hidden_states[1:], strict=True):
        assert state.shape == (3, 16, 24), "one token in time, 4 x 4 in space"
        np.testing.assert_allclose(layer, state.mean(dim=1).numpy(), rtol=1e-4, atol=1e-6)
    assert got.facts["pooling"] == "gap" and got.facts["revision"].startswith("sha256:")
    encoder = sum(p.numel() for p in network.encoder.parameters())
    assert got.facts["parameters"] == str(encoder), "the predictor is left out"


def test_the_control_takes_the_shape_and_none_of_the_weights(folder: Path) -> None:
    record = CATALOG.model("random-vjepa2-vitl")
    trained = read(CATALOG.model("vjepa2-vitl-fpc64-256"), folder).layers["layer.2"]
    first, again = read(record, folder), read(record, folder)
    assert first.facts["revision"] == "seed-0"
    np.testing.assert_array_equal(first.layers["layer.2"], again.layers["layer.2"])
    other = read(record, folder, seed=1).layers["layer.2"]
    for apart in (trained, other):
        assert apart.shape == (3, 24)
        assert not np.allclose(first.layers["layer.2"], apart)
    with pytest.raises(CatalogError, match="seed should be a whole number; got 'x'"):
        read(record, folder, seed="x")


def test_a_class_token_is_refused(folder: Path) -> None:
    with pytest.raises(CatalogError, match="has no class token"):
        read(CATALOG.model("vjepa2-vitl-fpc64-256"), folder, pooling="cls")


def test_what_is_no_video_network_is_refused(tmp_path: Path, folder: Path) -> None:
    record = CATALOG.model("vjepa2-vitl-fpc64-256")
    with pytest.raises(CatalogError, match="holds no transformers model"):
        read(record, tmp_path)
    transformers.LlamaConfig().save_pretrained(tmp_path)
    with pytest.raises(CatalogError, match="models of type 'vjepa2'; .* is of type 'llama'"):
        read(record, tmp_path)
    network = transformers.VJEPA2Model.from_pretrained(folder)
    left = {k: v for k, v in network.state_dict().items() if not k.startswith("encoder.layer.2")}
    network.save_pretrained(tmp_path, state_dict=left)
    transformers.VJEPA2VideoProcessor(crop_size=64).save_pretrained(tmp_path)
    with pytest.raises(CheckpointMismatchError, match="do not fit its architecture: 16 missing"):
        read(record, tmp_path)

"""Whisper and CLAP over sounds: records, layers as a direct call gives them, refusals."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from scipy.io import wavfile

from ingest.catalog import ModelRecord, load_catalog
from ingest.catalog.records import DatasetRecord
from ingest.datasets import Dataset, open_dataset
from ingest.errors import CatalogError, CheckpointMismatchError, DatasetError
from ingest.extract import Extracted, extract, variants_for
from tests.ingest import sounds, tiny

CATALOG = load_catalog()
AUDIO = [CATALOG.model(name) for name in CATALOG.panel("today-audio").models]
WHISPER, CLAP = CATALOG.model("whisper-base"), CATALOG.model("clap-htsat-unfused")
HEADS = {384: 6, 512: 8, 768: 12, 1024: 16, 1280: 20}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sounds of several lengths, a tiny Whisper and a tiny CLAP."""
    path = tmp_path_factory.mktemp("audio")
    sounds.write(path / "sounds")
    sounds.whisper(path / "whisper")
    sounds.clap(path / "clap")
    return path


@pytest.fixture(scope="module")
def heard(home: Path) -> Dataset:
    """The sounds as a dataset."""
    return open_dataset(
        DatasetRecord(
            id="tones", title="Tones", kind="audio", source="made", revision="1", license="MIT",
            citation="none", options={"sounds": "sounds"}, base=home,
        )
    )  # fmt: skip


def read(
    record: ModelRecord, home: Path, heard: Dataset, size: int = 3, **options: Any
) -> Extracted:
    """Return what is extracted of a record whose files are those of a tiny twin."""
    folder = "whisper" if "whisper" in record.id else "clap"
    options = {**record.options, "path": folder, **options}
    twin = record.model_copy(update={"options": options, "base": home})
    (got,) = extract(twin, heard, variants_for(twin), device="cpu", batch_size=size).values()
    return got


@pytest.mark.parametrize("record", AUDIO, ids=lambda record: record.id)
def test_a_record_says_what_its_configuration_builds(record: ModelRecord) -> None:
    assert record.width is not None and record.layers is not None
    with torch.device("meta"):
        if "whisper" in record.id:
            network: Any = transformers.WhisperModel(
                transformers.WhisperConfig(
                    d_model=record.width, encoder_layers=record.layers, decoder_layers=1,
                    encoder_attention_heads=HEADS[record.width], decoder_attention_heads=1,
                    encoder_ffn_dim=4 * record.width,
                    num_mel_bins=128 if record.id == "whisper-large-v3" else 80,
                )
            ).encoder  # fmt: skip
        else:
            shape = transformers.ClapAudioConfig()
            assert (len(shape.depths), shape.hidden_size) == (record.layers, record.width)
            network = transformers.ClapAudioModel(shape)
    assert sum(p.numel() for p in network.parameters()) == record.parameters


def test_a_whispers_layers_are_the_states_of_its_windows_where_there_is_sound(
    home: Path, heard: Dataset
) -> None:
    got = read(WHISPER, home, heard)
    network: Any = transformers.WhisperModel.from_pretrained(home / "whisper").eval()
    extractor: Any = transformers.WhisperFeatureExtractor()
    wanted = []
    for number, seconds in enumerate(sounds.SECONDS):
        wave, states = sounds.tone(seconds, number), []
        for at in range(0, len(wave), 6400):  # 20 positions of 320 samples
            part = wave[at : at + 6400]
            mel = extractor(part, sampling_rate=16_000, max_length=6400, return_tensors="pt")
            with torch.inference_mode():
                told = network.encoder(**mel, output_hidden_states=True).hidden_states
                last = network.encoder.layers[-1](told[-2], None)
            last = last[0] if isinstance(last, tuple) else last
            states.append(torch.stack([*told[1:-1], last])[:, 0, : -(-len(part) // 320)])
        wanted.append(torch.cat(states, dim=1).mean(dim=1))
    assert list(got.layers) == ["layers.0", "layers.1", "layers.2"]
    for depth, layer in enumerate(got.layers.values()):
        expected = torch.stack([one[depth] for one in wanted])
        np.testing.assert_allclose(layer, expected.numpy(), rtol=1e-4, atol=1e-5)
    assert got.facts["revision"].startswith("sha256:")
    encoder = sum(p.numel() for p in network.encoder.parameters())
    assert got.facts["parameters"] == str(encoder), "the decoder is left out"


def test_a_claps_layers_are_its_stages_and_a_longer_sound_is_its_windows(
    home: Path, heard: Dataset, tmp_path: Path
) -> None:
    wave = sounds.tone(2.25, 3)
    longer = replace(
        heard, sample_ids=("0",), captions=("long",),
        sounds=lambda i: heard.sound(0)._replace(samples=wave),
    )  # fmt: skip
    network: Any = transformers.ClapModel.from_pretrained(home / "clap").eval()
    extractor: Any = transformers.ClapFeatureExtractor.from_pretrained(home / "clap")

    def stages(part: np.ndarray) -> list[np.ndarray]:
        mel = extractor(part, sampling_rate=16_000, return_tensors="pt")
        with torch.inference_mode():
            told = network.audio_model(
                input_features=mel["input_features"].float(), output_hidden_states=True
            )
        return [state[0].mean(dim=(1, 2)).numpy() for state in told.hidden_states[1:]]

    got = read(CLAP, home, heard)
    assert list(got.layers) == ["layers.0", "layers.1"]
    for number, seconds in enumerate(sounds.SECONDS):
        for layer, state in zip(
            got.layers.values(), stages(sounds.tone(seconds, number)), strict=True
        ):
            np.testing.assert_allclose(layer[number], state, rtol=1e-3, atol=1e-4)
    parts = [stages(wave[at : at + 16_000]) for at in (0, 16_000, 32_000)]
    for depth, layer in enumerate(read(CLAP, home, longer).layers.values()):
        expected = np.average([part[depth] for part in parts], axis=0, weights=[1, 1, 0.25])
        np.testing.assert_allclose(layer[0], expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("record", [WHISPER, CLAP], ids=lambda record: record.id)
def test_sounds_of_several_lengths_give_the_same_in_any_batch(
    record: ModelRecord, home: Path, heard: Dataset
) -> None:
    one, all_at_once = read(record, home, heard, 1), read(record, home, heard, 5)
    for name, layer in one.layers.items():
        np.testing.assert_allclose(layer, all_at_once.layers[name], rtol=1e-4, atol=1e-5)
        assert not np.allclose(layer[0], layer[1])


def test_a_rate_of_its_own_is_brought_to_the_networks(home: Path, tmp_path: Path) -> None:
    def dataset(rate: int) -> Dataset:
        folder = tmp_path / str(rate)
        folder.mkdir()
        time = np.arange(int(0.35 * rate)) / rate
        for name, pitch in (("a", 300.0), ("b", 900.0)):
            wave = (0.5 * np.sin(2 * np.pi * pitch * time)).astype(np.float32)
            wavfile.write(folder / f"{name}.wav", rate, wave)
            (folder / f"{name}.txt").write_text("a tone", encoding="utf-8")
        fields = {
            "id": "tones", "title": "Tones", "kind": "audio", "source": "made", "revision": "1",
            "license": "MIT", "citation": "none", "options": {"sounds": str(rate)},
        }  # fmt: skip
        return open_dataset(DatasetRecord.model_validate({**fields, "base": tmp_path}))

    native = read(WHISPER, home, dataset(16_000)).layers["layers.2"]
    other = read(WHISPER, home, dataset(44_100)).layers["layers.2"]
    apart = np.linalg.norm(native[0] - native[1])
    assert np.linalg.norm(native - other, axis=1).max() < 0.1 * apart


@pytest.mark.parametrize("name", ["random-whisper-base", "random-clap-htsat"])
def test_the_control_takes_the_shape_and_none_of_the_weights(
    name: str, home: Path, heard: Dataset
) -> None:
    record = CATALOG.model(name)
    trained = read(WHISPER if "whisper" in name else CLAP, home, heard)
    first, again = read(record, home, heard), read(record, home, heard)
    last = list(first.layers)[-1]
    assert first.facts["revision"] == "seed-0" and list(first.layers) == list(trained.layers)
    np.testing.assert_array_equal(first.layers[last], again.layers[last])
    for apart in (trained, read(record, home, heard, seed=1)):
        assert not np.allclose(first.layers[last], apart.layers[last])


def test_what_cannot_be_heard_or_hear_is_refused(
    home: Path, heard: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match="'tiny' has no sounds for whisper-base to hear"):
        read(WHISPER, home, tiny.dataset(3))
    seeing = tiny.model("vision", "timm-random", options={"architecture": "test_vit"})
    with pytest.raises(DatasetError, match="has no images to be looked at: it holds sounds"):
        extract(seeing, heard, variants_for(seeing), device="cpu")
    with pytest.raises(CatalogError, match="pooling should be one of sound; got 'cls'"):
        read(WHISPER, home, heard, pooling="cls")
    with pytest.raises(CatalogError, match="models of type 'whisper'; .* is of type 'clap'"):
        read(WHISPER, home, heard, path="clap")
    with pytest.raises(CatalogError, match="'clap' or 'clap_audio_model'; .* type 'whisper'"):
        read(CLAP, home, heard, path="whisper")
    sounds.clap(home / "fused", fused=True)
    with pytest.raises(CatalogError, match="CLAP with feature fusion, .* draws windows at random"):
        read(CLAP, home, heard, path="fused")
    network: Any = transformers.WhisperModel.from_pretrained(home / "whisper")
    left = {k: v for k, v in network.state_dict().items() if not k.startswith("encoder.layers.2")}
    sounds.whisper(home / "torn")
    network.save_pretrained(home / "torn", state_dict=left)
    with pytest.raises(CheckpointMismatchError, match="do not fit its architecture: 15 missing"):
        read(WHISPER, home, heard, path="torn")
    own = tiny.model("audio", "module", source="nets:ear")
    with pytest.raises(CatalogError, match="takes networks of images and of texts; one that hears"):
        extract(own, heard, variants_for(own), device="cpu")
    seen = tiny.model("vision", "whisper", home, options={"path": "whisper"})
    with pytest.raises(CatalogError, match="is a vision record, but the loader 'whisper' opened"):
        extract(seen, heard, variants_for(seen), device="cpu")

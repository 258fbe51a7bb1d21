"""A folder of sounds with captions: formats decode alike, faults are told, studies scored."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import wavfile

from ingest.catalog.records import DatasetRecord
from ingest.datasets import Dataset, open_dataset
from ingest.datasets.dataset import subset
from ingest.datasets.sounds import decode
from ingest.errors import CorruptSoundError, DatasetError, MissingCaptionError
from tests.ingest import own_study, sounds
from tests.ingest.command import prh
from tests.worlds import query

RATE = 8000
MONO = 0.8 * np.sin(np.linspace(0, 40, 400))


def wav(folder: Path, values: np.ndarray) -> bytes:
    """Return the bytes that scipy writes of samples."""
    wavfile.write(folder / "one.wav", RATE, values)
    return (folder / "one.wav").read_bytes()


def packed(values: np.ndarray) -> bytes:
    """Return a .wav of 24 bits, which scipy does not write."""
    data = b"".join(struct.pack("<i", int(value * 2**23))[:3] for value in values)
    header = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, RATE * 3, 3, 24)
    body = b"WAVE" + header + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def record(home: Path, **options: Any) -> DatasetRecord:
    """Return a record of the folder `sounds`."""
    return DatasetRecord(
        id="tones", title="Tones", kind="audio", source="made", revision="1", license="MIT",
        citation="none", options={"sounds": "sounds", **options}, base=home,
    )  # fmt: skip


@pytest.mark.parametrize("form", ["u1", "i2", "i3", "i4", "f4", "f8", "stereo"])
def test_every_format_decodes_to_one_signal(form: str, tmp_path: Path) -> None:
    step = {"u1": 2 / 256, "i2": 2 / 2**16}.get(form, 1e-6)
    if form == "i3":
        raw = packed(MONO)
    elif form == "stereo":
        raw = wav(tmp_path, np.stack([MONO + 0.1, MONO - 0.1], axis=1).astype(np.float32))
    elif form.startswith("f"):
        raw = wav(tmp_path, MONO.astype(form))
    else:
        top, shift = {"u1": (128, 128), "i2": (2**15, 0), "i4": (2**31, 0)}[form]
        raw = wav(tmp_path, np.floor(MONO * top + shift).astype(form))
    got = decode(raw)
    assert got.rate == RATE and got.samples.dtype == np.float32
    np.testing.assert_allclose(got.samples, MONO, atol=step)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda raw: b"", "no WAV that is read here"),
        (lambda raw: b"ID3\x04 a song", "no WAV that is read here .*not understood"),
        (lambda raw: raw[:-101], "cut off|no WAV that is read here"),
        (lambda raw: raw[:-100], "cut off: its header promises more"),
        (lambda raw: raw[:24] + bytes(8) + raw[32:], "its rate should be positive; it says 0"),
        (lambda raw: raw[:20] + b"\x02\x00" + raw[22:], "no WAV that is read here"),
        (lambda raw: raw[:4] + b"\xff" * 4 + raw[8:], "does not say how long it is"),
        (lambda raw: b"version https://git-lfs.github.com/spec/v1\n", "pointer of Git LFS"),
    ],
)
def test_what_is_no_sound_is_a_sentence(change: Any, said: str, tmp_path: Path) -> None:
    raw = wav(tmp_path, (MONO * 2**15).astype(np.int16))
    with pytest.raises(CorruptSoundError, match=said):
        decode(change(raw))


def test_no_numbers_and_those_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CorruptSoundError, match="holds no sound"):
        decode(wav(tmp_path, np.zeros(0, np.int16)))
    values = MONO.astype(np.float32)
    values[7] = np.nan
    with pytest.raises(CorruptSoundError, match="holds NaN or infinity"):
        decode(wav(tmp_path, values))


def test_captions_stand_beside_or_in_a_table(tmp_path: Path) -> None:
    sounds.write(tmp_path / "sounds", (0.1, 0.2, 0.3))
    beside = open_dataset(record(tmp_path))
    assert beside.sample_ids == ("0.wav", "1.wav", "2.wav")
    assert beside.captions[1] == "a tone, number 1"
    assert [len(beside.sound(i).samples) for i in range(3)] == [1600, 3200, 4800]
    table = tmp_path / "told.csv"
    table.write_text("file,text\n2.wav,last\n0.wav,first\n1.wav,middle\n", encoding="utf-8")
    options = {"captions": "told.csv", "sound_column": "file", "caption_column": "text"}
    told = open_dataset(record(tmp_path, **options))
    assert told.sample_ids == ("2.wav", "0.wav", "1.wav") and told.captions[0] == "last"
    assert len(told.sound(0).samples) == 4800
    some = subset(told, [2, 0])
    assert [len(some.sound(i).samples) for i in range(2)] == [3200, 4800]
    assert some.content_for("audio") == subset(told, [2, 0]).content_for("audio")
    assert len({d.content_for("audio") for d in (beside, told, some)}) == 3
    table.write_text("file,text\n0.wav,first\n1.wav,middle\n", encoding="utf-8")
    with pytest.raises(MissingCaptionError, match="3 sounds but captions for only 2; .*: 2.wav"):
        open_dataset(record(tmp_path, **options))
    table.write_text("file,text\n0.wav,a\n1.wav,b\n2.wav,c\n9.wav,d\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="1 caption rows name a sound that is not there: 9.wav"):
        open_dataset(record(tmp_path, **options))
    table.write_text("file,text\n0.wav,a\n1.wav,b\n2.wav,c\n1.wav,d\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="1 sounds have more than one caption row: 1.wav"):
        open_dataset(record(tmp_path, **options))
    table.write_text("file,text\n,a\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="Row 1 of .* should name a sound file; got ''"):
        open_dataset(record(tmp_path, **options))
    (tmp_path / "sounds" / "1.txt").unlink()
    with pytest.raises(MissingCaptionError, match="without one: 1.wav"):
        open_dataset(record(tmp_path))
    with pytest.raises(DatasetError, match="There is no folder of sounds .*: there is none"):
        open_dataset(record(tmp_path, sounds="elsewhere"))
    (tmp_path / "silent").mkdir()
    with pytest.raises(DatasetError, match="holds no sounds; they should be files that end in"):
        open_dataset(record(tmp_path, sounds="silent"))


def test_a_corrupt_sound_is_named_or_left_out(tmp_path: Path) -> None:
    sounds.write(tmp_path / "sounds", (0.1, 0.2, 0.3))
    (tmp_path / "sounds" / "1.wav").write_bytes(b"no sound at all")
    with pytest.raises(CorruptSoundError, match="1 of 3 sounds cannot be decoded: 1.wav .it is no"):
        open_dataset(record(tmp_path))
    left: Dataset = open_dataset(record(tmp_path), skip_corrupt=True)
    assert (left.sample_ids, left.skipped) == (("0.wav", "2.wav"), ("1.wav",))
    assert len(left.sound(1).samples) == 4800 and left.captions[1] == "a tone, number 2"
    (tmp_path / "sounds" / "2.wav").unlink()
    with pytest.raises(CorruptSoundError, match="was readable and no longer is"):
        left.sound(1)


EAR = """
[[model]]
id = "{id}"
label = "{id}"
modality = "audio"
family = "ears"
objective = "none (random weights)"
source = "made"
revision = "1"
license = "MIT"
trained = false
loader = "{kind}"
citation = "made for a test"
options = {{ path = "{kind}" }}
"""


def test_a_study_scores_sounds_with_their_captions(tmp_path: Path) -> None:
    catalog = own_study.write_study(tmp_path, 2)
    sounds.write(tmp_path / "sounds", tuple(0.1 + 0.02 * i for i in range(16)))
    sounds.whisper(tmp_path / "whisper")
    sounds.clap(tmp_path / "clap")
    about = 'title = "T"\nsource = "made"\nrevision = "1"\nlicense = "MIT"\ncitation = "none"'
    catalog.write_text(
        catalog.read_text(encoding="utf-8")
        + f'\n[[dataset]]\nid = "tones"\nkind = "audio"\n{about}\n'
        + 'options = { sounds = "sounds" }\n'
        + EAR.format(id="ear", kind="whisper")
        + EAR.format(id="horn", kind="clap"),
        encoding="utf-8",
    )
    home = tmp_path / "data"
    words = ("run", "--catalog", catalog, "--dataset", "tones", "--models", "ear,horn,letters-a")
    more = ("--data", home, "--k", "3", "--permutations", "9", "--device", "cpu")
    first = prh(*words, *more)
    assert first.returncode == 0, first.stderr
    scored = query(home / "results.duckdb", "SELECT model_x, model_y FROM scores")
    pairs = set(scored.select("model_x", "model_y").iter_rows())
    assert {("letters-a", "ear"), ("letters-a", "horn")} <= pairs, pairs
    features = sorted(home.rglob("*.safetensors"))
    assert len(features) == 3
    again = prh(*words, *more)
    assert again.returncode == 0 and sorted(home.rglob("*.safetensors")) == features
    wavfile.write(tmp_path / "sounds" / "3.wav", sounds.RATE, sounds.tone(0.2, 99))
    changed = prh(*words, *more)
    assert changed.returncode == 0, changed.stderr
    new = set(home.rglob("*.safetensors")) - set(features)
    assert {path.parent.name for path in new} == {"ear", "horn"}, (
        "what hears the sounds is made anew, what reads their captions is not"
    )

"""Audio networks of transformers: Whisper's encoder, and the audio tower of CLAP."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import transformers
from numpy.typing import NDArray
from torch import Tensor

from ingest.catalog.records import ModelRecord
from ingest.errors import CatalogError
from ingest.extract.loaded import LoadedAudio, Placement, Tap, Window
from ingest.extract.loaders import loader
from ingest.extract.pretrained import (
    Files,
    configuration,
    located,
    opening,
    randomly,
    refuse_missing,
)
from ingest.extract.quantization import quiet

_CLAP = (transformers.ClapConfig, transformers.ClapAudioConfig)


@loader("whisper")
def whisper(record: ModelRecord, place: Placement) -> LoadedAudio:
    """Load the encoder of the Whisper of the hub's `source`, or of the local folder `path`."""
    with located(record) as files:
        configuration(record, files, transformers.WhisperConfig)
        module = _pretrained(record, files, place, transformers.WhisperModel, "decoder.")
        return wrap_whisper(module, _extractor(record, files), files.revision())


@loader("whisper-random")
def whisper_random(record: ModelRecord, place: Placement) -> LoadedAudio:
    """Build that encoder with random weights, of the option `seed`; see `whisper`."""
    with located(record) as files:
        shape = configuration(record, files, transformers.WhisperConfig)
        module, revision = randomly(record, files, lambda: transformers.WhisperModel(shape))
        return wrap_whisper(module, _extractor(record, files), revision)


@loader("clap")
def clap(record: ModelRecord, place: Placement) -> LoadedAudio:
    """Load the audio tower of the CLAP of the hub's `source`, or of the local folder `path`."""
    with located(record) as files:
        shape = configuration(record, files, *_CLAP)
        extractor = _extractor(record, files)
        _refuse_fused(record, shape, extractor)
        whole = isinstance(shape, transformers.ClapConfig)
        kind = transformers.ClapModel if whole else transformers.ClapAudioModel
        unread = ("text_", "audio_projection.", "logit_scale")
        module = _pretrained(record, files, place, kind, unread)
        return wrap_clap(module.audio_model if whole else module, extractor, files.revision())


@loader("clap-random")
def clap_random(record: ModelRecord, place: Placement) -> LoadedAudio:
    """Build that tower with random weights, of the option `seed`; see `clap`."""
    with located(record) as files:
        shape = configuration(record, files, *_CLAP)
        extractor = _extractor(record, files)
        _refuse_fused(record, shape, extractor)
        tower = getattr(shape, "audio_config", shape)
        module, revision = randomly(record, files, lambda: transformers.ClapAudioModel(tower))
        return wrap_clap(module, extractor, revision)


def _extractor(record: ModelRecord, files: Files) -> Any:
    with quiet(), opening(record, files.name, files.where):
        return transformers.AutoFeatureExtractor.from_pretrained(files.name, **files.where)


def _pretrained(
    record: ModelRecord,
    files: Files,
    place: Placement,
    kind: Any,
    unread: str | tuple[str, ...],
) -> Any:
    """Load weights, all there but those that begin `unread`, which no sound goes through."""
    with quiet(), opening(record, files.name, files.where):
        module, loading = kind.from_pretrained(
            files.name, dtype=place.dtype, output_loading_info=True, **files.where
        )
    refuse_missing(files.name, loading["missing_keys"], unread)
    return module


def _refuse_fused(record: ModelRecord, shape: Any, extractor: Any) -> None:
    tower = getattr(shape, "audio_config", shape)
    if tower.enable_fusion or extractor.truncation == "fusion":
        raise CatalogError(
            f"Model {record.id!r} is a CLAP with feature fusion, whose preprocessing draws windows "
            "at random, so its features would change from run to run; take one without, e.g. "
            "laion/clap-htsat-unfused."
        )


def wrap_whisper(module: Any, extractor: Any, revision: str) -> LoadedAudio:
    """Say how to feed a Whisper's encoder and where to read it: every block.

    A window is as long as the encoder has positions (30 seconds); of a shorter one the positions
    that hold sound are read, those of the padding are not.
    """
    encoder = module.eval().encoder
    positions = int(encoder.config.max_source_positions)
    stride = int(extractor.hop_length) * encoder.conv1.stride[0] * encoder.conv2.stride[0]
    window = positions * stride

    def prepare(samples: NDArray[np.float32]) -> Window:
        read = extractor(
            samples, sampling_rate=extractor.sampling_rate, max_length=window, return_tensors="pt"
        )
        held = math.ceil(len(samples) / stride)
        return Window(read["input_features"][0].float(), held, held)

    return _fed(encoder, extractor, window, prepare, revision)


def wrap_clap(module: Any, extractor: Any, revision: str) -> LoadedAudio:
    """Say how to feed a CLAP's audio tower and where to read it: every stage.

    A window is as long as the tower takes (10 seconds). A shorter one is repeated to fill it, as
    its preprocessing does, so all its positions hold sound; it counts by its length.
    """
    encoder = module.eval().audio_encoder
    window = int(extractor.nb_max_samples)

    def prepare(samples: NDArray[np.float32]) -> Window:
        read = extractor(samples, sampling_rate=extractor.sampling_rate, return_tensors="pt")
        return Window(read["input_features"][0].float(), None, len(samples))

    return _fed(encoder, extractor, window, prepare, revision)


def _fed(
    encoder: Any,
    extractor: Any,
    window: int,
    prepare: Callable[[NDArray[np.float32]], Window],
    revision: str,
) -> LoadedAudio:
    """Read an encoder of `input_features` at each of its `layers`."""

    def forward(inputs: Tensor) -> object:
        return encoder(input_features=inputs)

    return LoadedAudio(
        module=encoder,
        forward=forward,
        taps=tuple(Tap(path, path) for path in _numbered("layers", len(encoder.layers))),
        rate=int(extractor.sampling_rate),
        window=window,
        prepare=prepare,
        revision=revision,
    )


def _numbered(name: str, count: int) -> list[str]:
    return [f"{name}.{depth}" for depth in range(count)]

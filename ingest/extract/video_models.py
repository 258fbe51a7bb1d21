"""Video networks of transformers (V-JEPA 2), shown a still picture as a clip of itself."""

from collections.abc import Callable
from typing import Any

import transformers
from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import pil_to_tensor

from ingest.catalog.records import ModelRecord
from ingest.extract.loaded import LoadedVision, Placement, Tap
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


@loader("vjepa2")
def vjepa2(record: ModelRecord, place: Placement) -> LoadedVision:
    """Load the V-JEPA 2 of the hub's `source`, or of the local folder of option `path`."""
    with located(record) as files:
        configuration(record, files, transformers.VJEPA2Config)
        network: Any = transformers.VJEPA2Model
        with quiet(), opening(record, files.name, files.where):
            module, loading = network.from_pretrained(
                files.name, dtype=place.dtype, output_loading_info=True, **files.where
            )
        # Only the encoder is read; one that was taught a task may come without its predictor.
        refuse_missing(files.name, loading["missing_keys"], unread="predictor.")
        return wrap(module, _processor(record, files), files.revision())


@loader("vjepa2-random")
def vjepa2_random(record: ModelRecord, place: Placement) -> LoadedVision:
    """Build the V-JEPA 2 of `source`, or of the local folder `path`, with random weights.

    Its configuration and preprocessing are read, none of its weights. Option `seed` makes these.
    """
    with located(record) as files:
        shape = configuration(record, files, transformers.VJEPA2Config)
        module, revision = randomly(record, files, lambda: transformers.VJEPA2Model(shape))
        return wrap(module, _processor(record, files), revision)


def _processor(record: ModelRecord, files: Files) -> Any:
    with quiet(), opening(record, files.name, files.where):
        return transformers.AutoVideoProcessor.from_pretrained(files.name, **files.where)


def wrap(module: Any, processor: Any, revision: str) -> LoadedVision:
    """Say how to feed a V-JEPA 2 and where to read it: every block of its encoder.

    A picture is as many frames as one of its tokens spans; there is no class token, and no token
    before the patches. The predictor, which guesses what is masked, is left out.
    """
    encoder = module.eval().encoder
    frames = int(encoder.config.tubelet_size)
    paths = [f"layer.{depth}" for depth in range(len(encoder.layer))]

    def forward(images: Tensor) -> object:
        return encoder(pixel_values_videos=images.unsqueeze(1).expand(-1, frames, -1, -1, -1))

    return LoadedVision(
        module=encoder,
        forward=forward,
        taps=tuple(Tap(path, path) for path in paths),
        layout="tokens",
        prefix_tokens=0,
        has_class_token=False,
        preprocess=still(processor),
        revision=revision,
    )


def still(processor: Any) -> Callable[[Image.Image], Tensor]:
    """Return what prepares a picture as `processor`, transformers' own, prepares a frame."""

    def preprocess(image: Image.Image) -> Tensor:
        frame = pil_to_tensor(image)
        clip = processor(videos=[frame[None]], do_sample_frames=False, return_tensors="pt")
        return clip["pixel_values_videos"][0, 0]

    return preprocess

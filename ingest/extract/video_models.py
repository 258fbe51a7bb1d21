"""Video networks of transformers (V-JEPA 2), shown a still picture as a clip of itself."""

from collections.abc import Callable
from typing import Any

import torch
import transformers
from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import pil_to_tensor

from ingest.catalog.hub import hub_errors, hub_file
from ingest.catalog.records import ModelRecord
from ingest.errors import CatalogError
from ingest.extract.content import content_hash
from ingest.extract.loaded import LoadedVision, Placement, Tap
from ingest.extract.loaders import loader, local_path
from ingest.extract.pretrained import opening, refuse_missing, seed_of
from ingest.extract.quantization import quiet


@loader("vjepa2")
def vjepa2(record: ModelRecord, place: Placement) -> LoadedVision:
    """Load the V-JEPA 2 of the hub's `source`, or of the local folder of option `path`."""
    if "path" in record.options:
        folder = local_path(record, "path")
        where = {"local_files_only": True}
        return _pretrained(record, str(folder), place, content_hash(folder), where)
    with hub_errors("model", record.source, record.revision):
        config = hub_file(record.source, "config.json", record.revision)
        where = {"revision": config.commit, "local_files_only": config.offline}
        return _pretrained(record, record.source, place, config.commit, where)


@loader("vjepa2-random")
def vjepa2_random(record: ModelRecord, place: Placement) -> LoadedVision:
    """Build the V-JEPA 2 of `source`, or of the local folder `path`, with random weights.

    Its configuration and preprocessing are read, none of its weights. Option `seed` makes these.
    """
    if "path" in record.options:
        return _random(record, str(local_path(record, "path")), {"local_files_only": True})
    with hub_errors("model", record.source, record.revision):
        config = hub_file(record.source, "config.json", record.revision)
        where = {"revision": config.commit, "local_files_only": config.offline}
        return _random(record, record.source, where, f"{config.commit}, ")


def _pretrained(
    record: ModelRecord, name: str, place: Placement, revision: str, where: dict[str, Any]
) -> LoadedVision:
    with quiet(), opening(record, name, where):
        _configuration(record, name, where)
        processor = transformers.AutoVideoProcessor.from_pretrained(name, **where)
        network: Any = transformers.VJEPA2Model
        module, loading = network.from_pretrained(
            name, dtype=place.dtype, output_loading_info=True, **where
        )
    # Only the encoder is read here; one that was taught a task may come without its predictor.
    refuse_missing(name, loading["missing_keys"], unread="predictor.")
    return wrap(module, processor, revision)


def _random(
    record: ModelRecord, name: str, where: dict[str, Any], commit: str = ""
) -> LoadedVision:
    seed = seed_of(record)
    with quiet(), opening(record, name, where):
        config = _configuration(record, name, where)
        processor = transformers.AutoVideoProcessor.from_pretrained(name, **where)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = transformers.VJEPA2Model(config)
    return wrap(module, processor, f"{commit}seed-{seed}")


def _configuration(record: ModelRecord, name: str, where: dict[str, Any]) -> Any:
    config = transformers.AutoConfig.from_pretrained(name, **where)
    if not isinstance(config, transformers.VJEPA2Config):
        raise CatalogError(
            f"Model {record.id!r}: the loader {record.loader!r} opens models of type 'vjepa2'; "
            f"{name} is of type {config.model_type!r}."
        )
    return config


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

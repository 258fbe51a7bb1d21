"""Vision networks of torchvision, with random weights."""

import torch
from torchvision.models import get_model
from torchvision.transforms import v2

from ingest.catalog.records import ModelRecord
from ingest.errors import CatalogError
from ingest.extract.loaded import LoadedVision, Placement, Tap
from ingest.extract.loaders import loader, text_option


@loader("torchvision-random")
def torchvision_random(record: ModelRecord, place: Placement) -> LoadedVision:
    """Build option `architecture` with weights of seed 0; option `layers` names submodules.

    Raises:
        CatalogError: `layers` names none.
    """
    layers = record.options.get("layers")
    if not isinstance(layers, list) or not layers:
        raise CatalogError(f"Model {record.id!r}: the option layers should name submodules.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = get_model(text_option(record, "architecture"), weights=None)
    module = module.eval().to(device=place.device, dtype=place.dtype)
    return LoadedVision(
        module=module,
        forward=module,
        taps=tuple(Tap(str(name), str(name)) for name in layers),
        layout="nchw",
        prefix_tokens=0,
        has_class_token=False,
        preprocess=v2.Compose(
            [v2.PILToTensor(), v2.Resize((224, 224)), v2.ToDtype(torch.float32, scale=True)]
        ),
        revision="seed-0",
    )

"""Vision networks of timm: from the hub, from a local checkpoint, or with random weights."""

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

import timm
import torch
from timm.data.config import resolve_data_config
from timm.data.transforms_factory import create_transform
from torch import Tensor, nn

from ingest.catalog.hub import hub_errors, hub_file
from ingest.catalog.records import ModelRecord
from ingest.errors import CatalogError
from ingest.extract.checkpoints import below, fit, read_checkpoint
from ingest.extract.content import content_hash
from ingest.extract.device import exact_float32
from ingest.extract.layouts import (
    Read,
    common_layout,
    drawn_images,
    read_as,
    run_drawn,
    same_values,
)
from ingest.extract.loaded import CropThenScale, LoadedVision, Placement, Tap
from ingest.extract.loaders import loader, local_path, other_options, text_option

# Options that are read here; any other is an argument of the architecture.
_OWN = {"architecture", "checkpoint", "prefix", "drop", "pooling", "input_size", "mean", "std"}


@loader("timm")
def timm_hub(record: ModelRecord, place: Placement) -> LoadedVision:
    """Load a timm model from the hub repository `source`, pinned to the commit of `revision`."""
    with hub_errors("model", record.source, record.revision):
        commit = hub_file(record.source, "config.json", record.revision).commit
        name = f"hf-hub:{record.source}@{commit}"
        module = create(record, name, pretrained=True, num_classes=0)
    return wrap(record, module, commit, place)


@loader("timm-checkpoint")
def timm_checkpoint(record: ModelRecord, place: Placement) -> LoadedVision:
    """Load option `checkpoint` (a local file) into timm's option `architecture`.

    `prefix` names the part of a larger checkpoint that is the network ("encoder_q." of MoCo's), and
    `drop` the parts of it that are not (its projection head, "fc."). Other options are arguments of
    the architecture, e.g. num_classes.
    """
    path = local_path(record, "checkpoint")
    module = create(record, text_option(record, "architecture"), pretrained=False)
    prefix, drop = (text_option(record, name, "") for name in ("prefix", "drop"))
    weights = below(read_checkpoint(path), prefix)
    kept = {k: v for k, v in weights.items() if not (drop and k.startswith(drop))}
    fit(module, kept, str(path))
    return wrap(record, module, content_hash(path), place)


@loader("timm-random")
def timm_random(record: ModelRecord, place: Placement) -> LoadedVision:
    """Build option `architecture` with random weights; `source` is 'random:SEED'."""
    kind, _, seed = record.source.partition(":")
    if kind != "random" or not seed.isdigit():
        raise CatalogError(
            f"Model {record.id!r}: source should be 'random:SEED', e.g. 'random:0'; got "
            f"{record.source!r}."
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(seed))
        module = create(
            record, text_option(record, "architecture"), pretrained=False, num_classes=0
        )
    return wrap(record, module, f"seed-{seed}", place)


def create(record: ModelRecord, name: str, **arguments: Any) -> nn.Module:
    """Build a timm architecture with the record's own arguments.

    Raises:
        CatalogError: timm does not know the architecture or an argument.
    """
    arguments |= other_options(record, _OWN)
    if not name.startswith("hf-hub:") and not timm.is_model(name):
        near = difflib.get_close_matches(name, timm.list_models(), n=3, cutoff=0.4)
        hint = f" Nearest: {', '.join(near)}." if near else ""
        raise CatalogError(f"Model {record.id!r}: timm knows no architecture {name!r}.{hint}")
    size = record.options.get("input_size")
    try:
        if size is not None:
            # Vision transformers fix their number of positions when built.
            try:
                return timm.create_model(name, img_size=size, **arguments)
            except TypeError:
                return timm.create_model(name, **arguments)
        return timm.create_model(name, **arguments)
    except TypeError as error:
        raise CatalogError(
            f"Model {record.id!r}: the architecture {name!r} does not take its options: {error}."
        ) from error


def wrap(record: ModelRecord, module: nn.Module, revision: str, place: Placement) -> LoadedVision:
    """Say how to feed a timm model and where to read it.

    Taps are timm's own `feature_info`: every block of a ViT, every stage of a CNN. Two drawn images
    show how each is laid out: submodules are read where they give what timm's own
    `forward_intermediates` gives, else that is read itself.

    Raises:
        CatalogError: timm lists no layers, the network does not run on its images, or its layers
            cannot be told apart.
    """
    module = module.eval().to(device=place.device, dtype=place.dtype)
    stages = cast(list[dict[str, Any]], getattr(module, "feature_info", None) or [])
    if not stages or not hasattr(module, "forward_intermediates"):
        raise CatalogError(
            f"Model {record.id!r}: timm lists no layers for this architecture; load it as a "
            "module and name the layers."
        )
    wanted = {key: record.options[key] for key in ("mean", "std") if key in record.options}
    size = record.options.get("input_size")
    if isinstance(size, int):
        wanted["input_size"] = cast(Any, (3, size, size))
    config = resolve_data_config(wanted, model=module)
    height, width = config["input_size"][-2:]
    with torch.inference_mode(), exact_float32():
        read = _read_layers(record, module, stages, drawn_images(height, width, place))
    return read(preprocess=preprocessing(config), revision=revision)


def preprocessing(config: Mapping[str, Any]) -> CropThenScale:
    """Return timm's evaluation transform of a `resolve_data_config`, equal bit by bit on a CPU."""
    # For its prefetcher timm leaves the scaling out.
    crop: Any = create_transform(**config, is_training=False, use_prefetcher=True)
    mean, std = (torch.tensor(config[name]).view(-1, 1, 1) for name in ("mean", "std"))
    # Margins are filled with the mean.
    scaling = {"std"} if config["crop_mode"] == "border" else {"mean", "std"}
    key = f"timm {sorted((k, v) for k, v in config.items() if k not in scaling)}"

    def scale(pixels: Tensor) -> Tensor:
        # All three on the device: cards multiply by the reciprocal of a number from the host.
        top, less, per = (x.to(pixels.device) for x in (torch.tensor(255.0), mean, std))
        return pixels.to(torch.float32).div_(top).sub_(less).div_(per)

    return CropThenScale(crop, key, scale)


def _read_layers(
    record: ModelRecord, module: nn.Module, stages: Sequence[Mapping[str, Any]], images: Tensor
) -> Callable[..., LoadedVision]:
    """Return a network with how its layers are read, as two images show."""
    label, net = f"Model {record.id!r}", cast(Any, module)
    paths = [str(stage["module"]) for stage in stages]
    ran, _ = run_drawn(label, module, net.forward_features, paths, images)
    outputs = [ran[path][0] if len(ran[path]) == 1 else None for path in paths]
    maps: list[Tensor] = run_drawn(label, module, _maps_of(net), [], images)[1]
    _refuse_unlike_maps(label, paths, stages, maps)
    reads, forward, returns_taps = _all_read(outputs, maps), net.forward_features, False
    if reads is None and _gives_prefix(net):
        forward, returns_taps = _tokens_of(net), True
        reads = _all_read(run_drawn(label, module, forward, [], images)[1], maps)
    if reads is None:
        forward, returns_taps = _maps_of(net), True
        reads = [Read("nchw", 0)] * len(maps)
    names = _unlike(paths)
    return partial(
        LoadedVision,
        module=module,
        forward=forward,
        taps=tuple(
            Tap(name, path, *read) for name, path, read in zip(names, paths, reads, strict=True)
        ),
        # Read by timm itself, a network is left in the memory format it came in.
        layout="tokens" if returns_taps else common_layout(reads),
        prefix_tokens=None,
        has_class_token=getattr(module, "cls_token", None) is not None
        and all(read.layout == "tokens" and read.prefix_tokens for read in reads),
        attend=None if returns_taps else _attention_pool(label, net, outputs[-1], images),
        returns_taps=returns_taps,
    )


def _attention_pool(
    label: str, net: Any, last: object, images: Tensor
) -> Callable[[Tensor], Tensor] | None:
    """Return a network's attention pool as it reads a block's tokens; None where it has none.

    Of the last block's output for the images it must give what the network itself pools.
    """
    if getattr(net, "attn_pool", None) is None or not hasattr(net, "pool"):
        return None
    if not isinstance(last, Tensor) or last.ndim != 3:
        return None

    def attend(tokens: Tensor) -> Tensor:
        return net.pool(net.norm(tokens))

    def pooled(pixels: Tensor) -> Tensor:
        return net.pool(net.forward_features(pixels))

    own = run_drawn(label, net, pooled, [], images)[1]
    return attend if same_values(attend(last), own) else None


def _all_read(outputs: Sequence[object], maps: Sequence[Tensor]) -> list[Read] | None:
    """Return how each output is to be read to give its map; None where one does not."""
    reads = [read_as(output, wanted) for output, wanted in zip(outputs, maps, strict=True)]
    known = [read for read in reads if read is not None]
    return known if len(known) == len(reads) else None


def _maps_of(net: Any) -> Callable[[Tensor], list[Tensor]]:
    """Return timm's own reading of a network: (B, 3, H, W) -> a list of (B, C, H, W)."""
    return partial(
        net.forward_intermediates, norm=False, output_fmt="NCHW", intermediates_only=True
    )


def _gives_prefix(net: Any) -> bool:
    """Whether timm's own reading can give the tokens before the patches."""
    known = inspect.signature(net.forward_intermediates).parameters
    return "return_prefix_tokens" in known and bool(getattr(net, "num_prefix_tokens", 0))


def _tokens_of(net: Any) -> Callable[[Tensor], list[Tensor]]:
    """Return timm's own reading with what precedes the patches: a list of (B, T, C)."""
    read = partial(
        net.forward_intermediates,
        norm=False,
        output_fmt="NLC",
        intermediates_only=True,
        return_prefix_tokens=True,
    )
    return lambda images: [torch.cat([first, patches], dim=1) for patches, first in read(images)]


def _refuse_unlike_maps(
    label: str, paths: Sequence[str], stages: Sequence[Mapping[str, Any]], maps: Sequence[Tensor]
) -> None:
    """Refuse intermediates that are not one (2, C, H, W) a layer."""
    if len(maps) != len(paths):
        raise CatalogError(
            f"{label}: timm lists {len(paths)} layers for this architecture and gives "
            f"{len(maps)}; load it as a module and name the layers."
        )
    for path, stage, image_map in zip(paths, stages, maps, strict=True):
        channels, shape = stage.get("num_chs"), tuple(image_map.shape)
        if len(shape) != 4 or shape[0] != 2 or channels not in (None, shape[1]):
            raise CatalogError(
                f"{label}: the layer {path!r} should give (2, {channels}, height, width) for two "
                f"images; timm gives {shape}."
            )


def _unlike(names: Sequence[str]) -> list[str]:
    """Return the names, those that come more than once with a number: 'blocks.0:1'."""
    return [
        f"{name}:{names[:at].count(name)}" if names.count(name) > 1 else name
        for at, name in enumerate(names)
    ]

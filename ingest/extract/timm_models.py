"""Vision networks of timm: from the hub, from a local checkpoint, or with random weights."""

import difflib
from typing import Any, cast

import timm
import torch
from timm.data.config import resolve_data_config
from timm.data.transforms_factory import create_transform
from torch import nn

from ingest.catalog.records import ModelRecord
from ingest.errors import CatalogError
from ingest.extract.checkpoints import content_hash, fit, read_checkpoint
from ingest.extract.loaded import Layout, LoadedVision, Placement, Tap
from ingest.extract.loaders import loader, local_path, other_options, text_option
from ingest.hub import hub_errors, hub_file

# Options that are read here; any other is an argument of the architecture.
_OWN = {"architecture", "checkpoint", "prefix", "drop", "pooling", "input_size", "mean", "std"}


@loader("timm")
def timm_hub(record: ModelRecord, place: Placement) -> LoadedVision:
    """Load a timm model from the hub repository `source`, pinned to the commit of `revision`."""
    with hub_errors("model", record.source, record.revision):
        commit = hub_file(record.source, "config.json", record.revision).commit
        name = f"hf-hub:{record.source}@{commit}"
        module = create(record, name, pretrained=True, num_classes=0)
    return wrap(record, module, commit)


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
    weights = {
        key.removeprefix(prefix): value
        for key, value in read_checkpoint(path).items()
        if key.startswith(prefix) and not (drop and key.startswith(prefix + drop))
    }
    fit(module, weights, str(path))
    return wrap(record, module, content_hash(path))


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
    return wrap(record, module, f"seed-{seed}")


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


def wrap(record: ModelRecord, module: nn.Module, revision: str) -> LoadedVision:
    """Say how to feed a timm model and where to read it.

    Taps are timm's own `feature_info`: every block of a ViT, every stage of a CNN.
    """
    module = module.eval()
    stages = cast(list[dict[str, Any]], getattr(module, "feature_info", None) or [])
    if not stages:
        raise CatalogError(
            f"Model {record.id!r}: timm lists no layers for this architecture; load it as a "
            "module and name the layers."
        )
    tokens = getattr(module, "num_prefix_tokens", None) is not None
    nhwc = getattr(module, "output_fmt", "NCHW") == "NHWC"
    layout: Layout = "tokens" if tokens else "nhwc" if nhwc else "nchw"
    wanted = {key: record.options[key] for key in ("mean", "std") if key in record.options}
    size = record.options.get("input_size")
    if isinstance(size, int):
        wanted["input_size"] = cast(Any, (3, size, size))
    config = resolve_data_config(wanted, model=module)
    preprocess = create_transform(**config, is_training=False)
    return LoadedVision(
        module=module,
        forward=cast(Any, module).forward_features,
        taps=tuple(Tap(name=str(s["module"]), path=str(s["module"])) for s in stages),
        layout=layout,
        prefix_tokens=int(getattr(module, "num_prefix_tokens", 0) or 0),
        has_class_token=getattr(module, "cls_token", None) is not None,
        preprocess=cast(Any, preprocess),
        revision=revision,
    )

r"""A user's own network: `source` is 'module:function', a Python file beside the TOML file.

Vision: the function returns an `nn.Module` that takes (B, 3, H, W).

    [[model]]
    loader = "module"
    source = "mynets:resnet20"     # mynets.py beside this file, or an installed module
    [model.options]
    layers = ["layer1", "layer2", "layer3"]   # submodules to read, in depth order
    pooling = "gap"                # "gap" for (B, C, H, W) outputs, "cls" for (B, T, C) tokens
    layout = "nchw"                # optional: "nchw", "nhwc" or "tokens", where shapes do not tell
    prefix_tokens = 1              # optional: tokens before the patches (class token, registers)
    input_size = 32                # images are resized to this square
    mean = [0.485, 0.456, 0.406]
    std = [0.229, 0.224, 0.225]
    checkpoint = "resnet20.th"     # optional: loaded strictly into the module here
    width = 0.5                    # any other option is an argument of the function

Two drawn images are run first; what their outputs' shapes contradict is refused.

Language: the function returns an object with the methods of `LanguageModule`; `checkpoint` is
passed to the function as a path. With what `PredictingModule` adds, `prh bits` can measure it.
"""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, cast, get_args, runtime_checkable

import torch
from torch import Tensor, nn
from torchvision.transforms import v2

from ingest.catalog.records import ModelRecord
from ingest.errors import CatalogError
from ingest.extract.checkpoints import fit, read_checkpoint
from ingest.extract.content import content_hash
from ingest.extract.device import exact_float32
from ingest.extract.layouts import (
    Read,
    Stated,
    common_layout,
    drawn_images,
    read_by_shapes,
    run_drawn,
    submodules,
    watched,
)
from ingest.extract.loaded import (
    Causal,
    CropThenScale,
    Layout,
    LoadedLanguage,
    LoadedVision,
    Pieces,
    Placement,
    StateTaker,
    Tap,
)
from ingest.extract.loaders import Loaded, loader, local_path, other_options
from ingest.extract.user_modules import imported_function

_OWN = {"layers", "pooling", "layout", "prefix_tokens", "input_size", "mean", "std", "checkpoint"}
_OWN |= {"window", "pad_id"}


@runtime_checkable
class LanguageModule(Protocol):
    """What a user's own language model offers; it may be an `nn.Module` besides."""

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text."""
        ...

    def states(self, input_ids: Tensor, mask: Tensor) -> Iterable[Tensor]:
        """Return (or yield) the hidden states in depth order.

        Args:
            input_ids: (B, T) token ids, padded on the right with option `pad_id` (0).
            mask: (B, T), 1 at real tokens. A state at a real token must not depend on padding.

        Returns:
            The states, (B, T, D) each; D may differ between them.
        """
        ...


@runtime_checkable
class PredictingModule(LanguageModule, Protocol):
    """What a language model offers besides, to have its predictions scored."""

    start: int | None
    """Token put before a text so that its first token is predicted, too; None without one."""

    def pieces(self, text: str) -> tuple[list[int], list[int]]:
        """Return the text's tokens, without special ones, and where each begins.

        The second list holds positions of characters. Every character must belong to a token: give
        those outside the vocabulary the token of the unknown, or the figure is too good.
        """
        ...

    def logits(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """Map (B, T) ids and mask, as in `states`, to (B, T, V): at t, what comes at t + 1."""
        ...


@loader("module")
def custom_module(record: ModelRecord, place: Placement) -> Loaded:
    """Call the user's function and wrap what it returns; see the module's text."""
    if record.modality == "audio":
        raise CatalogError(
            f"Model {record.id!r}: the loader 'module' takes networks of images and of texts; one "
            "that hears needs a loader of its own (docs/how-to/loader.md), or its features are "
            "imported."
        )
    build = imported_function(record)
    arguments: dict[str, Any] = other_options(record, _OWN)
    path = local_path(record, "checkpoint") if "checkpoint" in record.options else None
    if record.modality == "language":
        if path is not None:
            arguments["checkpoint"] = path
        return _language(record, _call(record, build, arguments), path)
    module = _call(record, build, arguments)
    if not isinstance(module, nn.Module):
        raise CatalogError(
            f"Model {record.id!r}: {record.source} should return an nn.Module; it returned a "
            f"{type(module).__name__}."
        )
    if path is not None:
        fit(module, read_checkpoint(path), str(path))
    return _vision(record, module, path, place)


def _vision(
    record: ModelRecord, module: nn.Module, path: Path | None, place: Placement
) -> LoadedVision:
    options = record.options
    layers, size = options.get("layers"), options.get("input_size")
    mean, std = options.get("mean"), options.get("std")
    if not isinstance(layers, list) or not layers or not isinstance(size, int):
        raise CatalogError(
            f"Model {record.id!r}: a vision module needs the options layers (names of submodules) "
            "and input_size (pixels)."
        )
    if not isinstance(mean, list) or not isinstance(std, list) or len(mean) != 3 or len(std) != 3:
        raise CatalogError(
            f"Model {record.id!r}: a vision module needs the options mean and std, three numbers "
            "each."
        )
    module = module.eval().to(device=place.device, dtype=place.dtype)
    paths = [str(name) for name in layers]
    reads = shown_reads(record, module, paths, _stated(record), size, place)
    bicubic = v2.InterpolationMode.BICUBIC
    preprocess = CropThenScale(
        crop=v2.Compose(
            [v2.PILToTensor(), v2.Resize((size, size), interpolation=bicubic, antialias=True)]
        ),
        key=f"square of {size} pixels",
        scale=v2.Compose(
            [
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize([float(x) for x in mean], [float(x) for x in std]),
            ]
        ),
    )
    return LoadedVision(
        module=module,
        forward=module,
        taps=tuple(Tap(path, path, *read) for path, read in zip(paths, reads, strict=True)),
        layout=common_layout(reads),
        prefix_tokens=None,
        has_class_token=options.get("pooling") == "cls",
        preprocess=preprocess,
        revision=content_hash(path) if path is not None else record.revision,
    )


def _stated(record: ModelRecord) -> Stated:
    """Return what the options layout and prefix_tokens say, or pooling implies."""
    options = record.options
    layout, prefix = options.get("layout"), options.get("prefix_tokens")
    class_token = options.get("pooling") == "cls"
    if layout is not None and layout not in get_args(Layout):
        raise CatalogError(
            f"Model {record.id!r}: layout should be one of {', '.join(get_args(Layout))}; got "
            f"{layout!r}."
        )
    if prefix is not None and (type(prefix) is not int or prefix < int(class_token)):
        raise CatalogError(
            f"Model {record.id!r}: prefix_tokens should be a number of tokens, at least "
            f"{int(class_token)} with pooling {options.get('pooling', 'gap')!r}; got {prefix!r}."
        )
    if class_token and layout not in (None, "tokens"):
        raise CatalogError(
            f'Model {record.id!r}: pooling "cls" reads tokens; its layout cannot be {layout!r}.'
        )
    if prefix is not None and not class_token and layout != "tokens":
        raise CatalogError(
            f'Model {record.id!r}: prefix_tokens are told of layout "tokens" only; the layout is '
            f"{layout!r}."
        )
    if class_token:
        return Stated("tokens", 1 if prefix is None else prefix, certain=prefix is not None)
    return Stated(cast(Layout | None, layout), prefix)


def shown_reads(
    record: ModelRecord,
    module: nn.Module,
    paths: Sequence[str],
    stated: Stated,
    size: int,
    place: Placement,
) -> list[Read]:
    """Run two drawn images, square and twice as wide, and return how each layer is to be read."""
    label = f"Model {record.id!r}"
    submodules(label, module, paths)  # refuses paths that are none
    # Not inference_mode: what a network in training keeps of it would be refused by its gradients.
    with torch.no_grad(), exact_float32():
        outputs, _ = run_drawn(label, module, module, paths, drawn_images(size, size, place))
        # A network for one size fails on the other; layers before the failure tell all the same.
        with watched(module, paths) as wide, contextlib.suppress(Exception):
            module(drawn_images(size, 2 * size, place))
    return [read_by_shapes(label, path, outputs, wide, stated) for path in paths]


def _language(record: ModelRecord, model: object, path: Path | None) -> LoadedLanguage:
    if not isinstance(model, LanguageModule):
        raise CatalogError(
            f"Model {record.id!r}: {record.source} should return an object with the methods "
            f"encode and states; it returned a {type(model).__name__}."
        )
    window, pad = record.options.get("window"), record.options.get("pad_id", 0)

    def stream(ids: Tensor, mask: Tensor, take: StateTaker) -> None:
        for state in model.states(ids, mask):
            take(state)

    def pieces(text: str) -> Pieces:
        assert isinstance(model, PredictingModule)
        return Pieces(*model.pieces(text))

    predicts = isinstance(model, PredictingModule)
    return LoadedLanguage(
        module=model.eval() if isinstance(model, nn.Module) else None,
        encode=model.encode,
        stream=stream,
        window=window if isinstance(window, int) else None,
        pad_id=pad if isinstance(pad, int) else 0,
        revision=content_hash(path) if path is not None else record.revision,
        causal=Causal(model.logits, pieces, model.start) if predicts else None,
    )


def _call(record: ModelRecord, build: Callable[..., object], arguments: dict[str, Any]) -> object:
    try:
        return build(**arguments)
    except TypeError as error:
        raise CatalogError(
            f"Model {record.id!r}: {record.source} does not take the options "
            f"{', '.join(arguments) or '(none)'}: {error}."
        ) from error

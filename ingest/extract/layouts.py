"""Which axis of a layer's output is which, and how many tokens precede the patches: shown by runs.

A network's own words are no proof: it may carry (B, H, W, C) without saying so, and its class token
may join late, so that the first token of an early block is the top-left patch.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ingest.errors import CatalogError
from ingest.extract.device import out_of_memory
from ingest.extract.loaded import Layout, Placement

# Largest relative difference between one output read in two ways.
_TOLERANCE = {torch.float32: 1e-4, torch.float16: 0.02, torch.bfloat16: 0.05}


class Read(NamedTuple):
    """How a layer's output is read."""

    layout: Layout
    prefix_tokens: int | None
    """Tokens before the patches; None where nothing tells."""


class Stated(NamedTuple):
    """What a record says of how its layers are to be read."""

    layout: Layout | None
    """None: nothing; 4 dimensions are expected."""
    prefix_tokens: int | None
    """None: nothing."""
    certain: bool = True
    """False where `prefix_tokens` is a guess that gives way to what is shown."""


def drawn_images(height: int, width: int, place: Placement) -> Tensor:
    """Return two different images of noise, (2, 3, height, width), the same in every run."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(2, 3, height, width, generator=generator)
    return noise.to(device=place.device, dtype=place.dtype)


def first_tensor(output: object) -> object:
    """Return what a layer's output is read from: the first part of a tuple, else itself."""
    return output[0] if isinstance(output, tuple) and output else output


def run_drawn(
    label: str, module: nn.Module, forward: Callable[[Tensor], Any], paths: Sequence[str], x: Tensor
) -> tuple[dict[str, list[object]], Any]:
    """Return what each submodule gave for x, once for every time it ran, and the forward's result.

    Raises:
        CatalogError: the network does not run on such images.
    """
    with watched(module, paths) as outputs:
        try:
            result = forward(x)
        except Exception as error:
            if isinstance(error, CatalogError) or out_of_memory(error):
                raise
            reason = (str(error).splitlines() or [""])[0]
            raise CatalogError(
                f"{label}: the network does not run on images of {x.shape[2]} x {x.shape[3]} "
                f"pixels ({type(error).__name__}: {reason})."
            ) from error
    return outputs, result


@contextmanager
def watched(module: nn.Module, paths: Sequence[str]) -> Iterator[dict[str, list[object]]]:
    """Collect submodules' outputs, by path, of what runs meanwhile; unknown paths are passed over.

    A tuple stands for its first part.
    """
    outputs: dict[str, list[object]] = {path: [] for path in paths}
    with hooked(module, outputs, lambda path, out: outputs[path].append(first_tensor(out))):
        yield outputs


@contextmanager
def hooked(
    module: nn.Module, paths: Iterable[str], take: Callable[[str, object], None]
) -> Iterator[None]:
    """Hand over what submodules give, with their path, as they run; unknown paths are passed over.

    A path that is named twice hands over twice.
    """

    def hook_of(path: str) -> Callable[..., None]:
        return lambda _module, _inputs, output: take(path, output)

    modules = dict(module.named_modules())
    handles = [modules[p].register_forward_hook(hook_of(p)) for p in paths if p in modules]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def submodules(label: str, module: nn.Module, paths: Sequence[str]) -> list[nn.Module]:
    """Return a network's submodules of these paths.

    Raises:
        CatalogError: it has no such layer.
    """
    modules = dict(module.named_modules())
    for path in paths:
        if path not in modules:
            raise CatalogError(
                f"{label} has no layer {path!r}; it has, among others, "
                f"{', '.join(list(modules)[1:9])}."
            )
    return [modules[path] for path in paths]


def layer_output(label: str, name: str, output: object, layout: Layout | None) -> Tensor:
    """Return what a layer gave, which has the dimensions of its layout; "nchw" where none is said.

    Raises:
        CatalogError: it is something else.
    """
    dimensions = 3 if layout == "tokens" else 4
    if not isinstance(output, Tensor) or output.ndim != dimensions:
        got = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise CatalogError(
            f"{label}: the layer {name!r} should give {dimensions} dimensions "
            f"({layout or 'nchw'}); got {got}."
        )
    return output


def common_layout(reads: Sequence[Read]) -> Layout:
    """Return the layout of all layers; "tokens", which asks for no memory format, of mixed ones."""
    layouts: set[Layout] = {read.layout for read in reads}
    return layouts.pop() if len(layouts) == 1 else "tokens"


def read_as(output: object, wanted: Tensor) -> Read | None:
    """Return how a layer's output is to be read to give the map of the same patches, if it does.

    Args:
        output: what the layer gave.
        wanted: the map (B, C, H, W) of the same images.
    """
    if not isinstance(output, Tensor):
        return None
    if output.ndim == 4:
        if same_values(output, wanted):
            return Read("nchw", 0)
        if same_values(output.permute(0, 3, 1, 2), wanted):
            return Read("nhwc", 0)
    if output.ndim == 3:
        patches = wanted.flatten(2).transpose(1, 2)
        prefix = output.shape[1] - patches.shape[1]
        if prefix >= 0 and same_values(output[:, prefix:], patches):
            return Read("tokens", prefix)
    return None


def same_values(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors are one but for rounding."""
    if one.shape != other.shape:
        return False
    tolerance = _TOLERANCE.get(one.dtype, 1e-4)
    # An overflow is told after extraction, by name; here it must not hide what the axes are.
    a, b = one.float().nan_to_num(), other.float().nan_to_num()
    return bool(torch.linalg.vector_norm(a - b) <= tolerance * torch.linalg.vector_norm(b))


def spatial_layout(square: Tensor, wide: Tensor | None) -> Layout | None:
    """Return the layout of a 4-dimensional output; None where nothing tells.

    Args:
        square: of images of S x S pixels.
        wide: of images of S x 2S pixels; None where the network takes none.
    """
    if wide is not None and wide.ndim == 4:
        moved = [axis for axis in (1, 2, 3) if square.shape[axis] != wide.shape[axis]]
        if moved:
            return {(3,): "nchw", (2,): "nhwc"}.get(tuple(moved))  # type: ignore[return-value]
    _, first, middle, last = square.shape
    if (first == middle) == (middle == last):  # three equal numbers, or three different ones
        return None
    return "nchw" if middle == last else "nhwc" if first == middle else None


def read_by_shapes(
    label: str,
    name: str,
    outputs: Mapping[str, Sequence[object]],
    wide: Mapping[str, Sequence[object]],
    stated: Stated,
) -> Read:
    """Return how to read a layer of which only shapes are known.

    Args:
        label: who is spoken of in a sentence.
        name: the layer's path.
        outputs: what each layer gave for two images of S x S pixels.
        wide: for two images of S x 2S pixels, as far as it ran.
        stated: what the record says.

    Raises:
        CatalogError: the layer does not run once, the shapes contradict the record, or nothing
            tells the layout.
    """
    if len(outputs[name]) != 1:
        raise CatalogError(
            f"{label}: the layer {name!r} ran {len(outputs[name])} times in one forward pass; name "
            "a layer that runs once."
        )
    output = layer_output(label, name, outputs[name][0], stated.layout)
    other = next(iter(wide[name]), None)
    if output.shape[0] != 2:
        raise CatalogError(
            f"{label}: the first axis of the layer {name!r} should be the batch; two images gave "
            f"{tuple(output.shape)}."
        )
    wider = other if isinstance(other, Tensor) and other.ndim == output.ndim else None
    if stated.layout == "tokens":
        return Read("tokens", _prefix(label, name, output, wider, stated))
    layout = spatial_layout(output, wider)
    if layout is None and stated.layout is None:
        raise CatalogError(
            f"{label}: nothing tells whether the layer {name!r}, {tuple(output.shape)} for two "
            'images, is (B, C, H, W) or (B, H, W, C); name its layout, "nchw" or "nhwc".'
        )
    if layout is not None and stated.layout is not None and layout != stated.layout:
        raise CatalogError(
            f"{label}: the layout of the layer {name!r} is said to be {stated.layout}, but its "
            f"output, {tuple(output.shape)} for two images, is {layout}."
        )
    return Read(layout or stated.layout or "nchw", 0)


def _prefix(
    label: str, name: str, output: Tensor, wide: Tensor | None, stated: Stated
) -> int | None:
    """Return how many tokens precede the patches of a (B, T, C) output; None: nothing tells.

    Patches of a square image are a square number, and twice the width is twice the patches, so
    that T of S x 2S pixels tells the rest of T.
    """
    if wide is not None and wide.shape[2] != output.shape[2]:
        raise CatalogError(
            f"{label}: the layer {name!r} should give (B, tokens, channels), but its last axis "
            f"grows with the image ({tuple(output.shape)}, then {tuple(wide.shape)})."
        )
    count = output.shape[1]
    wider = wide.shape[1] if wide is not None and wide.shape[1] != count else None
    doubled = None if wider is None else 2 * count - wider
    shown = doubled if doubled is not None and _side(count - doubled) else None
    if stated.prefix_tokens is None:
        return shown
    fits = _fits(count, wider, stated.prefix_tokens)
    if fits:
        return stated.prefix_tokens
    if fits is None:
        return stated.prefix_tokens if stated.certain else None
    if not stated.certain and shown:
        return shown
    raise CatalogError(
        f"{label}: the layer {name!r} should give {stated.prefix_tokens} tokens before the patches "
        f"(class token, registers), but its {count} tokens for a square image are "
        + (f"{count - shown} patches and {shown} before them." if shown else "patches alone.")
    )


def _fits(count: int, wider: int | None, before: int) -> bool | None:
    """Whether so many of `count` tokens may precede the patches; None: nothing tells."""
    side = _side(count - before)
    if wider is None:
        return True if side else False if _side(count) else None
    return 2 * count - wider == before or (side > 0 and (wider - before) % side == 0)


def _side(patches: int) -> int:
    """Return the side of a square of so many patches, 0 where they make none."""
    side = math.isqrt(patches) if patches > 0 else 0
    return side if side * side == patches else 0

"""Vision: one vector an image out of the positions of a layer."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from ingest.catalog.variant_records import PoolingRecord
from ingest.errors import CatalogError
from ingest.extract.loaded import Layout


def pool_image(
    output: Tensor,
    layout: Layout,
    pooling: PoolingRecord,
    prefix_tokens: int,
    attend: Callable[[Tensor], Tensor] | None = None,
    where: str = "The layer",
) -> Tensor:
    """Return one float32 vector an image, (B, d), or (B, positions x d) of a flattened layer.

    Args:
        output: (B, T, d) tokens, (B, d, H, W) or (B, H, W, d).
        layout: which of the three.
        pooling: 'cls' takes the first token, 'gap' averages the positions (patches only), 'max'
            takes the largest of each number over them, 'flat' lays them side by side, each number's
            positions together, row by row; 'attention' asks `attend`.
        prefix_tokens: tokens before the patches.
        attend: (B, T, d) tokens, those before the patches included -> (B, d).
        where: which layer of which model, for the sentences.

    Raises:
        CatalogError: a flattened layer is too wide, or its patches make no square to be averaged.
    """
    if pooling.take == "cls":
        return output[:, 0].float()
    if pooling.take == "attention":
        assert attend is not None, "resolved_pooling refuses networks without one"
        return attend(output).float()
    if pooling.take == "flat":
        return _flattened(output, layout, pooling, prefix_tokens, where)
    if layout == "tokens":
        output, positions = output[:, prefix_tokens:], (1,)
    else:
        positions = (2, 3) if layout == "nchw" else (1, 2)
    if pooling.take == "max":
        return output.amax(dim=positions).float()
    return output.mean(dim=positions, dtype=torch.float32)


def _flattened(
    output: Tensor, layout: Layout, pooling: PoolingRecord, prefix_tokens: int, where: str
) -> Tensor:
    """Return (B, d x positions) float32: the map (B, d, H, W), flattened."""
    if layout == "tokens":
        patches = output[:, prefix_tokens:].transpose(1, 2)
        side = math.isqrt(patches.shape[2])
        if pooling.grid is not None and side * side != patches.shape[2]:
            raise CatalogError(
                f"{where} has {patches.shape[2]} patches, which make no square; the pooling "
                f"{pooling.id!r} averages them to a grid of {pooling.grid} x {pooling.grid}: "
                "leave grid out."
            )
        image = patches.unflatten(2, (side, side)) if side * side == patches.shape[2] else patches
    else:
        image = output if layout == "nchw" else output.permute(0, 3, 1, 2)
    image = image.float()
    if pooling.grid is not None:
        image = functional.adaptive_avg_pool2d(image, pooling.grid)
    flat = image.flatten(1)
    if flat.shape[1] > pooling.widest:
        raise CatalogError(
            f"{where} is {flat.shape[1]:,} numbers an image when flattened; the pooling "
            f"{pooling.id!r} takes at most {pooling.widest:,}: define one with a grid (positions "
            "are averaged to so many times so many), or with a larger widest."
        )
    return flat

"""Fold batch normalization into the convolution before it: half the time on a CPU."""

import copy
import math

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from ingest.extract.layouts import hooked
from ingest.extract.loaded import LoadedVision


def fold_batchnorm(loaded: LoadedVision, image: Tensor) -> bool:
    """Fold in place what can be folded, if the taps say that nothing changed.

    Modules registered one after the other usually run one after the other, but nothing promises
    it; so the tapped outputs of one image are compared before and after, and the network is put
    back when they differ by more than rounding.

    Args:
        loaded: the network, in eval mode.
        image: (1, 3, H, W) input on the network's device.

    Returns:
        Whether the network is folded now.
    """
    before = _tapped(loaded, image)
    tapped = {tap.path for tap in loaded.taps}
    undo: list[tuple[nn.Module, str, nn.Module]] = []
    for prefix, parent in list(loaded.module.named_modules()):
        children = list(parent.named_children())
        for (conv_name, conv), (norm_name, norm) in zip(children, children[1:], strict=False):
            path = f"{prefix}.{norm_name}" if prefix else norm_name
            if _foldable(conv, norm) and path not in tapped:
                assert isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
                undo += [(parent, conv_name, conv), (parent, norm_name, norm)]
                setattr(parent, conv_name, _folded(conv, norm))
                setattr(parent, norm_name, _rest(norm))
    same = bool(before) and all(
        torch.allclose(old, new, rtol=1e-3, atol=1e-3 * max(old.abs().max().item(), 1e-6))
        for old, new in zip(before, _tapped(loaded, image), strict=False)
    )
    if not same:
        for parent, name, module in reversed(undo):
            setattr(parent, name, module)
    return same and bool(undo)


def _foldable(conv: nn.Module, norm: nn.Module) -> bool:
    return (
        isinstance(conv, nn.Conv2d)
        and isinstance(norm, nn.BatchNorm2d)
        and norm.running_mean is not None
        and norm.running_var is not None
        and norm.num_features == conv.out_channels
        and not conv._forward_hooks
    )


def _folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    assert norm.running_mean is not None and norm.running_var is not None
    new = copy.copy(conv)  # keeps timm's own padding classes
    new._parameters = dict(conv._parameters)
    weight, bias = fuse_conv_bn_weights(
        conv.weight,
        conv.bias,
        norm.running_mean,
        norm.running_var,
        norm.eps,
        norm.weight,
        norm.bias,
    )
    new.weight, new.bias = weight, bias
    return new


def _rest(norm: nn.BatchNorm2d) -> nn.Module:
    """Return what timm's BatchNormAct2d does besides normalizing; nothing for a plain one."""
    parts = [getattr(norm, name, None) for name in ("drop", "act")]
    return nn.Sequential(*(part for part in parts if isinstance(part, nn.Module)))


def _tapped(loaded: LoadedVision, image: Tensor) -> list[Tensor]:
    outputs: list[Tensor] = []

    def take(_path: str, output: object) -> None:
        if isinstance(output, Tensor):
            outputs.append(output.float().clone())

    with hooked(loaded.module, [tap.path for tap in loaded.taps], take):
        loaded.forward(image)
    return outputs if all(math.isfinite(t.sum().item()) for t in outputs) else []

"""Which part of a transformers network reads text, and where its hidden states are taken.

The library returns all hidden states of a batch at once. Taken one by one as the blocks run, they
need the memory of one; but no network says in the same way which modules these blocks are, and one
of several towers has lists of blocks that never see the text. So it is proved: on a few tokens,
what is taken must be what the library returns, state by state. Where it is not, the library's own
states are used; where these are not one more than the blocks, the network is refused.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from ingest.catalog.records import ModelRecord
from ingest.errors import CatalogError
from ingest.extract.device import out_of_memory
from ingest.extract.loaded import StateTaker

_LENGTH = 11
"""Most tokens of the probe: a prime, so that a network that pads to a multiple is seen to do so."""
_TOLERANCE = {torch.float32: 1e-4}
"""Largest relative difference of a state taken twice; 0.01 in half precision."""

Last = Literal["network", "block", "other"]


class Tower(NamedTuple):
    """The part of a network that reads text, and how its hidden states are taken."""

    name: str
    """Its class, and its path where it is a part of the network."""
    module: nn.Module
    """What is run: the tower, or the whole network around it."""
    count: int
    """How many blocks it has; there is one state more."""
    blocks: Sequence[nn.Module] = ()
    """In whose order states are taken; empty where the library's own states are used."""
    last: Last = "network"
    """Whose output the last state is: the network's (normalized, as a rule), the last block's, or
    that of something between."""

    @property
    def description(self) -> str:
        """The tower and its last state, for the facts of a run."""
        whose = {
            "network": "is the network's output",
            "block": "is its last block's output, before the network's last normalization",
            "other": "is not the network's output",
        }[self.last]
        return f"{self.name}: {self.count + 1} hidden states, the last {whose}"

    def stream(self, ids: Tensor, mask: Tensor, take: StateTaker) -> None:
        """Run a batch and hand over the hidden states in depth order.

        Args:
            ids: (B, T) tokens.
            mask: (B, T), 1 at real tokens.
            take: called `count` + 1 times with (B, T, D).
        """
        if not self.blocks:
            for state in _own_states(self.module, ids, mask):
                take(state)
            return
        for_last: list[Tensor] = []

        def before(_block: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            take(args[0] if args else kwargs["hidden_states"])

        def after(_block: nn.Module, _args: object, output: Any) -> None:
            for_last.append(output[0] if isinstance(output, tuple) else output)

        handles = [b.register_forward_pre_hook(before, with_kwargs=True) for b in self.blocks]
        if self.last == "block":
            handles.append(self.blocks[-1].register_forward_hook(after))
        try:
            result = _run(self.module, ids, mask)
        finally:
            for handle in handles:
                handle.remove()
        take(for_last[0] if self.last == "block" else result.last_hidden_state)


def text_tower(record: ModelRecord, network: Any, ids: Tensor, window: int | None) -> Tower:
    """Find the part of a network that reads text, and prove where its hidden states are taken.

    Args:
        record: the model, for the sentences.
        network: a transformers model without its language-model head, where it will run.
        ids: (m,) some tokens of a text, on its device.
        window: most tokens that the network can take; None without a limit.

    Raises:
        CatalogError: it has no tower whose hidden states the library returns, embeddings and every
            block's.
    """
    config: Any = network.config
    text: Any = config.get_text_config()
    count = getattr(text, "num_hidden_layers", None)
    if not isinstance(count, int):
        raise CatalogError(
            f"Model {record.id!r}: the configuration of {type(network).__name__} does not say how "
            "many layers read text."
        )
    length = min(_LENGTH, window or _LENGTH)
    probe = ids.repeat(-(-length // len(ids)))[:length].unsqueeze(0)
    mask = torch.ones_like(probe)
    inside = _reading(network, text)
    tried: list[str] = []
    for module in dict.fromkeys((network, inside[1])):
        named = Tower(inside[0], module, count)
        try:
            theirs = [state.float().cpu() for state in _own_states(module, probe, mask)]
        except Exception as error:  # a network that wants pictures says so in its own way
            if out_of_memory(error):
                raise
            tried.append(_said(module, error))
            continue
        shapes = {tuple(state.shape): None for state in theirs}
        if len(theirs) != count + 1 or any(shape[:-1] != (1, length) for shape in shapes):
            tried.append(
                f"{type(module).__name__} gives {len(theirs)} hidden states of shape "
                f"{' and '.join(map(str, shapes))} for {count} layers and {length} tokens"
            )
            continue
        for tower in _candidates(named, inside[1]):
            if _agrees(tower, probe, mask, theirs):
                return tower
        result: Any = _run(module, probe, mask)
        output = getattr(result, "last_hidden_state", None)
        same = isinstance(output, Tensor) and _close(output.float().cpu(), theirs[-1], module)
        return named._replace(last="network" if same else "other")
    raise CatalogError(
        f"Model {record.id!r} has no stack of hidden states that could be read, the embeddings and "
        f"one a layer: {'; '.join(tried)}."
    )


def _said(module: nn.Module, error: Exception) -> str:
    line = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return f"{type(module).__name__} does not run on text alone ({line[:160]})"


def _reading(network: Any, text: Any) -> tuple[str, nn.Module]:
    """Return the name of the part whose configuration is that of the text, and the part."""
    if network.config is text:
        return type(network).__name__, network
    same: list[Callable[[Any], bool]] = [
        lambda config: config is text,
        lambda config: type(config) is type(text),
    ]
    for fits in same:
        for path, module in network.named_modules():
            if path and fits(getattr(module, "config", None)):
                # A tower that came with its own head is read without it, as whole networks are.
                inner: Any = getattr(module, "base_model", module)
                return f"{path} ({type(inner).__name__})", inner
    return type(network).__name__, network


def _candidates(named: Tower, inside: nn.Module) -> Iterator[Tower]:
    """Yield the ways in which states might be taken one by one, outer lists of blocks first."""
    lists = [
        module
        for part in dict.fromkeys((inside, named.module))
        for module in part.modules()
        if isinstance(module, nn.ModuleList) and len(module) == named.count
    ]
    lasts: tuple[Last, ...] = ("network", "block")
    for blocks in dict.fromkeys(lists):
        for last in lasts:
            yield named._replace(blocks=tuple(blocks), last=last)


def _agrees(tower: Tower, ids: Tensor, mask: Tensor, theirs: Sequence[Tensor]) -> bool:
    mine: list[Tensor] = []

    def take(state: Tensor) -> None:
        mine.append(state.float().cpu().clone())

    try:
        tower.stream(ids, mask, take)
    except Exception as error:  # blocks handed something else, or a result without a last state
        if out_of_memory(error):
            raise
        return False
    return len(mine) == len(theirs) and all(
        _close(a, b, tower.module) for a, b in zip(mine, theirs, strict=True)
    )


def _close(mine: Tensor, theirs: Tensor, module: nn.Module) -> bool:
    dtype = next((p.dtype for p in module.parameters() if p.is_floating_point()), torch.float32)
    if mine.shape != theirs.shape:
        return False
    apart = torch.nan_to_num(mine - theirs).norm()
    return bool(apart <= _TOLERANCE.get(dtype, 0.01) * torch.nan_to_num(theirs).norm() + 1e-6)


def _own_states(module: Any, ids: Tensor, mask: Tensor) -> list[Tensor]:
    result: Any = _run(module, ids, mask, output_hidden_states=True)
    states = getattr(result, "hidden_states", None)
    if states is None or not all(isinstance(state, Tensor) for state in states):
        raise TypeError("it returns no hidden states")
    return _unpadded(list(states), module, ids, mask)


def _unpadded(states: list[Tensor], module: Any, ids: Tensor, mask: Tensor) -> list[Tensor]:
    """Cut off what a network put behind a text to fill its own windows (Reformer).

    That it stands behind is seen in the embeddings: another last token changes them there alone.
    """
    width = ids.shape[1]
    if not states or any(state.ndim != 3 or state.shape[1] <= width for state in states):
        return states
    other = ids.clone()
    other[:, -1] = torch.where(ids[:, -1] > 0, ids[:, -1] - 1, 1)
    again: Any = _run(module, other, mask, output_hidden_states=True)
    moved = (again.hidden_states[0] != states[0]).any(dim=-1)
    last = width - 1
    behind = not moved[:, :last].any() and not moved[:, width:].any()
    return [state[:, :width] for state in states] if behind else states


def _run(module: Any, ids: Tensor, mask: Tensor, **more: bool) -> Any:
    return module(input_ids=ids, attention_mask=mask, **uncached(module), **more)


def uncached(module: Any) -> dict[str, bool]:
    """Return the argument that keeps a network from keeping keys and values; none where unknown."""
    return {"use_cache": False} if hasattr(module.config, "use_cache") else {}

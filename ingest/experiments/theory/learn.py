"""Contrastive learners of co-occurrence: what ends up in their kernel (paper, App. F)."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, NamedTuple, get_args

import numpy as np
import torch
from torch import Tensor

from prh_core.errors import WorldError
from prh_core.worlds import check_temperature

Loss = Literal["nce", "infonce"]
LOSSES: tuple[Loss, ...] = get_args(Loss)
BATCH = 65_536
"""Pairs a step. Larger batches cost the same and end nearer the optimum."""
RATE = 0.05


class Learned(NamedTuple):
    """A learner at one step of its training."""

    step: int
    loss: float
    """Of the batch of this step, nats."""
    embeddings: np.ndarray
    """(symbols, d); the kernel is the inner product of its rows."""


def train(
    joint: np.ndarray,
    loss: Loss,
    steps: Sequence[int],
    *,
    p_positive: float = 0.8,
    batch: int = BATCH,
    temperature: float = 1.0,
    seed: int = 0,
) -> list[Learned]:
    """Train an embedding of symbols so that inner products tell what occurs together.

    Every step draws a fresh batch of pairs: how often each pair of symbols is in it is multinomial,
    so a step costs the size of the table, not of the batch. Binary NCE tells pairs that occurred
    together from pairs drawn apart, of which there is a share of 1 - `p_positive`; its optimum is
    K_PMI + log(p_positive / (1 - p_positive)). InfoNCE finds the partner among `batch` symbols
    drawn apart by <f, f> / tau; the optimum of that is K_PMI + c(a), and c constant in a symmetric
    kernel, so inner products end at tau (K_PMI + c). Embeddings as long as they like make tau a
    unit of length: first embedding and rate are sqrt(tau) times those of tau = 1.

    Args:
        joint: (symbols, symbols) shares of pairs.
        loss: nce or infonce.
        steps: at which the learner is looked at, ascending; the last ends the training.
        p_positive: of NCE, in (0, 1).
        batch: pairs a step.
        temperature: tau of InfoNCE; binary NCE has none.
        seed: of the first embedding and of the batches.

    Raises:
        WorldError: a choice is none of those there are.
    """
    if loss not in LOSSES:
        raise WorldError(f"expected a loss of {', '.join(LOSSES)}, got {loss!r}")
    if not 0 < p_positive < 1 or batch < 2 or not steps or steps[0] < 1:
        raise WorldError(
            "expected a share of positives in (0, 1), a batch of two or more and steps of one or "
            f"more; got {p_positive}, {batch} and {list(steps)}"
        )
    check_temperature(temperature)
    tau = temperature if loss == "infonce" else 1.0
    with _one_core():
        return _trained(joint, loss, steps, p_positive, batch, tau, np.random.default_rng(seed))


@contextmanager
def _one_core() -> Iterator[None]:
    """Keep torch on one core: waking others takes longer than products of so small tables."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _trained(
    joint: np.ndarray,
    loss: Loss,
    steps: Sequence[int],
    p_positive: float,
    batch: int,
    tau: float,
    rng: np.random.Generator,
) -> list[Learned]:
    size = len(joint)
    together = joint.ravel() / joint.sum()
    single = joint.sum(axis=1) / joint.sum()
    apart = np.outer(single, single).ravel()
    apart /= apart.sum()
    first = rng.normal(scale=math.sqrt(tau / size), size=(size, size))
    table = torch.tensor(first, requires_grad=True)
    optimizer = torch.optim.Adam([table], lr=RATE * math.sqrt(tau))
    last, wanted = steps[-1], set(steps)
    # Cosine: the noise of small batches dies down with the rate.
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, last)
    found: list[Learned] = []
    for step in range(1, last + 1):
        kernel = table @ table.T / tau
        if loss == "nce":
            positives = round(batch * p_positive)
            near = _drawn(rng, positives, together, size)
            far = _drawn(rng, batch - positives, apart, size)
            value = _nce(kernel, near, far) / batch
        else:
            negatives = torch.from_numpy(rng.multinomial(batch, single)).double()
            value = _infonce(kernel, _drawn(rng, batch, together, size), negatives) / batch
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        schedule.step()
        if step in wanted:
            found.append(Learned(step, float(value.detach()), table.detach().numpy().copy()))
    return found


def _drawn(rng: np.random.Generator, count: int, shares: np.ndarray, size: int) -> Tensor:
    return torch.from_numpy(rng.multinomial(count, shares).reshape(size, size)).double()


def _nce(kernel: Tensor, positives: Tensor, negatives: Tensor) -> Tensor:
    """Sum the binary cross-entropy of pairs, counted in tables."""
    log = torch.nn.functional.logsigmoid
    return -(positives * log(kernel) + negatives * log(-kernel)).sum()


def _infonce(kernel: Tensor, positives: Tensor, negatives: Tensor) -> Tensor:
    """Sum -log of the partner's share among itself and the batch's other symbols."""
    others = torch.logsumexp(kernel + negatives.log(), dim=1, keepdim=True)
    return -(positives * (kernel - torch.logaddexp(kernel, others))).sum()


def looks(steps: int, count: int = 12) -> list[int]:
    """Return up to `count` steps, evenly spread on a logarithmic scale, the last among them."""
    spread = np.unique(np.round(np.geomspace(1, steps, count)).astype(int))
    return [int(step) for step in spread]

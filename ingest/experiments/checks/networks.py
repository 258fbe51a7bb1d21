"""Small networks trained on handwritten digits, whole or spoiled, and what their layers hold.

scikit-learn's digits: 1,797 pictures of 8 × 8 pixels, ten classes.
"""

from typing import NamedTuple

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

WIDTH = 64
BATCH = 64
RATE = 3e-3
EPOCHS = 20
TRAINED_ON = 1200
SHOWN = 300
"""Pictures that no network was trained on, whose features are compared."""
LEAK = 10
"""Pixels beside the picture that may tell its label: the shortcut."""


class Recipe(NamedTuple):
    """How a network is trained."""

    depth: int = 3
    """Hidden layers."""
    epochs: int = EPOCHS
    random_labels: float = 0.0
    """Share of the labels that are drawn at random."""
    leaked: float = 0.0
    """Share of the pictures beside which the label can be read off."""
    noise: float = 0.0
    """Standard deviation of noise added to every picture anew, in units of the brightest pixel."""
    pictures: int = TRAINED_ON
    """How many it is trained on."""


class Trained(NamedTuple):
    """What a network makes of the pictures that are shown."""

    layers: list[np.ndarray]
    """(SHOWN, WIDTH) after each hidden layer."""
    accuracy: float
    """On these pictures, without a shortcut that helps."""


class _Digits(NamedTuple):
    pictures: np.ndarray
    labels: np.ndarray
    shown: np.ndarray
    shown_labels: np.ndarray


def _digits(split: int) -> _Digits:
    data, target = load_digits(return_X_y=True)
    pictures, labels = (np.asarray(data) / 16).astype(np.float32), np.asarray(target)
    order = np.random.default_rng(split).permutation(len(pictures))
    first, last = order[:TRAINED_ON], order[TRAINED_ON : TRAINED_ON + SHOWN]
    return _Digits(pictures[first], labels[first], pictures[last], labels[last])


def train(recipe: Recipe, split: int, seed: int) -> Trained:
    """Train a network and return what its layers make of the pictures that are shown.

    Args:
        recipe: how.
        split: which pictures it is trained on and which are shown; networks that are compared
            share it, and the random labels.
        seed: of weights, order and noise.
    """
    digits = _digits(split)
    shared = np.random.default_rng([split, 1])
    labels = digits.labels.copy()
    # The same pictures have the same wrong labels for all networks of a group.
    wrong = shared.random(len(labels)) < recipe.random_labels
    labels[wrong] = shared.integers(10, size=int(wrong.sum()))
    rng = np.random.default_rng([split, seed, 2])
    told = np.where(rng.random(len(labels)) < recipe.leaked, labels, rng.integers(10, size=1200))
    inputs = np.hstack([digits.pictures, np.eye(10, dtype=np.float32)[told]])[: recipe.pictures]
    # What is shown leaks a label drawn at random, the same one to all.
    random = shared.integers(10, size=SHOWN)
    shown = torch.from_numpy(np.hstack([digits.shown, np.eye(10, dtype=np.float32)[random]]))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1000 * split + seed)
        network = _network(recipe.depth)
        _fit(network, torch.from_numpy(inputs), torch.from_numpy(labels[: recipe.pictures]), recipe)
    layers: list[np.ndarray] = []
    with torch.no_grad():
        x = shown
        for part in network:
            x = part(x)
            if isinstance(part, nn.ReLU):
                layers.append(x.numpy().copy())
    accuracy = float((x.argmax(dim=1).numpy() == digits.shown_labels).mean())
    return Trained(layers, accuracy)


def _network(depth: int) -> nn.Sequential:
    parts: list[nn.Module] = []
    width = 64 + LEAK
    for _ in range(depth):
        parts += [nn.Linear(width, WIDTH), nn.ReLU()]
        width = WIDTH
    return nn.Sequential(*parts, nn.Linear(width, 10))


def _fit(
    network: nn.Sequential, inputs: torch.Tensor, labels: torch.Tensor, recipe: Recipe
) -> None:
    steps = torch.optim.Adam(network.parameters(), lr=RATE)
    loss = nn.CrossEntropyLoss()
    for _ in range(recipe.epochs):
        for rows in torch.randperm(len(inputs)).split(BATCH):
            batch = inputs[rows]
            if recipe.noise:
                batch = batch + recipe.noise * torch.randn_like(batch)
            steps.zero_grad()
            loss(network(batch), labels[rows]).backward()
            steps.step()

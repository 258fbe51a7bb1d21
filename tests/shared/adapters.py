"""Networks that neither timm nor transformers builds as the shared weights need them."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional


def mobilenet_v1(width: float) -> nn.Module:
    """Build timm's MobileNetV1 with TensorFlow's padding, 1001 classes and a width multiplier."""
    from timm.models.efficientnet import _gen_mobilenet_v1

    return _gen_mobilenet_v1(
        "mobilenetv1_100", channel_multiplier=width, pad_type="same", num_classes=1001
    )


class _Block(nn.Module):
    """Two 3x3 convolutions with a shortcut that drops pixels and pads channels with zeros."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.stride, self.pad = stride, (after - before) // 2

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, before, H, W) to (B, after, H/stride, W/stride)."""
        y = functional.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        short = x[:, :, :: self.stride, :: self.stride]
        short = functional.pad(short, (0, 0, 0, 0, self.pad, self.pad))
        return functional.relu(y + short)


class _CifarResNet(nn.Module):
    """The classic 6n+2 residual network for 32-pixel images."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self._stage(16, 16, n, 1)
        self.layer2 = self._stage(16, 32, n, 2)
        self.layer3 = self._stage(32, 64, n, 2)
        self.linear = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 3, 32, 32) to (B, 10)."""
        x = functional.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean(dim=(2, 3)))

    @staticmethod
    def _stage(before: int, after: int, n: int, stride: int) -> nn.Sequential:
        first = _Block(before, after, stride)
        return nn.Sequential(first, *(_Block(after, after, 1) for _ in range(n - 1)))


def cifar_resnet(depth: int) -> nn.Module:
    """Build a CIFAR ResNet of `depth` layers (20, 32, 44, 56)."""
    return _CifarResNet((depth - 2) // 6)


class _CharLSTM(nn.Module):
    """textgenrnn: embedding, two LSTMs and attention over the last 40 characters."""

    def __init__(self, vocabulary: dict[str, int], weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.emb = nn.Embedding(465, 100)
        self.l1 = nn.LSTM(100, 128, batch_first=True)
        self.l2 = nn.LSTM(128, 128, batch_first=True)
        self.att = nn.Linear(356, 1, bias=False)
        self.out = nn.Linear(356, 465)
        self.start: int | None = vocabulary["<s>"]
        self.load_state_dict(weights)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return character numbers; characters outside the vocabulary are dropped."""
        return [[self.vocabulary[c] for c in text if c in self.vocabulary] for text in texts]

    def pieces(self, text: str) -> tuple[list[int], list[int]]:
        """Return a number a character, 0 (never learned) outside the vocabulary."""
        return [self.vocabulary.get(c, 0) for c in text], list(range(len(text)))

    def logits(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """Run every position's own 40 characters, padded with 0 before the text: (B, T, 465)."""
        seen = functional.pad(input_ids, (39, 0)).unfold(1, 40, 1).reshape(-1, 40)
        layers = torch.cat(list(self.states(seen, torch.ones_like(seen))), dim=-1)
        weight = self.att(layers).softmax(dim=1)
        return self.out((layers * weight).sum(dim=1)).reshape(*input_ids.shape, -1)

    def states(self, input_ids: Tensor, mask: Tensor) -> Iterator[Tensor]:
        """Yield embedding, first and second LSTM: 100, 128, 128 wide."""
        state = self.emb(input_ids)
        yield state
        state = self.l1(state)[0]
        yield state
        yield self.l2(state)[0]


def textgenrnn(checkpoint: Path, vocabulary: str) -> nn.Module:
    """Load textgenrnn from its safetensors file and its vocabulary."""
    from safetensors.torch import load_file

    table = json.loads(Path(vocabulary).read_text(encoding="utf-8"))
    torch.manual_seed(0)
    return _CharLSTM(table, load_file(checkpoint))

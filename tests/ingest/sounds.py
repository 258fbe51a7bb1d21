"""Sounds made of tones and noise, written as .wav, and tiny audio networks, for the tests."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from scipy.io import wavfile

RATE = 16_000
SECONDS = (0.35, 0.9, 0.1, 0.4, 0.02)
"""A tiny Whisper's window is 0.4 seconds, so these are one short one, three, and so on."""


def tone(seconds: float, seed: int, rate: int = RATE) -> NDArray[np.float32]:
    """Return a tone in some noise, (seconds * rate,), within full scale."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    wave = 0.5 * np.sin(2 * np.pi * (200 + 150 * seed) * time)
    return (wave + 0.05 * rng.standard_normal(len(time))).clip(-1, 1).astype(np.float32)


def write(folder: Path, seconds: tuple[float, ...] = SECONDS) -> None:
    """Write tones of so many seconds, each with a caption beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, length in enumerate(seconds):
        wavfile.write(folder / f"{number}.wav", RATE, tone(length, number))
        (folder / f"{number}.txt").write_text(f"a tone, number {number}\n", encoding="utf-8")


def whisper(folder: Path) -> Any:
    """Save a tiny Whisper with its preprocessing; return it."""
    torch.manual_seed(7)
    config = transformers.WhisperConfig(
        d_model=16, encoder_layers=3, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=24, decoder_ffn_dim=24, vocab_size=32,
        max_source_positions=20, num_mel_bins=80, pad_token_id=0, bos_token_id=1, eos_token_id=2,
        decoder_start_token_id=1,
    )  # fmt: skip
    network = transformers.WhisperModel(config)
    network.save_pretrained(folder)
    transformers.WhisperFeatureExtractor().save_pretrained(folder)
    return network.eval()


def clap(folder: Path, fused: bool = False) -> Any:
    """Save a tiny CLAP that takes one second, with its preprocessing; return it."""
    torch.manual_seed(7)
    tower: dict[str, Any] = {
        "window_size": 4, "spec_size": 64, "num_mel_bins": 16, "hidden_size": 32,
        "patch_embeds_hidden_size": 16, "depths": [1, 1], "num_attention_heads": [2, 2],
        "patch_size": 4, "patch_stride": [4, 4], "enable_fusion": fused,
    }  # fmt: skip
    words = {
        "vocab_size": 32, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 24,
    }  # fmt: skip
    network = transformers.ClapModel(
        transformers.ClapConfig(audio_config=tower, text_config=words, projection_dim=16)
    )
    network.save_pretrained(folder)
    transformers.ClapFeatureExtractor(
        feature_size=16, sampling_rate=RATE, hop_length=160, max_length_s=1, fft_window_size=400,
        frequency_max=8000, truncation="fusion" if fused else "rand_trunc",
    ).save_pretrained(folder)  # fmt: skip
    return network.eval()

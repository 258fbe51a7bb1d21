"""The real hub path, against a hub on the loopback, each case in a process of its own."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import timm
import torch
import transformers

from tests.ingest import tiny
from tests.ingest.hub_double import COMMIT, hub

# The endpoint is read when huggingface_hub is imported, so a fresh process asks.
ASK = """
import json, sys
from ingest.extract import extract, variants_for
from prh_core.errors import PRHError
from tests.ingest import tiny
for case in json.loads(sys.argv[1]):
    modality, loader, source, revision = case
    options = {"seed": 0} if loader.endswith("-random") else {}
    record = tiny.model(modality, loader, source=source, revision=revision, options=options)
    try:
        got = extract(record, tiny.dataset(3), variants_for(record), device="cpu")
        first = next(iter(got.values()))
        answer = {"facts": first.facts, "layers": list(first.layers)}
    except PRHError as error:
        answer = {"error": type(error).__name__, "said": str(error)}
    print(json.dumps(answer))
"""

Case = tuple[str, str, str, str]
LANGUAGE: Case = ("language", "transformers", "us/language", "main")
RANDOM: Case = ("language", "transformers-random", "us/language", "main")
VISION: Case = ("vision", "timm", "us/vision", "main")
VIDEO: Case = ("vision", "vjepa2", "us/video", "main")
RANDOM_VIDEO: Case = ("vision", "vjepa2-random", "us/video", "main")
UNKNOWN: dict[Case, str] = {
    ("language", "transformers", "us/nothing", "main"): "knows no model 'us/nothing'",
    ("vision", "timm", "us/nothing", "main"): "knows no model 'us/nothing'",
    ("language", "transformers", "us/language", "v9"): "no revision 'v9'",
    ("vision", "timm", "us/gated", "main"): "gated",
    ("vision", "timm", "us/bare", "main"): "lacks a file",
}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("hub")
    language = root / "us" / "language"
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=32, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=24,
    )  # fmt: skip
    transformers.LlamaModel(config).save_pretrained(language)
    tiny.tokenizer().save_pretrained(language)
    vision = root / "us" / "vision"
    vision.mkdir(parents=True)
    network = timm.create_model("test_vit", num_classes=0)
    timm.models.save_for_hf(network, str(vision), model_config={"num_classes": 0})
    video = transformers.VJEPA2Config(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=2, crop_size=64,
        pred_hidden_size=8, pred_num_attention_heads=2, pred_num_hidden_layers=1,
    )  # fmt: skip
    transformers.VJEPA2Model(video).save_pretrained(root / "us" / "video")
    transformers.VJEPA2VideoProcessor(crop_size=64).save_pretrained(root / "us" / "video")
    gated = root / "us" / "gated"
    gated.mkdir()
    (gated / ".gated").touch()
    (root / "us" / "bare").mkdir()
    with hub(root) as address:
        yield address


def ask(address: str, home: Path, cases: Sequence[Case], **more: str) -> dict[Case, dict]:
    env = {
        **os.environ,
        "HF_ENDPOINT": address,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        **more,
    }
    env.pop("HF_TOKEN", None)
    done = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps(cases)],
        env=env, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return dict(zip(cases, answers, strict=True))


def test_the_hub_is_asked_pinned_cached_and_its_refusals_told(
    endpoint: str, tmp_path: Path
) -> None:
    online = ask(endpoint, tmp_path, [LANGUAGE, RANDOM, VISION, VIDEO, RANDOM_VIDEO, *UNKNOWN])
    assert online[LANGUAGE]["facts"]["revision"] == COMMIT, online[LANGUAGE]
    assert online[LANGUAGE]["layers"] == ["hidden.0", "hidden.1", "hidden.2"]
    assert online[RANDOM]["facts"]["revision"] == f"{COMMIT}, seed-0", online[RANDOM]
    assert online[VISION]["facts"]["revision"] == COMMIT, online[VISION]
    assert online[VISION]["layers"][0] == "blocks.0"
    assert online[VIDEO]["facts"]["revision"] == COMMIT, online[VIDEO]
    assert online[VIDEO]["layers"] == ["layer.0", "layer.1"]
    assert online[RANDOM_VIDEO]["facts"]["revision"] == f"{COMMIT}, seed-0", online[RANDOM_VIDEO]
    for case, said in UNKNOWN.items():
        assert online[case].get("error") == "UnknownHubModelError", online[case]
        assert said in online[case]["said"] and "\n" not in online[case]["said"]
    # What was downloaded once needs no hub, be it offline by choice or out of reach.
    for address, more in ((endpoint, {"HF_HUB_OFFLINE": "1"}), (dead_address(), {})):
        again = ask(address, tmp_path, [LANGUAGE, VISION, VIDEO], **more)
        assert again[LANGUAGE]["facts"]["revision"] == COMMIT, again
        assert again[VISION]["facts"]["revision"] == COMMIT, again
        assert again[VIDEO]["facts"]["revision"] == COMMIT, again


def test_a_hub_that_does_not_answer(tmp_path: Path) -> None:
    for case, answer in ask(dead_address(), tmp_path, [LANGUAGE, VISION]).items():
        assert answer.get("error") == "HubUnreachableError", (case, answer)
        assert "HF_ENDPOINT" in answer["said"] and "\n" not in answer["said"]


def dead_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"

"""Captions continued by the network that reads them: against transformers, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

from ingest.catalog import load_catalog
from ingest.errors import CatalogError, DatasetError
from ingest.extract import extract, variant
from ingest.pipeline.features import extraction_parts
from tests.ingest import tiny
from tests.ingest.test_poolings import CAPTIONS, catalog, saved

OWN = """
[[prompt]]
id = "on"
title = "Continued"
prefix = "the "
generate = 5

[[prompt]]
id = "drawn"
title = "Continued by chance"
prefix = "the "
generate = 5
seed = 3

[[prompt]]
id = "the"
title = "Not continued"
prefix = "the "

[[prompt]]
id = "long"
title = "Longer than the window"
generate = 60

[[pooling]]
id = "continuation"
title = "What the model went on with"
modality = "language"
take = "mean"
tokens = "continuation"

[[pooling]]
id = "caption-alone"
title = "The caption"
modality = "language"
take = "mean"
tokens = "caption"
"""


def causal(folder: Path) -> Path:
    """Write a random Llama that predicts, with a tokenizer that closes texts with a token."""
    saved(folder)
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=32, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=24,
    )  # fmt: skip
    network = transformers.LlamaForCausalLM(config)
    with torch.no_grad():
        network.lm_head.weight.mul_(20)  # far from uniform: what is likeliest is clear
    network.save_pretrained(folder)
    return folder


def told(folder: Path, text: str) -> tuple[list[int], list[int]]:
    """Return a text's tokens, less the closing one, and what transformers goes on with."""
    network: Any = AutoModelForCausalLM.from_pretrained(folder).eval()
    tokens: Any = AutoTokenizer.from_pretrained(folder)
    ids = tokens(text)["input_ids"][:-1]
    made = network.generate(
        input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long),
        do_sample=False, min_new_tokens=5, max_new_tokens=5, pad_token_id=1, eos_token_id=None,
    )  # fmt: skip
    return ids, made[0].tolist()[len(ids) :]


def states(folder: Path, ids: list[int]) -> list[np.ndarray]:
    network = AutoModelForCausalLM.from_pretrained(folder).eval()
    with torch.no_grad():
        found = network(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states
    return [state[0].numpy() for state in found]


def test_features_are_of_the_text_and_the_likeliest_continuation(tmp_path: Path) -> None:
    folder, own = causal(tmp_path), catalog(tmp_path, OWN)
    record = tiny.model("language", "transformers", folder, options={"path": "."})
    of = {
        name: variant(own.pooling(name), own.prompt("on"))
        for name in ("mean", "continuation", "caption-alone", "last")
    }
    found = extract(record, tiny.dataset(4, CAPTIONS), list(of.values()), device="cpu")
    for row, caption in enumerate(CAPTIONS):
        ids, more = told(folder, f"the {caption}")
        places = {
            "mean": range(len(ids) + 5), "continuation": range(len(ids), len(ids) + 5),
            "caption-alone": range(2, len(ids)), "last": [len(ids) + 4],
        }  # fmt: skip
        for depth, state in enumerate(states(folder, ids + more)):
            for name, at in places.items():
                layer = found[of[name]].layers[f"hidden.{depth}"]
                assert layer[row] == pytest.approx(state[list(at)].mean(axis=0), abs=1e-5), name
    facts = found[of["mean"]].facts
    assert json.loads(facts["continuation"])["generate"] == 5


def test_a_batch_or_a_text_alone_continue_alike_and_a_seed_decides(tmp_path: Path) -> None:
    folder, own = causal(tmp_path), catalog(tmp_path, OWN)
    record = tiny.model("language", "transformers", folder, options={"path": "."})
    data = tiny.dataset(4, CAPTIONS)

    def layer(prompt: str, batch: int | None = None) -> np.ndarray:
        one = variant(own.pooling("continuation"), own.prompt(prompt))
        made = extract(record, data, [one], device="cpu", batch_size=batch)
        return made[one].layers["hidden.2"]

    for prompt in ("on", "drawn"):
        assert layer(prompt) == pytest.approx(layer(prompt, 1), abs=1e-5)
    assert not np.allclose(layer("on"), layer("drawn"))


def test_a_continuation_is_part_of_the_key(tmp_path: Path) -> None:
    own = catalog(tmp_path, OWN)
    record = tiny.model("language", "transformers", tmp_path)
    parts = [
        json.dumps(extraction_parts(record, tiny.dataset(), variant(
            own.pooling("mean"), own.prompt(name))))
        for name in ("on", "drawn", "the")
    ]  # fmt: skip
    assert len(set(parts)) == 3
    assert '"generate": 5' in parts[0] and '"seed": 3' in parts[1] and "generate" not in parts[2]


def test_what_cannot_continue_says_so(tmp_path: Path) -> None:
    own = catalog(tmp_path, OWN)
    with pytest.raises(CatalogError, match="reads the continuation of the prompt"):
        variant(own.pooling("continuation"), own.prompt("the"))
    mean = own.pooling("mean")
    encoder = tiny.model("language", "transformers", saved(tmp_path / "a"), options={"path": "."})
    with pytest.raises(CatalogError, match="'tiny' does not predict the next token"):
        extract(encoder, tiny.dataset(4, CAPTIONS), [variant(mean, own.prompt("on"))], device="cpu")
    decoder = tiny.model("language", "transformers", causal(tmp_path / "b"), options={"path": "."})
    with pytest.raises(DatasetError, match=r"its continuation 60; model 'tiny' reads 1 to 24"):
        extract(
            decoder, tiny.dataset(4, CAPTIONS), [variant(mean, own.prompt("long"))], device="cpu"
        )


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ("generate = -1", "greater than or equal to 0"),
        ("generate = 5000", "less than or equal to 1024"),
        ("seed = 3", "seed belongs to generate"),
        ("generate = 4\nseed = -3", "greater than or equal to 0"),
    ],
)
def test_a_record_that_asks_for_nonsense_is_refused(
    tmp_path: Path, fields: str, named: str
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f'[[prompt]]\nid = "x"\ntitle = "X"\n{fields}\n', encoding="utf-8")
    with pytest.raises(CatalogError, match=named):
        load_catalog([path])

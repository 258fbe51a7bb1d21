"""Own prompts and poolings: exactly the tokens or positions meant, against sums by hand."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
import transformers
from tokenizers import processors
from torch import Tensor

from ingest.catalog import Catalog, load_catalog
from ingest.errors import CatalogError, DatasetError
from ingest.extract import Variant, extract, variant
from ingest.extract.positions import pool_image
from ingest.pipeline.features import extraction_parts
from ingest.pipeline.options import StudyOptions
from tests.ingest import tiny

OWN = """
[[prompt]]
id = "mat"
title = "On the mat"
prefix = "the red "
suffix = " sits on the mat"

[[prompt]]
id = "glued"
title = "Glued to the caption"
prefix = "bi"
suffix = "ll"

[[pooling]]
id = "second"
title = "Second token of the caption"
modality = "language"
take = 1
tokens = "caption"

[[pooling]]
id = "before"
title = "Last token of the prefix"
modality = "language"
take = "last"
tokens = "prefix"

[[pooling]]
id = "words"
title = "Without special tokens"
modality = "language"
take = "mean"
tokens = "text"

[[pooling]]
id = "last-but-one"
title = "Last but one of all tokens"
modality = "language"
take = -2

[[pooling]]
id = "grid"
title = "Two times two"
modality = "vision"
take = "flat"
grid = 2

[[pooling]]
id = "narrow"
title = "No wider than a hundred"
modality = "vision"
take = "flat"
widest = 100
"""
CAPTIONS = ("a dog runs", "cat sits", "big blue sky runs under the hill", "a dog")


def catalog(folder: Path, text: str = OWN) -> Catalog:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return load_catalog([path])


def chosen(own: Catalog, pooling: str, prompt: str = "mat") -> Variant:
    return variant(own.pooling(pooling), own.prompt(prompt))


def saved(folder: Path, side: str = "right", special: bool = True) -> Path:
    """Write a random Llama with a tokenizer that puts a token before and one behind a text."""
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=32, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=16,
    )  # fmt: skip
    transformers.LlamaModel(config).save_pretrained(folder)
    tokens = tiny.tokenizer()
    if special:
        tokens.backend_tokenizer.post_processor = processors.TemplateProcessing(
            single="[PAD] $A </s>", special_tokens=[("[PAD]", 1), ("</s>", 2)]
        )
    tokens.save_pretrained(folder)
    said = folder / "tokenizer_config.json"
    sides = {"padding_side": side, "truncation_side": side}
    said.write_text(json.dumps(json.loads(said.read_text(encoding="utf-8")) | sides))
    kept: Any = transformers.AutoTokenizer.from_pretrained(folder)
    assert kept.padding_side == side
    return folder


def states(folder: Path, text: str) -> list[Tensor]:
    """Run one text alone: the hidden states, (T, d) each, special tokens included."""
    network = transformers.AutoModel.from_pretrained(folder).eval()
    tokens: Any = transformers.AutoTokenizer.from_pretrained(folder)
    ids = torch.tensor([tokens(text)["input_ids"]])
    with torch.no_grad():
        return [s[0] for s in network(input_ids=ids, output_hidden_states=True).hidden_states]


def by_hand(pooling: str, words: int) -> list[int]:
    """Positions in '[PAD] the red CAPTION sits on the mat </s>' for a caption of so many words."""
    caption = list(range(3, 3 + words))
    suffix = list(range(3 + words, 7 + words))
    return {
        "caption": caption,
        "suffix": suffix,
        "second": [caption[1]],
        "before": [2],
        "words": [1, 2, *caption, *suffix],
        "last-but-one": [suffix[-1]],
        "mean": [0, 1, 2, *caption, *suffix, suffix[-1] + 1],
        "last": [suffix[-1] + 1],
        "first": [0],
    }[pooling]


@pytest.mark.parametrize("side", ["right", "left"])
def test_exactly_the_tokens_meant_are_averaged(tmp_path: Path, side: str) -> None:
    folder, own = saved(tmp_path, side), catalog(tmp_path)
    captions = CAPTIONS[:2] + CAPTIONS[3:]
    names = ("caption", "suffix", "second", "before", "words", "last-but-one", "mean", "last")
    wanted = {name: chosen(own, name) for name in (*names, "first")}
    record = tiny.model("language", "transformers", tmp_path, options={"path": "."})
    got = extract(record, tiny.dataset(3, captions), list(wanted.values()), device="cpu")
    for row, caption in enumerate(captions):
        alone = states(folder, f"the red {caption} sits on the mat")
        for name, one in wanted.items():
            positions = by_hand(name, len(caption.split()))
            for mine, state in zip(got[one].layers.values(), alone, strict=True):
                np.testing.assert_allclose(mine[row], state[positions].mean(0), atol=2e-6)
    facts = got[wanted["second"]].facts
    assert facts["prompt_template"] == "the red {caption} sits on the mat"
    assert '"take": 1' in facts["pooling_definition"]


def test_a_token_with_a_letter_of_the_caption_is_the_captions(tmp_path: Path) -> None:
    """'hi' in 'bi' + 'hi' + 'll' is one unknown word: nothing is left of prefix and suffix."""
    folder, own = saved(tmp_path, special=False), catalog(tmp_path)
    record = tiny.model("language", "transformers", tmp_path, options={"path": "."})
    data = tiny.dataset(1, ["hi"])
    got = extract(record, data, [chosen(own, "caption", "glued")], device="cpu")
    np.testing.assert_allclose(
        next(iter(got.values())).layers["hidden.2"], states(folder, "bihill")[-1], atol=2e-6
    )
    with pytest.raises(DatasetError, match="reads 0 such tokens in 0"):
        extract(record, data, [chosen(own, "suffix", "glued")], device="cpu")


@pytest.mark.parametrize("side", ["right", "left"])
def test_what_the_window_cuts_off_is_not_averaged(tmp_path: Path, side: str) -> None:
    folder, own = saved(tmp_path, side), catalog(tmp_path)
    caption = " ".join(["dog"] * 11)  # 19 tokens in a window of 16
    record = tiny.model("language", "transformers", tmp_path, options={"path": "."})
    got = extract(record, tiny.dataset(1, [caption]), [chosen(own, "suffix")], device="cpu")
    text = f"the red {caption} sits on the mat"
    kept = text.split()[:14] if side == "right" else text.split()[-14:]
    last = states(folder, " ".join(kept))[-1]
    positions = [14] if side == "right" else [11, 12, 13, 14]
    (features,) = got.values()
    assert features.facts["truncated_captions"] == "1"
    np.testing.assert_allclose(features.layers["hidden.2"][0], last[positions].mean(0), atol=2e-6)


def test_a_text_without_such_a_token_is_named(tmp_path: Path) -> None:
    saved(tmp_path)
    own = catalog(tmp_path)
    record = tiny.model("language", "transformers", tmp_path, options={"path": "."})
    data = tiny.dataset(2, ["a dog", "cat"])
    with pytest.raises(DatasetError, match="token 1 of the caption's tokens.*reads 1 .* in 1"):
        extract(record, data, [chosen(own, "second")], device="cpu")


def test_a_tokenizer_that_does_not_tell_places_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letters.py").write_text(
        "import torch\n"
        "class Letters:\n"
        "    def encode(self, texts):\n"
        "        return [[ord(c) for c in text] for text in texts]\n"
        "    def states(self, input_ids, mask):\n"
        "        return [torch.nn.functional.one_hot(input_ids, 128).float()]\n"
    )
    own = catalog(tmp_path)
    record = tiny.model("language", "module", tmp_path, source="letters:Letters")
    data = tiny.dataset(2, ["a dog", "cat"])
    got = extract(record, data, [chosen(own, "last-but-one", "none")], device="cpu")
    (layer,) = next(iter(got.values())).layers.values()
    assert layer.argmax(axis=1).tolist() == [ord("o"), ord("a")]
    with pytest.raises(CatalogError, match="does not say where in a text each token stands"):
        extract(record, data, [chosen(own, "caption")], device="cpu")


def test_own_definitions_are_part_of_the_key_and_shipped_names_stay_what_they_were(
    tmp_path: Path,
) -> None:
    record, data = tiny.model("language", "transformers"), tiny.dataset(2)
    paper = extraction_parts(record, data, Variant("last", "paper"))
    assert paper["pooling"] == "last"
    assert paper["prompt"] == "An image with the caption '{caption}'. This is an image of a"
    assert extraction_parts(record, data, Variant("mean", "none"))["prompt"] == "{caption}"
    assert extraction_parts(record, data, Variant("gap"))["prompt"] == ""
    own = extraction_parts(record, data, chosen(catalog(tmp_path), "second"))
    assert own["pooling"] == {
        "id": "second", "modality": "language", "take": 1, "tokens": "caption",
    }  # fmt: skip
    again = catalog(tmp_path, OWN.replace("the red", "the blue").replace("On the mat", "Renamed"))
    assert extraction_parts(record, data, chosen(again, "second"))["prompt"] != own["prompt"]
    renamed = catalog(tmp_path, OWN.replace("On the mat", "Renamed"))
    assert extraction_parts(record, data, chosen(renamed, "second")) == own


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[prompt]]\nid = "paper"\ntitle = "x"\n', "The prompt id 'paper' is listed both in"),
        (
            '[[pooling]]\nid="mean"\ntitle="x"\nmodality="language"\ntake="last"\n',
            "The pooling id 'mean' is listed both in",
        ),
        ('[[pooling]]\nid="x"\ntitle="x"\nmodality="language"\ntake="cls"\n', "'mean', 'first'"),
        ('[[pooling]]\nid="x"\ntitle="x"\nmodality="vision"\ntake="last"\n', "'cls', 'gap'"),
        ('[[pooling]]\nid="x"\ntitle="x"\nmodality="vision"\ntake="gap"\ngrid=2\n', "'flat'"),
        (
            '[[pooling]]\nid="x"\ntitle="x"\nmodality="vision"\ntake="gap"\ntokens="text"\n',
            "has none to choose",
        ),
        ('[[pooling]]\nid="own"\ntitle="x"\nmodality="vision"\ntake="gap"\n', "'own'"),
    ],
)
def test_definitions_that_cannot_be_are_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CatalogError, match=said) as refusal:
        catalog(tmp_path, text)
    assert "own.toml" in str(refusal.value)


def test_a_study_takes_them_by_name_each_for_its_kind_of_model(tmp_path: Path) -> None:
    own = catalog(tmp_path)
    options = StudyOptions(
        dataset="x", poolings=("grid", "caption", "mean"), prompts=("mat", "picture")
    )
    names = [(one.pooling, one.prompt) for one in options.variants(own)]
    assert names == [
        ("grid", ""), ("caption", "mat"), ("caption", "picture"), ("mean", "mat"),
        ("mean", "picture"),
    ]  # fmt: skip
    only = StudyOptions(dataset="x", poolings=("max",)).variants(own)
    assert only == (Variant("max"),)
    with pytest.raises(CatalogError, match="'none' has none"):
        StudyOptions(dataset="x", poolings=("suffix",)).variants(own)


def vit(**options: Any) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return timm.create_model("test_vit", num_classes=0, **options).eval()


def image_features(
    record_options: dict[str, Any], wanted: Sequence[Variant]
) -> dict[Variant, dict[str, Any]]:
    record = tiny.model("vision", "timm-random", options=record_options)
    got = extract(record, tiny.dataset(3), list(wanted), device="cpu")
    return {one: features.layers for one, features in got.items()}


def test_every_position_is_flattened_and_the_largest_taken(tmp_path: Path) -> None:
    own = catalog(tmp_path)
    flat, top, grid = Variant("flat"), Variant("max"), variant(own.pooling("grid"))
    options = {"architecture": "test_vit", "input_size": 64}
    got = image_features(options, [flat, top, grid, Variant("gap")])
    for name, layer in got[flat].items():
        n = len(layer)
        positions = layer.reshape(n, 64, -1)  # (3, d, patches), the class token left out
        side = int(positions.shape[2] ** 0.5)
        assert side == 4
        np.testing.assert_allclose(positions.mean(2), got[Variant("gap")][name], atol=1e-5)
        np.testing.assert_array_equal(positions.max(2), got[top][name])
        quarters = positions.reshape(n, 64, 2, 2, 2, 2).mean((3, 5))
        np.testing.assert_allclose(quarters.reshape(n, -1), got[grid][name], atol=1e-5)


def test_maps_of_any_layout_flatten_alike() -> None:
    grid = load_catalog().pooling("flat")
    image = torch.arange(2 * 3 * 2 * 2, dtype=torch.float32).reshape(2, 3, 2, 2)
    tokens = torch.cat([torch.full((2, 1, 3), 99.0), image.flatten(2).transpose(1, 2)], dim=1)
    wanted = image.flatten(1)
    assert torch.equal(pool_image(image, "nchw", grid, 0), wanted)
    assert torch.equal(pool_image(image.permute(0, 2, 3, 1), "nhwc", grid, 0), wanted)
    assert torch.equal(pool_image(tokens, "tokens", grid, 1), wanted)


def test_a_layer_too_wide_to_flatten_is_refused(tmp_path: Path) -> None:
    narrow = variant(catalog(tmp_path).pooling("narrow"))
    with pytest.raises(CatalogError, match=r"'blocks\.0' is 1,024 numbers.*takes at most 100"):
        image_features({"architecture": "test_vit", "input_size": 64}, [narrow])


def test_the_attention_pool_is_the_networks_own() -> None:
    arguments = {"global_pool": "map", "class_token": False, "img_size": 64}
    attention = Variant("attention")
    options = {"architecture": "test_vit", "global_pool": "map", "class_token": False}
    layers = image_features({**options, "input_size": 64}, [attention])[attention]
    record = tiny.model("vision", "timm-random", options={**options, "input_size": 64})
    from ingest.extract.loaded import LoadedVision, Placement
    from ingest.extract.loaders import load

    loaded = load(record, Placement(tiny.CPU, torch.float32))
    assert isinstance(loaded, LoadedVision)
    network, data = vit(**arguments), tiny.dataset(3)
    images = torch.stack([loaded.preprocess(data.image(i)) for i in range(3)])
    with torch.no_grad():
        own = network.pool(network.forward_features(images))
        (first, *_) = network.forward_intermediates(
            images, norm=True, output_fmt="NLC", intermediates_only=True
        )
        np.testing.assert_allclose(layers["blocks.0"], network.pool(first), atol=1e-5)
    np.testing.assert_allclose(list(layers.values())[-1], own, atol=1e-5)


@pytest.mark.parametrize("architecture", ["test_vit", "test_resnet"])
def test_a_network_without_an_attention_pool_is_refused(architecture: str) -> None:
    with pytest.raises(CatalogError, match="has no attention pool"):
        image_features({"architecture": architecture, "input_size": 64}, [Variant("attention")])

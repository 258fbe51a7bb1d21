"""Bits per byte of captions beside their features: the same figure as a pass of its own."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import transformers
from tokenizers.processors import TemplateProcessing

from ingest.datasets import Dataset
from ingest.experiments.bits import BUDGET
from ingest.experiments.bits.beside import BesideExtraction, CaptionBits
from ingest.experiments.bits.measure import Tally, causal_of, started, tallies
from ingest.experiments.bits.rows import Choices
from ingest.experiments.bits.run import measure_bits
from ingest.experiments.bits.texts import Document, text_of_captions
from ingest.experiments.bits.windows import nats, windows
from ingest.extract.device import place
from ingest.extract.language import extract_language
from ingest.extract.loaded import LoadedLanguage
from ingest.extract.transformers_models import wrap
from ingest.extract.variants import Variant
from ingest.pipeline.extraction import extract_missing
from ingest.pipeline.features import plan_extraction
from ingest.pipeline.run import Run
from ingest.progress import Silent
from ingest.store.workspace import Workspace
from tests.ingest import tiny
from tests.worlds import query

MEAN = Variant("mean", "none")
CPU = torch.device("cpu")
CAPTIONS = ["a red dog", "blue", "cat runs on the big hill", "sky under the small mat"]


def network(bos: bool = False, eos: bool = False, cap: float | None = None) -> LoadedLanguage:
    """Return a random network over tiny's words; its tokenizer adds what it is told to."""
    tokens = tiny.tokenizer()
    if bos or eos:
        tokens.add_special_tokens({"bos_token": "<s>"})
        pattern = ("<s> " if bos else "") + "$A" + (" </s>" if eos else "")
        special = [(name, tokens.convert_tokens_to_ids(name)) for name in ("<s>", "</s>")]
        inner = tokens.backend_tokenizer
        inner.post_processor = TemplateProcessing(single=pattern, special_tokens=special)
    torch.manual_seed(0)
    config = transformers.Gemma2Config(
        vocab_size=32, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, head_dim=8, final_logit_softcapping=cap,
    )  # fmt: skip
    module = transformers.Gemma2ForCausalLM(config)
    with torch.no_grad():
        module.lm_head.weight.mul_(20)
    return wrap(tiny.model("language", "transformers"), module, tokens, "seed-0")


def beside(loaded: LoadedLanguage, data: Dataset) -> CaptionBits:
    watch = CaptionBits()
    record = tiny.model("language", "transformers")
    extract_language(record, loaded, data, [MEAN], place("cpu", "float32"), 2, Silent(), watch)
    return watch


def apart(loaded: LoadedLanguage, data: Dataset, watch: CaptionBits) -> Tally:
    causal = started("m", causal_of("m", loaded), watch.start)
    read = [Document(str(i), caption) for i, caption in enumerate(data.captions)]
    return sum(tallies(loaded, causal, read, budget=BUDGET, device=CPU), Tally(0.0, 0, 0, 0))


@pytest.mark.parametrize("bos", [True, False])
def test_one_pass_gives_the_figure_of_a_pass_of_its_own(bos: bool) -> None:
    data, loaded = tiny.dataset(4, CAPTIONS), network(bos)
    watch = beside(loaded, data)
    assert watch.reason is None
    assert (watch.starts_with, watch.start) == (("bos", "auto") if bos else ("none", "auto"))
    found, wanted = watch.tally(), apart(loaded, data, watch)
    assert found[1:] == wanted[1:]
    assert found.nats == pytest.approx(wanted.nats, rel=1e-5)
    assert watch.longest == 6 + bos


@pytest.mark.parametrize(
    ("loaded", "told"),
    [
        (network(bos=True, eos=True), "special tokens round a caption"),
        (network(cap=5.0), "more than a product of its last hidden state"),
    ],
)
def test_a_figure_that_would_be_another_is_not_given(loaded: LoadedLanguage, told: str) -> None:
    watch = beside(loaded, tiny.dataset(4, CAPTIONS))
    assert told in str(watch.reason)


@pytest.mark.parametrize("cap", [None, 5.0])
def test_the_head_alone_is_used_only_where_it_is_the_whole(cap: float | None) -> None:
    causal = causal_of("m", network(cap=cap))
    cut = [w for text in CAPTIONS for w in windows(causal.pieces(text).ids, None, 64, 32)]
    calls: list[int] = []

    def counted(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        calls.append(ids.shape[1])
        return causal.logits(ids, mask)

    found = nats(replace(causal, logits=counted), cut, CPU, 0, 64)
    assert len(calls) == (1 if cap is None else 1 + 1)  # the look, and the batch where it differs
    whole = nats(replace(causal, last=None), cut, CPU, 0, 64)
    assert found == pytest.approx(whole, rel=1e-5)


def test_what_was_seen_beside_counts_as_measured(tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=32, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
        num_attention_heads=2,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(tmp_path / "net")
    tiny.tokenizer().save_pretrained(tmp_path / "net")
    record = tiny.model("language", "transformers", tmp_path, options={"path": "net"})
    encoder = tiny.model("language", "transformers", tmp_path, id="enc", options={"path": "enc"})
    transformers.LlamaModel(config).save_pretrained(tmp_path / "enc")
    tiny.tokenizer().save_pretrained(tmp_path / "enc")
    data, workspace = tiny.dataset(6), Workspace(tmp_path / "data")
    with Run(workspace) as run:
        plan = plan_extraction(workspace, data, [(record, [MEAN]), (encoder, [MEAN])])
        extract_missing(run, data, plan, Silent(), devices=["cpu"], beside=BesideExtraction())
        assert run.done == 2 and not run.refused
        text = text_of_captions(data)
        measure_bits(run, [record], text, Choices(BUDGET), Silent(), "cpu")
        assert run.skipped == 1
    workspace.warehouse.publish()
    rows = query(workspace.warehouse.path, "FROM bits_per_byte").to_dicts()
    assert [(row["model_id"], row["text"]) for row in rows] == [("tiny", "tiny captions")]
    assert rows[0]["documents"] == 6

"""A bounded slice of `make sweep`: the library's own states, or a refusal by name."""

import pytest

from tests.sweep.language import architectures, sweep

EQUAL = (
    "gpt2", "bert", "qwen3", "roberta", "mamba", "albert", "longformer", "xlnet", "llava", "clip",
    "granitemoehybrid",
)  # fmt: skip
REFUSED = {
    "t5": "encoder-decoder",
    "canine": "no stack of hidden states",
    "fnet": "--batch-size 1 runs every text alone",
}


@pytest.mark.parametrize("kind", EQUAL)
def test_an_architectures_features_are_the_librarys_own_states(kind: str) -> None:
    (found,) = sweep([kind])
    assert found is not None and found.verdict == "equal", found


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_read_is_refused_by_name(kind: str) -> None:
    (found,) = sweep([kind])
    assert found is not None and found.verdict == "refused" and REFUSED[kind] in found.why, found


def test_what_reads_no_text_is_none_of_its_business() -> None:
    assert list(sweep(["vit", "convnext"])) == [None, None]
    assert len(architectures()) > 500

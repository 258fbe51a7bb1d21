"""Which tokens of a text a pooling means: those of the caption, of the prompt, or one by number."""

from collections.abc import Sequence

from ingest.catalog.records import ModelRecord
from ingest.catalog.variant_records import PoolingRecord, PromptRecord
from ingest.datasets import Dataset
from ingest.errors import CatalogError, DatasetError
from ingest.extract.loaded import LoadedLanguage, Span

Chosen = Sequence[Sequence[int]] | None
"""Per text the positions of the tokens that are averaged; None where padding alone decides."""


def chosen_tokens(
    record: ModelRecord,
    loaded: LoadedLanguage,
    dataset: Dataset,
    prompt: PromptRecord,
    pooling: PoolingRecord,
    ids: Sequence[Sequence[int]],
    read: Sequence[int] | None = None,
) -> Chosen:
    """Return which tokens of every text are averaged; positions count special tokens, too.

    Args:
        record: the model, for the sentences.
        loaded: its network, whose tokenizer says where tokens stand.
        dataset: its captions.
        prompt: what stands around them.
        pooling: which tokens are meant.
        ids: every text's tokens as they will be run.
        read: how many of each are the text's; those behind are its continuation. None: all.

    Raises:
        CatalogError: the tokenizer does not say where in a text its tokens stand.
        DatasetError: a text has no such token; the sentence names the sample.
    """
    ends = [len(row) for row in ids] if read is None else read
    if not pooling.needs_places:
        if not isinstance(pooling.take, int):
            return None
        parts = [list(range(len(row))) for row in ids]
    elif pooling.tokens == "continuation":
        parts = [list(range(end, len(row))) for row, end in zip(ids, ends, strict=True)]
    else:
        places = _places(
            record, loaded, pooling, [prompt.around(c) for c in dataset.captions], ends,
            cut=read is not None,
        )  # fmt: skip
        parts = [
            [at for at, span in enumerate(row) if _is_of(span, pooling, prompt, caption)]
            for row, caption in zip(places, dataset.captions, strict=True)
        ]
    chosen: list[Sequence[int]] = []
    for sample, part in zip(dataset.sample_ids, parts, strict=True):
        taken = _taken(part, pooling)
        if not taken:
            raise DatasetError(
                f"Dataset {dataset.record.id!r}: the pooling {pooling.id!r} takes "
                f"{_said(pooling)}; with the prompt {prompt.id!r} model {record.id!r} reads "
                f"{len(part)} such tokens in {sample}."
            )
        chosen.append(taken)
    return chosen


def _places(
    record: ModelRecord,
    loaded: LoadedLanguage,
    pooling: PoolingRecord,
    texts: Sequence[str],
    ends: Sequence[int],
    cut: bool,
) -> list[list[Span | None]]:
    """Return where every token of a text stands; None of special ones.

    Special tokens at the end of a text that is continued were `cut`.
    """
    rows = None if loaded.spans is None else loaded.spans(texts)
    if rows is not None and cut:
        rows = [row[:end] for row, end in zip(rows, ends, strict=True)]
    if rows is None or [len(row) for row in rows] != list(ends):
        raise CatalogError(
            f"Model {record.id!r}: its tokenizer does not say where in a text each token stands, "
            f"which the pooling {pooling.id!r} needs; take one over all tokens."
        )
    return rows


def _is_of(span: Span | None, pooling: PoolingRecord, prompt: PromptRecord, caption: str) -> bool:
    """Whether a token is one of those that the pooling means."""
    if span is None:
        return False
    begin, end = len(prompt.prefix), len(prompt.prefix) + len(caption)
    start, stop = span
    if start >= end:
        where = "suffix"
    elif stop <= begin and start < begin:
        where = "prefix"
    else:
        where = "caption"
    return pooling.tokens in ("text", where)


def _taken(part: Sequence[int], pooling: PoolingRecord) -> Sequence[int]:
    """Return the positions that are averaged, none where there is no such token."""
    if isinstance(pooling.take, int):
        there = -len(part) <= pooling.take < len(part)
        return [part[pooling.take]] if there else []
    if pooling.take == "mean":
        return part
    return part[:1] if pooling.take == "first" else part[-1:]


def _said(pooling: PoolingRecord) -> str:
    of = {"all": "all tokens", "text": "the text's tokens", "caption": "the caption's tokens"}
    tokens = of.get(pooling.tokens, f"the tokens of the prompt's {pooling.tokens}")
    if isinstance(pooling.take, int):
        return f"token {pooling.take} of {tokens}"
    return f"the {pooling.take} of {tokens}"

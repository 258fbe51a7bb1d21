"""Color words laid out by what a language model makes of them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ingest.catalog.records import DatasetRecord, ModelRecord
from ingest.datasets import Dataset
from ingest.errors import CatalogError, DatasetError
from ingest.experiments.color.layouts import (
    COLOR_VERSION,
    LEVEL,
    TABLE,
    Choices,
    Colors,
    agreement_columns,
    distances,
    lay_out,
    rows_of,
)
from ingest.experiments.color.words import SENTENCES, ColorWords
from ingest.extract import Variant, extract
from ingest.pipeline.features import loaded_from
from ingest.pipeline.run import Run, record_model
from ingest.progress import Progress
from ingest.store.features import EXTRACT_VERSION, unit_key
from prh_core.agreement import distance_agreement
from prh_core.color_cooccurrence import lab_to_srgb

LAST_FOUR = "last four layers"
SENTENCE = "sentence embedding"


class LanguageUnit(NamedTuple):
    """A language model to lay color words out by."""

    key: str
    record: ModelRecord

    @property
    def name(self) -> str:
        """The model's id."""
        return self.record.id


def language_units(
    records: Sequence[ModelRecord], words: ColorWords, choices: Choices
) -> list[LanguageUnit]:
    """List the language models' layouts, done or not.

    Raises:
        CatalogError: one of the models is none of language.
    """
    seeing = [record.id for record in records if record.modality != "language"]
    if seeing:
        raise CatalogError(
            f"{', '.join(seeing)} {'are' if len(seeing) > 1 else 'is'} no language model; colors "
            "of vision come from pictures: --pictures"
        )
    shared = {
        "words": words.digest,
        "sentences": SENTENCES,
        "starts": choices.starts,
        "seed": choices.seed,
        "version": [EXTRACT_VERSION, COLOR_VERSION],
    }
    return [LanguageUnit(unit_key({**loaded_from(r), **shared}), r) for r in records]


def lay_out_words(
    run: Run,
    units: Sequence[LanguageUnit],
    words: ColorWords,
    choices: Choices,
    progress: Progress,
    *,
    device: str = "auto",
    dtype: str = "auto",
) -> None:
    """Lay the words out by each model that has not done so; one that fails is noted.

    Raises:
        DiskFullError: nothing already stored was changed.
    """

    def compute(unit: LanguageUnit) -> dict[str, Any]:
        embeddings = embed_words(unit.record, words, progress, device, dtype)
        rows = lay_out_embeddings(unit.record, words, embeddings, choices, progress)
        record_model(run, unit.record)
        return rows

    run.each(TABLE, units, compute, progress)


class WordEmbeddings(NamedTuple):
    """What a language model makes of color words, its sentences averaged."""

    layers: Mapping[str, np.ndarray]
    """Mean over tokens of every hidden state: name -> (words, d)."""
    sentence: np.ndarray
    """(words, d) its sentence embedding."""
    pooling: str
    """Of the sentence embedding: mean, last or first."""
    revision: str


def embed_words(
    record: ModelRecord, words: ColorWords, progress: Progress, device: str, dtype: str
) -> WordEmbeddings:
    """Run a model over the sentences of every word."""
    pooling = _sentence_pooling(record)
    mean, sentence = Variant("mean", "none"), Variant(pooling, "none")
    extracted = extract(
        record,
        _sentences(words),
        list(dict.fromkeys((mean, sentence))),
        device=device,
        dtype=dtype,
        progress=progress,
    )
    return WordEmbeddings(
        {name: _averaged(layer) for name, layer in extracted[mean].layers.items()},
        _averaged(list(extracted[sentence].layers.values())[-1]),
        pooling,
        extracted[mean].facts["revision"],
    )


def lay_out_embeddings(
    record: ModelRecord,
    words: ColorWords,
    embeddings: WordEmbeddings,
    choices: Choices,
    progress: Progress,
) -> dict[str, Any]:
    """Return the layouts of words by their embeddings, and the curve over layers, by table.

    Raises:
        LayoutError: a reading tells no color from another.
    """
    names = list(embeddings.layers)
    about = {
        "side": "language",
        "model_id": record.id,
        "revision": embeddings.revision,
        "colors": words.title,
        "rule": words.rule,
        "source": words.source,
        "license": words.license,
        "sentences": list(SENTENCES),
    }
    four = np.hstack(list(embeddings.layers.values())[-4:])
    readings = (
        ({"reading": LAST_FOUR, "layers": names[-4:], "pooling": "mean"}, four),
        (
            {"reading": SENTENCE, "layers": names[-1:], "pooling": embeddings.pooling},
            embeddings.sentence,
        ),
    )
    colors = Colors(words.names, words.lab, lab_to_srgb(words.lab))
    title = f"{record.label}: laying out {len(words.words)} colors"
    progress.start(title, len(names) + len(readings))
    try:
        layouts = []
        for reading, features in readings:
            layouts.append(lay_out({**about, **reading}, colors, distances(features), choices))
            progress.advance(1)
        curve: list[dict[str, Any]] = []
        human = distances(words.lab)
        for depth, (name, layer) in enumerate(embeddings.layers.items()):
            apart = distances(layer)
            row: dict[str, Any] = {"layer": depth, "name": name}
            # A constant layer (the embedding of a fixed last token) tells no color from another.
            if np.ptp(apart[np.triu_indices(len(apart), 1)]):
                agreement = distance_agreement(apart, human, level=LEVEL, seed=choices.seed)
                row |= agreement_columns(agreement)
            curve.append(row)
            progress.advance(1)
    finally:
        progress.done()
    return {"color_layers": curve, **rows_of(layouts)}


def _sentence_pooling(record: ModelRecord) -> str:
    asked = record.options.get("sentence", "mean")
    for known in ("mean", "last", "first"):
        if asked == known:
            return known
    raise CatalogError(
        f"Model {record.id!r}: the option sentence should be mean, last or first; got {asked!r}"
    )


def _sentences(words: ColorWords) -> Dataset:
    """Return the sentences, word by word, as captions; there are no pictures."""
    named = [(word, i) for word in words.names for i in range(len(SENTENCES))]

    def nothing(i: int) -> Any:
        raise DatasetError("color words have no pictures")

    record = DatasetRecord(
        id="color-words",
        title=words.title,
        kind="task",
        source=words.source,
        revision=words.digest[:12],
        license=words.license,
        citation=words.source,
    )
    return Dataset(
        record=record,
        sample_ids=tuple(f"{word}.{i}" for word, i in named),
        captions=tuple(SENTENCES[i].format(word=word) for word, i in named),
        image_refs=tuple("" for _ in named),
        skipped=(),
        image_hashes=tuple("" for _ in named),
        reader=nothing,
    )


def _averaged(layer: np.ndarray) -> np.ndarray:
    """Average the sentences of each word: (words * sentences, d) -> (words, d)."""
    return layer.astype(np.float64).reshape(-1, len(SENTENCES), layer.shape[1]).mean(axis=1)

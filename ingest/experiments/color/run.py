"""Layouts of colors: what a model or a set of pictures makes of them, beside human vision."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from scipy.spatial.distance import pdist, squareform

from ingest.catalog.records import DatasetRecord, ModelRecord
from ingest.datasets import Dataset
from ingest.errors import CatalogError, DatasetError
from ingest.experiments.color.pictures import Pictures
from ingest.experiments.color.words import SENTENCES, ColorWords
from ingest.extract import Variant, extract
from ingest.extract.variants import Pooling
from ingest.pipeline.run import Run, loaded_from, record_model
from ingest.pipeline.score import Refused
from ingest.progress import Progress
from ingest.store.features import EXTRACT_VERSION, unit_key
from prh_core.agreement import Agreement, distance_agreement
from prh_core.color_cooccurrence import (
    PAIRS,
    RADIUS,
    frequent,
    lab_to_srgb,
    srgb_to_lab,
    together,
)
from prh_core.errors import LayoutError, PRHError
from prh_core.mds import STARTS, metric_mds
from prh_core.pmi import dissimilarity, pmi
from prh_core.procrustes import kabsch_umeyama

COLOR_VERSION = 2
"""Raised when the same input would give other layouts; part of every unit's key."""
LEVEL = 0.95
LAST_FOUR = "last four layers"
SENTENCE = "sentence embedding"
CO_OCCURRENCE = "co-occurrence in pictures"


class Choices(NamedTuple):
    """How layouts are made."""

    grid: int = 4
    """Cells of RGB per channel."""
    radius: int = RADIUS
    pairs: int = PAIRS
    minimum: int = 1
    """Times a pair must be seen, in either order; any other is as far apart as the farthest."""
    least: float = 0.002
    """Cells that take a smaller share of the pixels are left out."""
    starts: int = STARTS
    seed: int = 0


class LanguageUnit(NamedTuple):
    """A language model to lay color words out by."""

    key: str
    record: ModelRecord


class PictureUnit(NamedTuple):
    """Pictures to lay colors out by."""

    key: str
    pictures: Pictures


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


def picture_unit(pictures: Pictures, choices: Choices) -> PictureUnit:
    """Name the pictures' layout, done or not."""
    key = unit_key({"pictures": pictures.digest, **choices._asdict(), "version": COLOR_VERSION})
    return PictureUnit(key, pictures)


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
    missing = run.missing("color_layouts", units)
    for unit in missing:
        try:
            _by_language(run, unit, words, choices, progress, device, dtype)
            run.done += 1
        except PRHError as error:
            run.leave_out(unit.record, error, progress)


def _by_language(
    run: Run,
    unit: LanguageUnit,
    words: ColorWords,
    choices: Choices,
    progress: Progress,
    device: str,
    dtype: str,
) -> None:
    record = unit.record
    pooling = _sentence_pooling(record)
    mean, sentence = Variant("mean", "none"), Variant(pooling, "none")
    found = extract(
        record,
        _sentences(words),
        list(dict.fromkeys((mean, sentence))),
        device=device,
        dtype=dtype,
        progress=progress,
    )
    heard = Heard(
        {name: _averaged(layer) for name, layer in found[mean].layers.items()},
        _averaged(list(found[sentence].layers.values())[-1]),
        pooling,
        found[mean].facts["revision"],
    )
    keep_words(run, unit, words, heard, choices, progress)


class Heard(NamedTuple):
    """What a language model makes of color words, its sentences averaged."""

    layers: Mapping[str, np.ndarray]
    """Mean over tokens of every hidden state: name -> (words, d)."""
    sentence: np.ndarray
    """(words, d) its sentence embedding."""
    pooling: str
    """Of the sentence embedding: mean, last or first."""
    revision: str


def keep_words(
    run: Run,
    unit: LanguageUnit,
    words: ColorWords,
    heard: Heard,
    choices: Choices,
    progress: Progress,
) -> None:
    """Lay words out by their embeddings, and leave layouts and the curve over layers as parts.

    Raises:
        LayoutError: a reading tells no color from another.
    """
    record, names = unit.record, list(heard.layers)
    about = {
        "side": "language",
        "model_id": record.id,
        "revision": heard.revision,
        "colors": words.title,
        "rule": words.rule,
        "source": words.source,
        "license": words.license,
        "sentences": list(SENTENCES),
    }
    four = np.hstack(list(heard.layers.values())[-4:])
    readings = (
        ({"reading": LAST_FOUR, "layers": names[-4:], "pooling": "mean"}, four),
        ({"reading": SENTENCE, "layers": names[-1:], "pooling": heard.pooling}, heard.sentence),
    )
    rgb = lab_to_srgb(words.lab)
    title = f"{record.label}: laying out {len(words.words)} colors"
    progress.start(title, len(names) + len(readings))
    try:
        rows = []
        for read, features in readings:
            apart = _distances(features)
            told = {**about, **read}
            rows.append(_laid(run, unit.key, told, words.names, words.lab, rgb, apart, choices))
            progress.advance(1)
        curve: list[dict[str, Any]] = []
        human = _distances(words.lab)
        for depth, (name, layer) in enumerate(heard.layers.items()):
            apart = _distances(layer)
            row: dict[str, Any] = {"unit_key": unit.key, "layer": depth, "name": name}
            # A constant layer (the embedding of a fixed last token) tells no color from another.
            if np.ptp(apart[np.triu_indices(len(apart), 1)]):
                agreed = distance_agreement(apart, human, level=LEVEL, seed=choices.seed)
                row |= _agreement(agreed)
            else:
                row |= dict.fromkeys(_CURVE)
            curve.append(row)
            progress.advance(1)
    finally:
        progress.done()
    record_model(run, record)
    warehouse = run.workspace.warehouse
    warehouse.append("color_layers", unit.key, pl.DataFrame(curve, schema_overrides=_CURVE))
    _keep(run, unit.key, rows)


def _sentence_pooling(record: ModelRecord) -> Pooling:
    asked = record.options.get("sentence", "mean")
    for known in ("mean", "last", "first"):
        if asked == known:
            return known
    raise CatalogError(
        f"Model {record.id!r}: the option sentence should be mean, last or first; got {asked!r}"
    )


_CURVE = {
    "rho": pl.Float64,
    "p_value": pl.Float64,
    "interval_low": pl.Float64,
    "interval_high": pl.Float64,
}


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


def _distances(points: np.ndarray) -> np.ndarray:
    return squareform(pdist(points))


def lay_out_pictures(run: Run, unit: PictureUnit, choices: Choices, progress: Progress) -> None:
    """Lay out the colors of pictures by which stand near each other; failing is noted.

    Raises:
        DiskFullError: nothing already stored was changed.
    """
    if not run.missing("color_layouts", [unit]):
        return
    pictures = unit.pictures
    progress.start(f"{pictures.title}: counting and laying out", 2)
    try:
        drawn = together(
            pictures.images,
            grid=choices.grid,
            radius=choices.radius,
            pairs=choices.pairs,
            seed=choices.seed,
        )
        seen = frequent(drawn, choices.least)
        progress.advance(1)
        found = pmi(seen.counts, minimum=choices.minimum)
        about = {
            "side": "vision",
            "colors": pictures.title,
            "rule": f"cells of a {choices.grid} × {choices.grid} × {choices.grid} grid of RGB with "
            f"{choices.least:.1%} of the pixels or more",
            "source": pictures.source,
            "license": pictures.license,
            "reading": CO_OCCURRENCE,
            "pictures": len(pictures.images),
            "grid": choices.grid,
            "radius": choices.radius,
            "counted_pairs": choices.pairs,
            "minimum_count": choices.minimum,
            "least_share": choices.least,
            "counted_share": float(found.counted[np.triu_indices(len(seen.cells), 1)].mean()),
        }
        names = [_hex(color) for color in seen.rgb]
        lab = srgb_to_lab(seen.rgb)
        apart = dissimilarity(found.values)
        row = _laid(
            run, unit.key, about, names, lab, seen.rgb, apart, choices, shares=found.marginal
        )
        _keep(run, unit.key, [row])
        progress.advance(1)
        run.done += 1
    except LayoutError as error:
        run.refused.append(Refused(pictures.title, str(error)))
        progress.note(f"{pictures.title} left out: {error}")
    finally:
        progress.done()


def _laid(
    run: Run,
    key: str,
    about: Mapping[str, Any],
    names: Sequence[str],
    lab: np.ndarray,
    rgb: np.ndarray,
    apart: np.ndarray,
    choices: Choices,
    shares: np.ndarray | None = None,
) -> dict[str, Any]:
    """Lay out, bring onto CIELAB, leave points and pairs as parts, and return the layout's row."""
    scaling = metric_mds(apart, 3, starts=choices.starts, seed=choices.seed)
    moved = kabsch_umeyama(scaling.places, lab, mirror=True)
    human = _distances(lab)
    agreed = distance_agreement(apart, human, level=LEVEL, seed=choices.seed)
    reading = about["reading"]
    points = [
        {
            "unit_key": key,
            "reading": reading,
            "position": i,
            "name": name,
            "color": _hex(rgb[i]),
            "lightness": float(lab[i, 0]),
            "a": float(lab[i, 1]),
            "b": float(lab[i, 2]),
            "x": float(moved.moved[i, 0]),
            "y": float(moved.moved[i, 1]),
            "z": float(moved.moved[i, 2]),
            "residual": float(moved.residuals[i]),
            "share": None if shares is None else float(shares[i]),
        }
        for i, name in enumerate(names)
    ]
    first, second = np.triu_indices(len(names), 1)
    pairs = pl.DataFrame(
        {
            "unit_key": key,
            "reading": reading,
            "first_position": first,
            "second_position": second,
            "distance": apart[first, second],
            "color_difference": human[first, second],
        }
    )
    warehouse, part = run.workspace.warehouse, f"{key}.{reading.replace(' ', '-')}"
    points_frame = pl.DataFrame(points, schema_overrides={"share": pl.Float64})
    warehouse.append("color_points", part, points_frame)
    warehouse.append("color_pairs", part, pairs)
    return {
        "unit_key": key,
        "run_id": run.run_id,
        **about,
        "things": len(names),
        "starts": choices.starts,
        "seed": choices.seed,
        "stress": scaling.stress,
        "steps": scaling.steps,
        "scale": moved.scale,
        "reflected": moved.reflected,
        "rmsd": moved.rmsd,
        "r_squared": moved.r_squared,
        **_agreement(agreed),
        "interval_level": LEVEL,
        "shuffles": agreed.shuffles,
        "color_version": COLOR_VERSION,
        "finished_at": datetime.now(tz=UTC),
    }


def _agreement(found: Agreement) -> dict[str, Any]:
    bounds = [float(bound) if np.isfinite(bound) else None for bound in (found.low, found.high)]
    return {
        "rho": found.rho,
        "p_value": found.p_value,
        "interval_low": bounds[0],
        "interval_high": bounds[1],
    }


_LAYOUT = {
    "model_id": pl.String,
    "revision": pl.String,
    "pooling": pl.String,
    "sentences": pl.List(pl.String),
    "layers": pl.List(pl.String),
    "pictures": pl.Int64,
    "grid": pl.Int64,
    "radius": pl.Int64,
    "counted_pairs": pl.Int64,
    "minimum_count": pl.Int64,
    "least_share": pl.Float64,
    "counted_share": pl.Float64,
    "interval_low": pl.Float64,
    "interval_high": pl.Float64,
}
"""Columns that only one side has: a part holds them all, so either side can be published alone."""


def _keep(run: Run, key: str, rows: list[dict[str, Any]]) -> None:
    """Leave the layouts' rows: last, since a unit with them is done."""
    absent = dict.fromkeys(_LAYOUT)
    frame = pl.DataFrame([{**absent, **row} for row in rows], schema_overrides=_LAYOUT)
    run.workspace.warehouse.append("color_layouts", key, frame)


def _hex(rgb: np.ndarray) -> str:
    red, green, blue = (round(float(value) * 255) for value in rgb)
    return f"#{red:02x}{green:02x}{blue:02x}"

"""Queries that several pages ask; the SQL stands in the file of the same name."""

from typing import Any

import polars as pl

from pages.ui.answers import LANGUAGE_VISION, Answer, Modality, Setting, Sides, answer_beside

_answer = answer_beside(__file__)


def sides() -> Answer:
    """Which modalities were compared with which, language with vision first.

    Columns:
        modality_x: of the first models
        modality_y: of the second
        pairs: of models, under the setting that has most
    """
    return _answer("sides")


def settings(sides: Sides = LANGUAGE_VISION) -> Answer:
    """Every setting that two modalities were compared under, the customary one first.

    Columns:
        modality_x: of the first models
        modality_y: of the second
        dataset_id: catalog id
        row_order: sha256 of the sample ids in order
        dataset: unique name
        n: samples
        metric: registered name
        metric_label: name in words
        k: neighbors per sample; null for metrics without k
        sigma: bandwidth asked for; null for metrics without one or by their own default
        truncation: outlier truncation
        normalized: whether rows were l2-normalized
        pooling: how a caption's tokens became one vector
        prompt: name of the prompt round the caption
        precision: in which both networks computed; null where nobody says
        pairs: model pairs scored
        ks: different k under otherwise the same setting
        skilled: first models a skill is known of
        predicting: first models whose bits per byte of some text are known
        published: measured by others, so without layers, calibration or interval
    """
    return _answer("settings", sides)


def measured(setting: Setting) -> Answer:
    """Return what stands behind a figure of one setting, one row.

    Columns:
        dataset: title
        note: what to know before believing a score
        source: where the pairs come from
        license: of images and captions
        citation: where it was published
        skipped: corrupt images left out
        published: measured by others
        n: samples
        k: neighbors per sample; null for metrics without k
        sigma: bandwidth asked for; null for metrics without one or by their own default
        metric_label: name in words
        higher_is_closer: false where the metric is a distance
        truncation: outlier truncation
        normalized: whether rows were l2-normalized
        precision: in which both networks computed; null where nobody says
        pooling: how a caption's tokens became one vector
        prompt: name of the prompt round the caption
        chance: expected score of one pair of unrelated layers; null where not known
        null_best_low: least mean best of relabeled layer tables; null where a pair has none
        null_best_high: largest
        modality_x: of the first models
        modality_y: of the second
        models_x: count
        models_y: count
        untrained_models: of these, with random weights
        pairs: count
        permutations: relabeled tables per score, comma-separated; null where not calibrated
        seeds: of the permutations, comma-separated; null where not calibrated
        interval_level: e.g. 0.95; null where no interval was made
        interval_method: how; null where no interval was made
        runs: ids of the runs, comma-separated
        measured_at: UTC, of the last score
    """
    return _answer("measured", setting)


def alignment(
    setting: Setting,
    *,
    concatenated: bool,
    untrained: bool,
    calibrated: bool = False,
    minus_control: bool = False,
    families: str = "",
    skill_x: str | None = None,
    skill_y: str | None = None,
) -> Answer:
    """Alignment of every model of one side with every model of the other in one setting.

    Columns:
        label_x: unique name
        label_y: unique name
        alignment: best score over layer pairs (mutual k-NN: share of common neighbors, 0 to 1)
        chance: expected score of one pair of unrelated layers, same unit
        calibrated: alignment beyond the threshold, 1 for identical; null where not calibrated
        p_value: share of relabeled tables at least as close; null where not calibrated
        q_value: p_value corrected for the model pairs of the setting; null where not calibrated
        null_best_mean: mean best of relabeled tables, same unit; null without permutations, for
            single layers only, and where other than raw scores are shown
        null_threshold: what 5 % of relabeled tables exceed, same unit; null where not calibrated or
            where other than raw scores are shown
        interval_low: confidence interval of the expected score of the pair of layers that was
            best, lower end; null where not made
        interval_high: upper end
        selection_free: estimate of the same, its having been chosen by the same samples undone;
            null where not made, and in scores of earlier versions
        tied_x: share of the first model's neighbors that row order alone chose; null
            for metrics without neighbors
        tied_y: of the second's
        control: closest score of either model with an untrained one of the other side, same unit;
            null without one, and for untrained pairs
        higher_is_closer: false where the metric is a distance
        layer_x: name of the best layer
        layer_y: name of the best layer
        group_x: family, or untrained
        group_y: family, or untrained
        parameters_x: count
        parameters_y: count
        score_x: the first model's skill; null where not asked for or not known
        score_y: the second's
        trained: both models are
        mean_x: mean alignment over the second models shown
        mean_y: mean alignment over the first models shown
        layered: its layer table is here
        swapped: whether the models stand the other way round in it
        modality_x: of the first models
        modality_y: of the second
        model_x: catalog id
        model_y: catalog id
        unit_key: names the score
    """
    return _answer(
        "alignment",
        setting,
        concatenated=concatenated,
        untrained=untrained,
        calibrated=calibrated,
        minus_control=minus_control,
        families=families,
        skill_x=skill_x,
        skill_y=skill_y,
    )


def skills(dataset_id: str) -> Answer:
    """Return what models can do, what models compared on that dataset can first.

    Benchmarks come before texts, and the skill most models have before the others.

    Columns:
        skill: name, with measure, shots and collection
        modality: of the models
        predicts_text: true for 1 - bits per byte of a text, false for a benchmark
        models: count
        here: of these, compared on that dataset
        lowest: score, as a share for accuracies
        highest: same unit
        collection: where the scores come from
        source: published where; null where measured here
        license: of the source; null where not stated
        note: what to know before believing it; null where there is nothing
    """
    return _answer("skills", dataset_id=dataset_id)


def texts() -> Answer:
    """Return the texts whose bits per byte were measured, the one most models read first.

    Columns:
        text: name, with the precision of the networks where it is not float32
        skill: name of the skill to predict it
        models: language models measured on it
        tokens: scored, by the model that cuts it finest; null where only published
        documents: scored
        starts_with: bos, none or both: whether a start token stood before every document
        shortest_context: fewest tokens a model saw at once
        longest_context: most tokens
        published_in: collections that published bits per byte of it; null where measured here
        measured_at: UTC, of the last measurement or import
    """
    return _answer("texts")


def text_of(skill: str) -> dict[str, Any] | None:
    """Return the row of `texts` where the skill is to predict one."""
    found = texts().frame.filter(pl.col("skill") == skill)
    return None if found.is_empty() else found.row(0, named=True)


def families() -> Answer:
    """Return the families of trained models.

    Columns:
        family: name
        place: place in the palette, from 0
    """
    return _answer("families")


def modalities() -> Answer:
    """Return the modalities whose models were compared with each other, vision first.

    Columns:
        modality: its name
        models: under the setting that has most
    """
    return _answer("modalities")


def model_settings(modality: Modality) -> Answer:
    """Return every setting that models of a modality were compared with each other under.

    Columns:
        dataset_id: catalog id
        row_order: hash of the sample ids in order
        dataset: title, with the order where a dataset has several
        n: samples
        metric: name
        metric_label: name for readers
        k: neighbors; null without
        sigma: bandwidth; null without
        truncation: of the features
        normalized: whether rows are l2-normalized
        pooling: how a caption's tokens became one vector; "own" of vision models, each its own
        prompt: name of the prompt round the caption; "none" of vision models
        precision: in which both networks computed; null where nobody says
        models: count
        pairs: unordered pairs of models
        higher_is_closer: whether a larger score means closer
    """
    return _answer("model_settings", modality=modality)

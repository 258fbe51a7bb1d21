"""Language against vision: settings, scores, what stands behind them."""

from dataclasses import asdict
from typing import Any

import polars as pl

from pages.queries.answers import Answer, Setting, answer


def settings() -> Answer:
    """Every setting that language-vision scores exist under, the customary one first.

    Columns:
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
        skilled: language models a skill is known of
        published: measured by others, so without layers, calibration or interval
    """
    return answer("settings")


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
    return answer("texts")


def text_of(skill: str) -> dict[str, Any] | None:
    """Return the row of `texts` where the skill is to predict one."""
    found = texts().frame.filter(pl.col("skill") == skill)
    return None if found.is_empty() else found.row(0, named=True)


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
    return answer("skills", dataset_id=dataset_id)


def skill(
    setting: Setting, *, vision_model: str, skill: str, text: str | None, concatenated: bool
) -> Answer:
    """Alignment of every trained language model with one vision model against one skill.

    Columns:
        language_label: unique name
        language_family: models that share objective and data
        alignment: best score over layer pairs
        score: the skill, as a share for accuracies
        stderr: its standard error; null where the source does not say
        language_parameters: count
        language_score: 1 - bits per byte of the text; null where not measured
        language_rank: place by language score, 1 the best; null where not measured
        chance: expected alignment of one pair of unrelated layers
        null_best_mean: mean best of relabeled layer tables, same unit; null without permutations
        language_model: catalog id
        unit_key: names the score
    """
    return answer(
        "skill",
        **asdict(setting),
        vision_model=vision_model,
        skill=skill,
        text=text,
        concatenated=concatenated,
    )


def alignment(
    setting: Setting,
    *,
    concatenated: bool,
    untrained: bool,
    calibrated: bool = False,
    language_skill: str | None = None,
    vision_skill: str | None = None,
) -> Answer:
    """Alignment of every language model with every vision model in one setting.

    Columns:
        language_label: unique name
        vision_label: unique name
        alignment: best score over layer pairs (mutual k-NN: share of common neighbors, 0 to 1)
        chance: expected score of one pair of unrelated layers, same unit
        calibrated: alignment beyond the threshold, 1 for identical; null where not calibrated
        p_value: share of relabeled tables at least as close; null where not calibrated
        q_value: p_value corrected for the model pairs of the setting; null where not calibrated
        null_best_mean: mean best of relabeled tables, same unit; null without permutations, for
            single layers only, and where calibrated scores are shown
        null_threshold: what 5 % of relabeled tables exceed, same unit; null where not calibrated
        interval_low: confidence interval of the expected score of the pair of layers that was
            best, lower end; null where not made
        interval_high: upper end
        selection_free: estimate of the same, its having been chosen by the same samples undone;
            null where not made, and in scores of earlier versions
        language_tied: share of the language model's neighbors that row order alone chose; null
            for metrics without neighbors
        vision_tied: of the vision model's
        higher_is_closer: false where the metric is a distance
        language_layer: name of the best layer
        vision_layer: name of the best layer
        language_group: family, or untrained
        vision_group: family, or untrained
        language_parameters: count
        vision_parameters: count
        language_score: the language model's skill; null where not asked for or not known
        vision_score: the vision model's
        trained: both models are
        language_mean: mean alignment over the vision models shown
        vision_mean: mean alignment over the language models shown
        language_model: catalog id
        vision_model: catalog id
        unit_key: names the score
    """
    return answer(
        "alignment",
        **asdict(setting),
        concatenated=concatenated,
        untrained=untrained,
        calibrated=calibrated,
        language_skill=language_skill,
        vision_skill=vision_skill,
    )


def local(setting: Setting, *, concatenated: bool) -> Answer:
    """How alignment grows with the size of the vision model, at every k (paper, Fig. 10).

    Columns:
        vision_label: name
        vision_family: models that share objective and data
        k: neighbors per sample
        alignment: mean over the language models
        growth: alignment less that of the family's smallest model, in standard deviations over
            its models; null where `no_growth` says why
        no_growth: few (fewer than three models of the family, whose growth would be the same
            whatever was measured), equal (they differ by rounding), or null
        spread: standard deviation of alignment over the language models
        chance: expected score of one pair of unrelated layers; null where not known
        null_best_mean: mean best of relabeled layer tables over the language models; null where
            one of them has no permutations
        share: k of the n - 1 other samples
        vision_parameters: count
        place: in the family by size, from 1
        family_size: models of the family
        language_models: count
        vision_model: catalog id
    """
    named = {name: value for name, value in asdict(setting).items() if name != "k"}
    return answer("local", **named, concatenated=concatenated)


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
        language_models: count
        vision_models: count
        pairs: count
        permutations: relabeled tables per score, comma-separated; null where not calibrated
        seeds: of the permutations, comma-separated; null where not calibrated
        interval_level: e.g. 0.95; null where no interval was made
        interval_method: how; null where no interval was made
        runs: ids of the runs, comma-separated
        measured_at: UTC, of the last score
    """
    return answer("measured", **asdict(setting))


def self_agreement(setting: Setting, *, language_model: str, vision_model: str) -> Answer:
    """Return what two models score with themselves in one setting, a row per second view.

    Columns:
        modality: language or vision
        label: the model's name
        noise_ceiling: with its features of a second view, best pair of layers; null where not known
        second_view: which; null where there is none
        split_half_agreement: of two halves of a layer's dimensions, best layer, mean over splits;
            null where not computed
        splits: averaged over; null where not computed
    """
    return answer(
        "self_agreement",
        **asdict(setting),
        language_model=language_model,
        vision_model=vision_model,
    )

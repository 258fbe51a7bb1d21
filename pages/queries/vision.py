"""Vision models compared with each other: Fig. 2 and Fig. 12."""

from dataclasses import asdict
from typing import Any

from pages.queries.answers import Answer, Setting, answer


def vision_settings() -> Answer:
    """Return every setting that vision models were compared with each other under.

    Columns:
        dataset_id: catalog id
        row_order: hash of the sample ids in order
        dataset: title, with the order where a dataset has several
        n: samples
        metric: name
        metric_label: name for readers
        k: neighbours; null without
        sigma: bandwidth; null without
        truncation: of the features
        normalized: whether rows are l2-normalised
        pooling: "own": each vision model's own
        prompt: "none"
        precision: in which both networks computed; null where nobody says
        models: count
        pairs: unordered pairs of models
        higher_is_closer: whether a larger score means closer
    """
    return answer("vision_settings")


def vision_measured(setting: Setting) -> Answer:
    """Return what stands behind a figure of vision models compared with each other.

    Columns:
        dataset: title
        note: what to know before believing it
        source: of the images
        licence: of the images
        citation: of the images
        skipped: corrupt images left out for every model
        n: samples
        k: neighbours; null without
        sigma: bandwidth; null without
        metric_label: name for readers
        higher_is_closer: whether a larger score means closer
        truncation: of the features
        normalized: whether rows are l2-normalised
        precision: in which both networks computed; null where nobody says
        chance: expected score of one pair of unrelated layers, same unit; null where unknown
        pairs: unordered pairs of models
        runs: ids
        measured_at: UTC
    """
    return answer("vision_measured", **_of(setting))


def vision_pairs(setting: Setting, *, skill: str | None) -> Answer:
    """Alignment of vision models with each other, a row per unordered pair.

    Columns:
        label_a: model
        label_b: model
        alignment: best score over pairs of layers, the concatenation competing; mean of both
            directions where the metric has two
        competence_a: score of the skill; null where unknown
        competence_b: likewise
        competence_of_weaker: the lower of both
        calibrated: 0 threshold, 1 identical; null where not calibrated
        p_value: of the calibration
        single_layer_score: best over pairs of single layers
        objective_a: what the model was trained to do
        objective_b: likewise
        trained_a: false for random weights
        trained_b: likewise
        model_a: id
        model_b: id
    """
    return answer("vision_pairs", skill=skill, **_of(setting))


def map_of_models(setting: Setting, *, method: str, skill: str | None) -> Answer:
    """Where vision models lie on a map by -log(alignment), near where they agree.

    Columns:
        label: model
        family: of the model
        objective: what it was trained to do
        trained: false for random weights
        competence: score of the skill; null where unknown
        x: in no unit
        y: in no unit
        nearest: the three models it agrees with most, and their alignment
        trustworthiness: 0 to 1, whether neighbours on the map are neighbours in truth
        neighbours: that it asks for
        raised: pairs whose alignment was zero or less
        floor: what these count as
        models: on the map
        seed: of the map
        model_id: id
    """
    return answer("map_of_models", method=method, skill=skill, **_of(setting))


def metric_pairs(dataset_id: str, row_order: str, *, within: bool) -> Answer:
    """What every metric and setting says of every pair of models.

    Columns:
        setting: metric with its k, σ, n and truncation, and the precision where there are two
        metric_label: name for readers
        k: neighbours; null without
        n: samples
        model_a: id, of language models with pooling and prompt
        model_b: id
        score: raw, its sign turned where lower is closer
    """
    return answer("metric_pairs", dataset_id=dataset_id, row_order=row_order, within=within)


def _of(setting: Setting) -> dict[str, Any]:
    """Return the setting without what vision models have none of."""
    return {k: v for k, v in asdict(setting).items() if k not in ("pooling", "prompt")}

"""Models of one modality compared with each other: Fig. 2."""

from typing import Literal

from pages.ui.answers import Answer, Modality, Setting, answer_beside

_answer = answer_beside(__file__)


def model_measured(setting: Setting, modality: Modality) -> Answer:
    """Return what stands behind a figure of models of a modality compared with each other.

    Columns:
        dataset: title
        note: what to know before believing it
        source: of the samples
        license: of the samples
        citation: of the samples
        skipped: corrupt images left out for every model
        n: samples
        k: neighbors; null without
        sigma: bandwidth; null without
        metric_label: name for readers
        higher_is_closer: whether a larger score means closer
        truncation: of the features
        normalized: whether rows are l2-normalized
        pooling: as in model_settings
        prompt: likewise
        precision: in which both networks computed; null where nobody says
        chance: expected score of one pair of unrelated layers, same unit; null where unknown
        null_best_low: least mean best of the permutation null; null where a pair has none
        null_best_high: largest
        permutations: fewest behind a pair
        pairs: unordered pairs of models
        runs: ids
        measured_at: UTC
    """
    return _answer("model_measured", setting, modality=modality)


def model_pairs(
    setting: Setting,
    modality: Modality,
    *,
    skill: str | None,
    families: str = "",
    minus_control: bool = False,
) -> Answer:
    """Alignment of models of a modality with each other, a row per unordered pair.

    Columns:
        label_a: model
        label_b: model
        alignment: best score over pairs of layers, the concatenation competing; mean of both
            directions where the metric has two; less the control where that is asked for
        control: closest score of either model with an untrained one, same unit; null without one,
            and for untrained pairs
        competence_a: score of the skill; null where unknown
        competence_b: likewise
        competence_of_weaker: the lower of both
        calibrated: 0 threshold, 1 identical; null where not calibrated
        chance: expected score of one pair of unrelated layers; null where unknown
        null_best_mean: mean best of the permutation null; null without permutations
        p_value: of the calibration; null without permutations
        q_value: p_value corrected for the pairs of the setting; null without permutations
        single_layer_score: best over pairs of single layers
        objective_a: what the model was trained to do
        objective_b: likewise
        family_a: of the model
        family_b: likewise
        trained_a: false for random weights
        trained_b: likewise
        model_a: id
        model_b: id
    """
    return _answer(
        "model_pairs", setting, modality=modality, skill=skill, families=families,
        minus_control=minus_control,
    )  # fmt: skip


def map_of_models(
    setting: Setting,
    modality: Modality,
    *,
    method: Literal["umap", "mds"],
    skill: str | None,
    families: str = "",
) -> Answer:
    """Where models of a modality lie on a map by -log(alignment), near where they agree.

    Columns:
        label: model
        family: of the model
        objective: what it was trained to do
        trained: false for random weights
        competence: score of the skill; null where unknown
        x: in no unit
        y: in no unit
        nearest: the three models it agrees with most, their alignment and q
        trustworthiness: 0 to 1, whether neighbors on the map are neighbors in truth
        neighbors: that it asks for
        raised: pairs whose alignment was zero or less
        floor: what these count as
        models: on the map
        seed: of the map
        model_id: id
    """
    return _answer(
        "map_of_models", setting, modality=modality, method=method, skill=skill, families=families
    )

"""Models of one modality compared with each other: Fig. 2 and Fig. 12."""

from dataclasses import asdict

from pages.queries.answers import Answer, Setting, answer


def model_settings(modality: str) -> Answer:
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
    return answer("model_settings", modality=modality)


def model_measured(setting: Setting, modality: str) -> Answer:
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
        null_best_low: least mean best of relabeled layer tables; null where a pair has none
        null_best_high: largest
        permutations: fewest behind a pair
        pairs: unordered pairs of models
        runs: ids
        measured_at: UTC
    """
    return answer("model_measured", modality=modality, **asdict(setting))


def model_pairs(setting: Setting, modality: str, *, skill: str | None) -> Answer:
    """Alignment of models of a modality with each other, a row per unordered pair.

    Columns:
        label_a: model
        label_b: model
        alignment: best score over pairs of layers, the concatenation competing; mean of both
            directions where the metric has two
        competence_a: score of the skill; null where unknown
        competence_b: likewise
        competence_of_weaker: the lower of both
        calibrated: 0 threshold, 1 identical; null where not calibrated
        chance: expected score of one pair of unrelated layers; null where unknown
        null_best_mean: mean best of relabeled layer tables; null without permutations
        p_value: of the calibration; null without permutations
        q_value: p_value corrected for the pairs of the setting; null without permutations
        single_layer_score: best over pairs of single layers
        objective_a: what the model was trained to do
        objective_b: likewise
        trained_a: false for random weights
        trained_b: likewise
        model_a: id
        model_b: id
    """
    return answer("model_pairs", modality=modality, skill=skill, **asdict(setting))


def map_of_models(setting: Setting, modality: str, *, method: str, skill: str | None) -> Answer:
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
    return answer("map_of_models", modality=modality, method=method, skill=skill, **asdict(setting))


def metric_pairs(dataset_id: str, row_order: str, *, within: str | None) -> Answer:
    """What every metric and setting says of every pair of models.

    Columns:
        setting: metric with its k, σ, n, truncation and batches, and the precision where there
            are two
        metric_label: name for readers
        k: neighbors; null without
        n: samples
        model_a: id, of language models with pooling and prompt
        model_b: id
        score: raw, its sign turned where lower is closer; of batches, the best of their mean table
        batch: samples a batch; null over all samples at once
    """
    return answer("metric_pairs", dataset_id=dataset_id, row_order=row_order, within=within)

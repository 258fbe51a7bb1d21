"""What a reader's model can be scored with, and where it stands then."""

from pages.ui.answers import Answer, answer_beside

_answer = answer_beside(__file__)


def panel() -> Answer:
    """The feature files that a model can be scored with, a row per dataset and model.

    Columns:
        dataset_id: catalog id
        dataset: title
        row_order: sha256 of the sample ids in order
        n: samples
        modality: of the model
        model_id: catalog id
        label: name
        trained: false for random weights
        precision: in which the network computed
        file: path below the data folder
    """
    return _answer("panel")


def sample_ids(dataset_id: str, row_order: str) -> Answer:
    """Sample ids of a dataset, in its order.

    Columns:
        position: from 0
        sample_id: name of the sample
    """
    return _answer("sample_ids", dataset_id=dataset_id, row_order=row_order)


def checks(model_id: str, dataset_id: str) -> Answer:
    """What was read of a model, one row.

    Columns:
        label: name
        modality: of the model
        n: samples
        layers: count
        narrowest: dimensions of the narrowest layer
        widest: of the widest
        layer_names: in depth order
        precision: in which the network computed
        pooling: how tokens became one vector
        bytes: of the file
    """
    return _answer("checks", model_id=model_id, dataset_id=dataset_id)


def place(
    model_id: str, dataset_id: str, *, modality: str, metric: str, k: int | None, truncation: str
) -> Answer:
    """A model beside the others of its modality, a row per model and partner of another side.

    Columns:
        is_own: whether the row is of the model that is looked at
        label: name
        partner: name of the model it is compared with
        score: best over pairs of layers, the concatenation competing
        interval_low: confidence interval of the best pair; null where not made
        interval_high: likewise
        null_threshold: what 5 % of relabeled tables exceed; null without permutations
        null_best_mean: mean best of relabeled tables; null without permutations
        chance: expected score of one pair of unrelated layers; null where unknown
        p_value: of the permutations; null without
        q_value: p_value corrected for the pairs of the setting; null without permutations
        layer: of the best pair
        partner_layer: likewise
        tied: share of the model's neighbors that row order alone chose; null without neighbors
        partner_tied: the same of the partner
        trained: false for random weights
        partner_trained: likewise
        place: of the model with this partner, from 1
        of_models: that were compared with this partner
        partner_mean: mean score of the partner
        mean_score: mean over the trained partners that all trained models have; null for untrained
            models
        mean_place: place by it, from 1
        mean_of: trained models that have a place
        mean_partners: partners that the mean is over
        metric_label: name in words
        higher_is_closer: false where the metric is a distance
        k: neighbors; null without
        sigma: bandwidth; null without
        n: samples
        truncation: of the features
        normalized: whether rows were l2-normalized
        precision: in which both networks computed
        permutations: relabeled tables
        dataset: title
        row_order: sha256 of the sample ids in order
        pooling: how captions became one vector
        prompt: round the captions
        model_id: catalog id
        partner_id: catalog id
        unit_key: names the score
    """
    return _answer(
        "place", model_id=model_id, dataset_id=dataset_id, modality=modality, metric=metric, k=k,
        truncation=truncation,
    )  # fmt: skip


def trial_settings(dataset_id: str, row_order: str, n: int) -> Answer:
    """How models were compared on a dataset, the customary way first.

    Columns:
        metric: registered name
        metric_label: name in words
        k: neighbors; null for metrics without
        truncation: outlier truncation
        place: in the order of settings
    """
    return _answer("trial_settings", dataset_id=dataset_id, row_order=row_order, n=n)


def trial_skills(modality: str) -> Answer:
    """What the models of a modality can do, by what most are known for.

    Columns:
        skill: name
        models: that are known for it
    """
    return _answer("trial_skills", modality=modality)

"""The metrics, and what each says of the same models: Fig. 11 and 12."""

from pages.ui.answers import Answer, Modality, answer_beside

_answer = answer_beside(__file__)


def metrics() -> Answer:
    """Return the alignment metrics, with the properties of the paper's Fig. 11.

    Columns:
        metric: label
        symmetric: swapping the models leaves the score as it is
        global: whether every pair of samples counts, not only near ones: yes, when k = n − 1, or no
        ordinal: the order of neighbors counts
        batchable: can be estimated from batches
        range: attainable scores
        closer: higher or lower
        direction: which way an asymmetric metric runs
        equation: definition
        citation: where it was published
        family: metrics that share their preparation
        name: registered name
        scores: scores here
    """
    return _answer("metrics")


def metric_checks() -> Answer:
    """Return how every metric did in tests on networks of which the answer is known.

    Columns:
        test: what was tried
        metric_label: name in words
        metric: registered name
        k: neighbors per sample; null for metrics without k
        measure: average precision, Spearman or conformity
        chance: what a metric scores that knows nothing
        scores: of the measure, one per set of networks
        networks: compared
        n: pictures shown to them
        accuracy: mean share of these that they get right
    """
    return _answer("metric_checks")


def metric_scores(dataset_id: str, row_order: str) -> Answer:
    """Compare the metrics on one dataset: trained models only, each metric's customary setting.

    Columns:
        metric_label: name in words, with its k
        calibrated: mean over the pairs, in shares of the way from the threshold to identical
        calibrated_low: smallest of the pairs
        calibrated_high: largest of the pairs
        alignment: mean score, in the metric's own unit
        pairs: calibrated pairs of trained models
        significant: pairs with q_value at most 0.05
        k: neighbors per sample; null for metrics without k
        sigma: bandwidth asked for; null for metrics without one or by their own default
        truncation: outlier truncation
        normalized: whether rows were l2-normalized
        pooling: how a caption's tokens became one vector
        prompt: name of the prompt round the caption
        precision: in which both networks computed; null where nobody says
        permutations: relabeled tables per score
        n: samples
        metric: registered name
    """
    return _answer("metric_scores", dataset_id=dataset_id, row_order=row_order)


def metric_trends(
    dataset_id: str,
    row_order: str,
    *,
    skill: str,
    calibrated: bool,
    minus_control: bool = False,
    families: str = "",
) -> Answer:
    """Alignment under every metric against one skill of the language models, trained models only.

    Columns:
        metric_label: name in words, with its k
        label_x: name
        family_x: models that share objective and data
        label_y: name
        group_y: family
        score_x: the skill
        alignment: score, in the metric's own unit, calibrated, or less its untrained control
        higher_is_closer: false where the metric is a distance
        chance: expected score of one pair of unrelated layers; null where calibrated
        null_best_mean: mean best of relabeled layer tables; null without, and where calibrated
        control: closest score of either model with an untrained one; null without
        k: neighbors per sample; null for metrics without k
        truncation: outlier truncation
        pooling: how a caption's tokens became one vector
        prompt: name of the prompt round the caption
        precision: in which both networks computed; null where nobody says
        n: samples
        metric: registered name
        model_x: catalog id
        model_y: catalog id
        modality_x: of the first models
        modality_y: of the second
        unit_key: names the score
    """
    return _answer(
        "metric_trends",
        dataset_id=dataset_id,
        row_order=row_order,
        skill=skill,
        calibrated=calibrated,
        minus_control=minus_control,
        families=families,
    )


def metric_pairs(dataset_id: str, row_order: str, *, within: Modality | None) -> Answer:
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
    return _answer("metric_pairs", dataset_id=dataset_id, row_order=row_order, within=within)

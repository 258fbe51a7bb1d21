"""What scores are held against, and what width and depth alone score."""

from pages.ui.answers import Answer, Setting, Sides, answer_beside

_answer = answer_beside(__file__)


def null_settings() -> Answer:
    """Return every setting whose scores are held against nulls, the customary one first.

    Columns:
        modality_x: of the first models
        modality_y: of the second
        dataset_id: catalog id
        row_order: hash of the sample ids in order
        dataset: title
        n: samples
        metric: registered name
        metric_label: name in words
        k: neighbors per sample; null for metrics without k
        sigma: bandwidth asked for; null without
        truncation: outlier truncation
        normalized: whether rows were l2-normalized
        pooling: how a caption's tokens became one vector
        prompt: name of the prompt round the caption
        precision: in which both networks computed; null where nobody says
        pairs: of models
    """
    return _answer("null_settings")


def null_pairs(setting: Setting) -> Answer:
    """Return every pair of trained models of a setting against every null that was drawn.

    Columns:
        null_label: name of the null in words
        label_x: name
        label_y: name
        score: best over pairs of layers
        calibrated: beyond the null's threshold, 1 for identical; null with fewer than 19 draws
        p_value: (1 + draws as close or closer) / (1 + draws)
        null_best_mean: mean of the draws
        null_threshold: what 5 % of draws exceed; null with fewer than 19
        null_deviation: standard deviation of the draws; null of one
        interval_low: of the score's expectation, lower end; null where not made
        interval_high: upper end
        selection_free: estimate of the same, the choice of layers undone; null without
        drawn: count of draws
        drawn_from: how many classes or clusters, or which untrained networks
        movable: share of samples that a draw can move; null where all can
        holds: what every draw holds fixed
        higher_is_closer: false where the metric is a distance
        best: what two equal representations score
        place: of the null, from 1
        null_kind: registered name of the null
        model_x: catalog id
        model_y: catalog id
        unit_key: names the score
        draws: the best of the layer table in every draw
    """
    return _answer("null_pairs", setting)


def null_draws(unit_key: str) -> Answer:
    """Return every draw of every null of one score.

    Columns:
        null_label: name of the null in words
        best: best of the layer table in one draw
        null_threshold: what 5 % of its draws exceed; null with fewer than 19
        score: that is held against it
        place: of the null, from 1
        null_kind: registered name of the null
    """
    return _answer("null_draws", unit_key=unit_key)


def capacity_trends(sides: Sides, dataset_id: str, row_order: str, *, of_y: bool) -> Answer:
    """Return raw and calibrated alignment of models of one side beside their size, by metric.

    Columns:
        metric_label: name in words
        scope: global (every pair of samples counts) or local
        model: name
        log_parameters: log10 of its parameters
        raw: mean score over the models of the other side; of a distance with its sign turned
        calibrated: mean calibrated score
        null_best_mean: mean best of relabeled tables
        pairs: averaged
        k: neighbors per sample; null for metrics without k
        n: samples
        metric: registered name
        family: of the model
    """
    return _answer("capacity_trends", sides, dataset_id=dataset_id, row_order=row_order, of_y=of_y)


def confounds() -> Answer:
    """Return what two models of unrelated Gaussian features score, by width and layers.

    Columns:
        metric_label: name in words
        scope: global (every pair of samples counts) or local
        ratio: width over samples, d / n
        layers: of either model
        score_mean: best of the layer table, mean over pairs of models
        score_low: smallest
        score_high: largest
        pairs: of models drawn
        k: neighbors per sample; null for metrics without k
        n: samples
        width: dimensions of every layer
        source: simulated
        higher_is_closer: false where the metric is a distance
        best: what two equal representations score
        metric: registered name
    """
    return _answer("confounds")


def confounded_models() -> Answer:
    """Return what stored models have where simulated ones have width and depth alone.

    Columns:
        metric_label: name in words
        ratio: width of the best layers over samples, geometric mean of the two models
        layers: of the models, geometric mean
        value: mean best of relabeled tables, or the score of two untrained networks
        what: which of the two
        label_x: name
        label_y: name
        dataset: title
        n: samples
        k: neighbors per sample; null for metrics without k
        metric: registered name
    """
    return _answer("confounded_models")

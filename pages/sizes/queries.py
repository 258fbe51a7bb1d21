"""Scores over growing numbers of samples, and in classes."""

from dataclasses import dataclass

from pages.ui.answers import Answer, Parameters, answer_beside

_answer = answer_beside(__file__)


@dataclass(frozen=True, slots=True)
class Curved(Parameters):
    """What curves were made of."""

    modality_x: str
    modality_y: str
    dataset_id: str
    row_order: str
    n: int
    metric: str
    truncation: str


def curve_settings() -> Answer:
    """Return everything that curves were made of, across modalities first.

    Columns:
        modality_x: of the first models
        modality_y: of the second
        dataset_id: catalog id
        row_order: hash of the sample ids in order
        dataset: title
        n: samples there are
        metric: registered name
        metric_label: name in words
        truncation: outlier truncation
        pairs: of models
    """
    return _answer("curve_settings")


def curved_pairs(curved: Curved) -> Answer:
    """Return the curves of every pair, a row per pair and what is held fixed.

    Columns:
        label_x: name
        label_y: name
        fixed: k, share or none
        first_score: at the first size
        last_score: at the last, all samples
        change: the last less the first
        change_low: of its 95 % interval; null where not known
        change_high: upper end
        exponent: of n over the last two sizes; null where not taken on
        first_n: samples of the first size
        last_n: of the last
        first_k: neighbors at the first; null for a metric without
        last_k: at the last
        share: k / n where that is fixed
        ahead_n: the largest size taken on to; null without
        ahead_score: what it would score
        ahead_low: lower end
        ahead_high: upper end
        orders: random orders of the samples
        layer_name_x: layer
        layer_name_y: layer
        trained: whether both models are
        pair_key: names the pair
        unit_key: names the curve
        run_id: the run
    """
    return _answer("curved_pairs", curved)


def curve_points(curved: Curved, pair_key: str) -> Answer:
    """Return the points of one pair's curves.

    Columns:
        n: samples
        score: mean over subsets, or what would follow
        interval_low: 95 %; null where not known
        interval_high: upper end
        fixed: k, share or none
        k: neighbors; null for a metric without
        chance: of unrelated layers; null where not known
        spread: standard deviation over subsets; null of one
        subsets: how many; null where taken on
        is_extrapolated: whether nothing was measured there
    """
    return _answer("curve_points", curved, pair_key=pair_key)


def classed_pairs(curved: Curved) -> Answer:
    """Return agreement within classes and between them by pair.

    Columns:
        label_x: name
        label_y: name
        within_score: among samples of one class, mean over samples
        within_low: 95 %; null where not known
        within_high: upper end
        within_chance: of unrelated layers; null where not known
        between_score: of the means of classes
        between_low: 95 %; null where not known
        between_high: upper end
        between_chance: of unrelated layers; null where not known
        within_n: samples a class, mean
        within_k: neighbors there; null for a metric without
        between_n: classes
        between_k: neighbors among them
        source: of the classes
        classes: of 8 samples or more
        left_out: samples of smaller ones
        trained: whether both models are
        run_id: the run
    """
    return _answer("classed_pairs", curved)


def many_pairs(curved: Curved) -> Answer:
    """Return scores of several captions or frames a sample beside those of one.

    Columns:
        label_x: name
        label_y: name
        one_to_one: mean over every choice of one item of either side
        one_chance: of unrelated layers
        many_to_many: an item's neighbors counted where the other side has one of the same sample
        many_chance: with samples of one side permuted
        difference: many less one, chance taken out of both
        difference_low: of its 95 % interval
        difference_high: upper end
        items_x: items a sample
        items_y: items a sample
        k: neighbors
        n: samples
        trained: whether both models are
        made_of_x: ids of datasets
        made_of_y: ids of datasets
        run_id: the run
    """
    return _answer("many_pairs", curved)

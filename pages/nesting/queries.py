"""Who is nested in whom, and how hubs lie in each space."""

from dataclasses import dataclass

from pages.ui.answers import Answer, Parameters, answer_beside

_answer = answer_beside(__file__)


@dataclass(frozen=True, slots=True)
class Tested(Parameters):
    """Pairs of models that were tested alike."""

    dataset_id: str
    row_order: str
    k: int
    n: int
    truncation: str
    modality_x: str
    modality_y: str


def nesting_settings() -> Answer:
    """Return the settings that pairs were tested under, across modalities first.

    Columns:
        dataset_id: catalog id
        row_order: hash of the sample ids in order
        k: neighbors
        n: samples
        truncation: of outliers
        modality_x: of the first models
        modality_y: of the second
        setting: in words
        models: in words
        pairs: tested
    """
    return _answer("nesting_settings")


def nested_pairs(tested: Tested) -> Answer:
    """Return what each model's neighbors tell of the other, the clearest difference first.

    Columns:
        label_x: first model
        label_y: second
        pair: both
        beyond_hubs: how much more x's neighbors tell of y than y's of x, hubs taken out
        beyond_low: lower end of its 95 % interval
        beyond_high: upper end
        beyond_p: two-sided, of no difference
        raw: the same with what hubs give
        raw_low: lower end
        raw_high: upper end
        raw_p: two-sided
        imbalance_xy: 2 / n times the mean rank in y of x's neighbors
        imbalance_yx: in x of y's
        popular_xy: what popularity in y gives of imbalance_xy
        popular_yx: the same in x
        out_y_back_x: cycle k-NN out by y's neighbors and back by x's
        out_x_back_y: the other way round
        cycle_low: lower end of the 95 % interval of their difference
        cycle_high: upper end
        cycle_p: of no difference between them
        mutual_knn: of the two layers
        trained: whether both models are
        layer_name_x: layer of the first
        layer_name_y: layer of the second
        skewness_x: hubness of that layer; null where not counted
        skewness_y: of the second's
        run_id: the run
    """
    return _answer("nested_pairs", tested)


def space_hubs(tested: Tested) -> Answer:
    """Return hubs and density of every layer of the models.

    Columns:
        model: label
        modality: of the model
        layer: from 0
        layer_name: name
        depth: 0 first, 1 last
        skewness: how unevenly samples are neighbors: hubness
        gini: the same, 0 all alike
        antihubs: share that is nobody's neighbor
        most: lists the greatest hub stands in
        nearest: mean cosine to the nearest neighbor
        farthest: to the k-th
        dimension: intrinsic, by TwoNN; null where it cannot be told
    """
    return _answer("space_hubs", tested)

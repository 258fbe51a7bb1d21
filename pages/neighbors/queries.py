"""Inside a score by mutual k-NN: neighbors, maps and agreement, sample by sample."""

from dataclasses import dataclass
from typing import Literal

from pages.ui.answers import Answer, Parameters, Setting, answer_beside

_answer = answer_beside(__file__)

MOST_POINTS = 4000
"""Samples drawn on a map, beside the chosen one and its neighbors."""
MOST_FOUND = 40
"""Samples offered at once."""
LEAST_SPOKEN = 5
"""Captions that a word must stand in."""
MOST_READ = 25_000
"""Captions whose words are told apart, the first of the dataset."""
Order = Literal["most", "least", "difference"]


@dataclass(frozen=True, slots=True)
class Pair(Parameters):
    """Two models' feature sets in one setting, and the pair of layers that is their best."""

    features_x: str
    features_y: str
    best_x: int
    best_y: int
    agreement_key: str
    truncation: str
    k: int
    dataset_id: str
    row_order: str


@dataclass(frozen=True, slots=True)
class Compared(Parameters):
    """Two layers whose neighbors are stored."""

    agreement_key: str
    """Names what each sample shares; empty for layers that are not the best."""
    layer_key_x: str
    layer_key_y: str
    k: int
    n: int
    dataset_id: str
    row_order: str


def inside_settings() -> Answer:
    """Every setting of mutual k-NN whose scores can be looked into, the customary one first.

    Columns:
        modality_x: of the first models
        modality_y: of the second
        dataset_id: catalog id
        row_order: hash of the sample ids in order
        dataset: title
        n: samples
        metric: registered name
        metric_label: its name in charts
        k: neighbors per sample
        sigma: none here
        truncation: exact, mean or none
        normalized: whether rows were l2-normalized
        pooling: of captions
        prompt: round captions
        precision: in which both networks computed
        pairs: of models
        ks: numbers of neighbors in this setting
        skilled: first models whose skills are known
        predicting: those that predicted a text
        published: whether others measured it
    """
    return _answer("inside_settings")


def inside_pairs(setting: Setting) -> Answer:
    """Return pairs of models whose samples' agreement is stored, trained and closest first.

    Columns:
        label_x: name
        label_y: name
        score: of the pair
        trained: whether both are
        q_value: of the score, over the pairs of the setting; null where it was not tested
        best_x: index of the layer of the score
        best_y: index of the layer of the score
        features_x: feature set
        features_y: feature set
        agreement_key: names what each sample shares
        truncation: exact, mean or none
        k: neighbors per sample
        n: samples
        dataset_id: catalog id
        row_order: hash of the sample ids in order
    """
    return _answer("inside_pairs", setting)


def inside_layers(pair: Pair) -> Answer:
    """Return every pair of two models' layers that is stored, the best of their score first.

    Columns:
        layer_name_x: name
        layer_name_y: name
        best: whether their score is of it
        agreement_key: names what each sample shares; empty for others than the best
        layer_key_x: names the layer's neighbors
        layer_key_y: names the layer's neighbors
        map_method_x: umap or pca
        map_method_y: umap or pca
        map_kept_x: share of 10 nearest neighbors that are so on the map
        map_kept_y: the same
        stored: neighbors of each sample
        k: neighbors compared
        n: samples
        dataset_id: catalog id
        row_order: hash of the sample ids in order
    """
    return _answer("inside_layers", pair)


def shared_counts(compared: Compared) -> Answer:
    """Return how many samples share how many neighbors, from none to all.

    Columns:
        shared: neighbors in common
        samples: that share so many
    """
    return _answer("shared_counts", compared)


def found_samples(
    compared: Compared, *, words: str = "", sought: Order = "most", position: int = -1,
    other_key: str = "",
) -> Answer:  # fmt: skip
    """Return samples to choose from, in an order, and the one at a position.

    Columns:
        position: row
        sample_id: id
        caption: text; empty where it is not here
        image: where it comes from
        shared: neighbors in common
        shared_there: in the other pair; null without one
        found: whether it was searched for; false for the one at the position alone
        webp: small picture; null where there is none
    """
    return _answer(
        "found_samples", compared, words=words, sought=sought, position=position,
        other_key=other_key, most=MOST_FOUND,
    )  # fmt: skip


def sample_places(compared: Compared, *, position: int) -> Answer:
    """Return where samples lie on both maps, thinned beyond `MOST_POINTS`.

    Columns:
        position: row
        sample_id: id
        caption: its beginning
        shared: neighbors in common
        agreement: their share of k
        near: sample (at the position), both, first or second (whose neighbor it is), or other
        x_first: place on the first map
        y_first: place on the first map
        x_second: place on the second map
        y_second: place on the second map
    """
    return _answer("sample_places", compared, position=position, most=MOST_POINTS)


def neighbors_of(compared: Compared, *, position: int) -> Answer:
    """Return one sample's nearest neighbors in both layers.

    Columns:
        place: 0 in the first layer, 1 in the second
        rank: from 1, the nearest
        neighbor: its row
        sample_id: id
        caption: text
        image: where it comes from
        similarity: cosine
        rank_there: in the other layer; null beyond what is stored
        both: whether it is among the k nearest there, too
        webp: small picture; null where there is none
    """
    return _answer("neighbors_of", compared, position=position)


def other_pairs(pair: Pair) -> Answer:
    """Return what a sample's agreement can be held against: pairs with one of these models.

    Columns:
        label: of the model that takes a place
        first: whether it takes the first model's
        trained: whether it is
        other_key: names what each sample shares there
    """
    return _answer("other_pairs", pair)


def shared_by_word(compared: Compared) -> Answer:
    """Return what samples share by a word of their captions, of words in several captions.

    Columns:
        word: in lower case
        samples: whose captions hold it
        agreement: share of neighbors in common, mean
        overall: the same over all samples
    """
    return _answer("shared_by_word", compared, least=LEAST_SPOKEN, read=MOST_READ)


def shared_by_length(compared: Compared) -> Answer:
    """Return what samples share by the number of words of their captions.

    Columns:
        words: of the caption, 30 for more, too
        samples: with so many
        agreement: share of neighbors in common, mean
        overall: the same over all samples
    """
    return _answer("shared_by_length", compared)


def shared_by_label(compared: Compared) -> Answer:
    """Return what samples share by their class, of classes of several samples.

    Columns:
        label: of the class
        samples: of it
        agreement: share of neighbors in common, mean
        overall: the same over all samples
    """
    return _answer("shared_by_label", compared, least=LEAST_SPOKEN)


def shared_by_picture(compared: Compared) -> Answer:
    """Return what every sample shares, and what its picture is like.

    Columns:
        position: of the sample
        agreement: share of neighbors in common
        brightness: mean luma, 0 to 1
        contrast: standard deviation of luma
        colorfulness: Hasler and Suesstrunk 2003
        detail: mean gradient of luma
    """
    return _answer("shared_by_picture", compared)

"""Inside a pair of models: its layers."""

from pages.ui.answers import Answer, Setting, answer_beside

_answer = answer_beside(__file__)


def layers(setting: Setting, *, unit_key: str, swapped: bool) -> Answer:
    """Return the whole layer-by-layer table of one pair of models.

    Columns:
        layer_x: index from 0
        layer_y: index from 0
        layer_name_x: name
        layer_name_y: name
        alignment: score of this pair of layers; null where a layer is constant
        chance: expected score of one pair of unrelated layers, same unit
        null_best_mean: mean best of the whole table relabeled; null without permutations
        null_threshold: what the best of 5 % of relabeled tables exceeds; null without permutations
        concatenated_x: of all layers side by side
        concatenated_y: of all layers side by side
        best: the best pair of all
        best_single: the best pair of single layers
    """
    return _answer("layers", setting, unit_key=unit_key, swapped=swapped)


def depth(setting: Setting, *, unit_key: str, swapped: bool) -> Answer:
    """How far each single layer of a pair can reach.

    Columns:
        place: 0 for layers of the first model, 1 for those of the second
        side: what to call it
        model: label
        layer: index from 0
        layer_name: name
        depth: 0 first layer, 1 last layer
        alignment: best score over the other model's single layers; null where constant
        partner_layer: the other model's layer of that score
        chance: expected score of one pair of unrelated layers, same unit
        null_best_mean: mean best of the whole table relabeled; null without permutations
        null_threshold: what the best of 5 % of relabeled tables exceeds; null without permutations
    """
    side_x, side_y = setting.sides.names
    return _answer(
        "depth", setting, unit_key=unit_key, swapped=swapped, side_x=side_x, side_y=side_y
    )


def self_agreement(setting: Setting, *, model_x: str, model_y: str) -> Answer:
    """Return what two models score with themselves in one setting, a row per second view.

    Columns:
        modality: of the model
        label: the model's name
        noise_ceiling: with its features of a second view, best pair of layers; null where not known
        second_view: which; null where there is none
        split_half_agreement: of two halves of a layer's dimensions, best layer, mean over splits;
            null where not computed
        splits: averaged over; null where not computed
    """
    return _answer("self_agreement", setting, model_x=model_x, model_y=model_y)


def unscored_models(setting: Setting, *, unit_key: str, swapped: bool) -> Answer:
    """Return the models that the first of a pair was not scored with, and third models were.

    Columns:
        model_c: catalog id
        label_c: name
    """
    return _answer("unscored_models", setting, unit_key=unit_key, swapped=swapped)


def through_third(setting: Setting, *, unit_key: str, swapped: bool) -> Answer:
    """Return third models, scored with the first of a pair and with one it was not scored with.

    Columns:
        model_c: the model it was not scored with
        label_c: its name
        modality_c: of that model
        label_b: the third, scored with both
        kin: whether it is of the modality of one of them
        layers_b: names of its layers
        table_ab: scores of the first model's layers (outer) with the third's
        table_bc: of the third's layers (outer) with the other's
    """
    return _answer("through_third", setting, unit_key=unit_key, swapped=swapped)

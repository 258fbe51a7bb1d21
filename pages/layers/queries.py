"""Inside a pair of models: its layers."""

from pages.ui.answers import Answer, Setting, answer_beside

_answer = answer_beside(__file__)


def layers(setting: Setting, *, unit_key: str) -> Answer:
    """Return the whole layer-by-layer table of one pair of models.

    Columns:
        language_layer: index from 0
        vision_layer: index from 0
        language_layer_name: name
        vision_layer_name: name
        alignment: score of this pair of layers; null where a layer is constant
        chance: expected score of one pair of unrelated layers, same unit
        null_best_mean: mean best of the whole table relabeled; null without permutations
        null_threshold: what the best of 5 % of relabeled tables exceeds; null without permutations
        language_concatenated: row of all layers side by side
        vision_concatenated: column of all layers side by side
        best: the best pair of all
        best_single: the best pair of single layers
    """
    return _answer("layers", setting, unit_key=unit_key)


def depth(setting: Setting, *, unit_key: str) -> Answer:
    """How far each single layer of a pair can reach.

    Columns:
        modality: language or vision
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
    return _answer("depth", setting, unit_key=unit_key)


def self_agreement(setting: Setting, *, language_model: str, vision_model: str) -> Answer:
    """Return what two models score with themselves in one setting, a row per second view.

    Columns:
        modality: language or vision
        label: the model's name
        noise_ceiling: with its features of a second view, best pair of layers; null where not known
        second_view: which; null where there is none
        split_half_agreement: of two halves of a layer's dimensions, best layer, mean over splits;
            null where not computed
        splits: averaged over; null where not computed
    """
    return _answer(
        "self_agreement", setting, language_model=language_model, vision_model=vision_model
    )

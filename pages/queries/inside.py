"""Inside a pair of models: its layers."""

from pages.queries.answers import Answer, answer


def layers(unit_key: str) -> Answer:
    """Return the whole layer-by-layer table of one pair of models.

    Columns:
        language_layer: index from 0
        vision_layer: index from 0
        language_layer_name: name
        vision_layer_name: name
        alignment: score of this pair of layers; null where a layer is constant
        chance: expected score of one pair of unrelated layers, same unit
        null_best_mean: mean best of the whole table relabeled; null without permutations
        language_concatenated: row of all layers side by side
        vision_concatenated: column of all layers side by side
        best: the best pair of all
        best_single: the best pair of single layers
    """
    return answer("layers", unit_key=unit_key)


def depth(unit_key: str) -> Answer:
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
    """
    return answer("depth", unit_key=unit_key)

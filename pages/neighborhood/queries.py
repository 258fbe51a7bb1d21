"""Alignment at every number of neighbors: Fig. 10."""

from pages.ui.answers import Answer, Setting, answer_beside

_answer = answer_beside(__file__)


def local(setting: Setting, *, concatenated: bool) -> Answer:
    """How alignment grows with the size of the vision model, at every k (paper, Fig. 10).

    Columns:
        vision_label: name
        vision_family: models that share objective and data
        k: neighbors per sample
        alignment: mean over the language models
        growth: alignment less that of the family's smallest model, in standard deviations over
            its models; null where `no_growth` says why
        no_growth: few (fewer than three models of the family, whose growth would be the same
            whatever was measured), equal (they differ by rounding), or null
        spread: standard deviation of alignment over the language models
        chance: expected score of one pair of unrelated layers; null where not known
        null_best_mean: mean best of the permutation null over the language models; null where
            one of them has no permutations
        share: k of the n - 1 other samples
        vision_parameters: count
        place: in the family by size, from 1
        family_size: models of the family
        language_models: count
        vision_model: catalog id
    """
    return _answer("local", setting, concatenated=concatenated)

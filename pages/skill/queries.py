"""One skill of language models by their alignment with one vision model."""

from pages.ui.answers import Answer, Setting, answer_beside

_answer = answer_beside(__file__)


def skill(
    setting: Setting,
    *,
    vision_model: str,
    skill: str,
    text: str | None,
    concatenated: bool,
    minus_control: bool = False,
    families: str = "",
) -> Answer:
    """Alignment of every trained language model with one vision model against one skill.

    Columns:
        language_label: unique name
        language_family: models that share objective and data
        alignment: best score over layer pairs, or how much closer it is than the untrained control
        score: the skill, as a share for accuracies
        stderr: its standard error; null where the source does not say
        language_parameters: count
        language_score: 1 - bits per byte of the text; null where not measured
        language_rank: place by language score, 1 the best; null where not measured
        chance: expected alignment of one pair of unrelated layers; null less the control
        null_best_mean: mean best of the permutation null, same unit; null without permutations and
            less the control
        language_model: catalog id
        unit_key: names the score
    """
    return _answer(
        "skill",
        setting,
        vision_model=vision_model,
        skill=skill,
        text=text,
        concatenated=concatenated,
        minus_control=minus_control,
        families=families,
    )

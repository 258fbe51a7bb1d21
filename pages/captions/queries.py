"""Caption sets of one dataset: Fig. 9."""

from dataclasses import dataclass

from pages.ui.answers import Answer, Parameters, answer_beside

_answer = answer_beside(__file__)


@dataclass(frozen=True, slots=True)
class CaptionStudy(Parameters):
    """A dataset whose variants were compared, and how."""

    base_id: str
    row_order: str
    metric: str
    k: int | None
    truncation: str
    precision: str | None = None
    """In which the networks computed; None where nobody says."""


def caption_studies() -> Answer:
    """Return the datasets whose variants were compared, and under which setting.

    Columns:
        base_id: catalog id
        dataset: title
        row_order: hash of the images' ids in order
        n: images
        metric: name
        k: neighbors; null without
        truncation: of the features
        precision: in which the networks computed; null where nobody says
        sets: variants compared with another
        vision_models: trained
        language_models: trained
        note: what to know before believing it
        source: of the dataset
        license: of the dataset
        runs: ids
        measured_at: UTC
    """
    return _answer("caption_studies")


def caption_overall(study: CaptionStudy) -> Answer:
    """Alignment under each caption set, over the pairs of trained models that all have (Fig. 9).

    Columns:
        caption_set: title
        words: a caption, mean
        tokens: a caption, mean over the models measured on every set here; null where none was
        bits: a caption, likewise
        vision_label: how many vision models
        alignment: mean best score over vision and language models
        spread: standard deviation over language models of their mean over vision models; null of
            one
        calibrated: mean, 0 threshold, 1 identical; null where not calibrated
        calibrated_spread: standard deviation over language models
        minus_control: mean, how much closer than the closest score of either model with an
            untrained one of the other side; null without
        minus_control_spread: standard deviation over language models
        language_models: averaged over
        vision_models: averaged over
        chance: expected score of one pair of unrelated layers; null where unknown
        null_best_mean: mean best of relabeled layer tables; null without permutations
        kind: as in caption_means
        written_by: people, or a model
        control: whether it separates length, order or wording from what is said
        pictures: whether pictures are changed, not captions
        made_of: title of the set it was made of; empty without
        distinct_captions: fewer than images where some share one
        dataset_id: of the variant
    """
    return _answer("caption_overall", study)


def caption_means(study: CaptionStudy) -> Answer:
    """Alignment of trained vision models under each variant, over trained language models.

    Columns:
        caption_set: title
        words: a caption, mean
        tokens: a caption, mean over the models measured on every set here; null where none was
        bits: a caption, likewise
        vision_label: model
        alignment: mean best score over language models
        spread: standard deviation over language models; null of one
        calibrated: mean, 0 threshold, 1 identical; null where not calibrated
        calibrated_spread: standard deviation over language models
        minus_control: mean, how much closer than the closest score of either model with an
            untrained one of the other side; null without
        minus_control_spread: standard deviation over language models
        language_models: averaged over
        chance: expected score of one pair of unrelated layers; null where unknown
        null_best_mean: mean best of relabeled layer tables; null without permutations
        kind: own, joined, column, summary, caption, first, shuffled, mixed, pixels, blur, gray,
            mirror, crop or frame
        written_by: people, or a model
        control: whether it separates length, order or wording from what is said
        pictures: whether pictures are changed, not captions
        made_of: title of the set it was made of; empty without
        distinct_captions: fewer than images where some share one
        vision_family: of the model
        vision_model: id
        dataset_id: of the variant
    """
    return _answer("caption_means", study)


def caption_density(study: CaptionStudy) -> Answer:
    """Alignment of every pair of trained models under each variant.

    Columns:
        caption_set: title
        words: a caption, mean
        tokens: a caption, mean over the models measured on every set here; null where none was
        bits: a caption, likewise
        vision_label: model
        language_label: model
        alignment: best score over pairs of layers
        calibrated: 0 threshold, 1 identical; null where not calibrated
        minus_control: how much closer than its untrained control; null without
        chance: expected score of one pair of unrelated layers; null where unknown
        null_best_mean: mean best of relabeled layer tables; null without permutations
        kind: as in caption_means
        written_by: people, or a model
        control: whether it separates length or order from what is said
        pictures: whether pictures are changed, not captions
        made_of: title of the set it was made of; empty without
        distinct_captions: fewer than images where some share one
        vision_model: id
        language_model: id
        dataset_id: of the variant
    """
    return _answer("caption_density", study)


def caption_gains(study: CaptionStudy) -> Answer:
    """What a variant scores beyond another of the same images, mean over trained language models.

    Columns:
        from_set: title of the one, or that its pictures are as they are
        to_set: title of the other
        vision_label: model, or all of them
        difference: of the mean best scores
        interval_low: of the difference, paired over images; null of two neighbors in words that
            were not compared with each other, but with the same third
        interval_high: of the difference
        score_from: mean best score
        score_to: mean best score
        words_more: mean words of the other less those of the one
        control: whether the other separates length or order from what is said
        pictures: whether its pictures are changed
        kind: of the other, as in caption_means
        adjacent: whether no set of people's captions or summaries is between the two in words
        overall: whether it is the mean over vision models
        language_models: averaged over
        vision_models: averaged over
        interval_level: confidence; null without an interval
    """
    return _answer("caption_gains", study)


def caption_made() -> Answer:
    """Return how many caption sets were made, whether or not they were compared; no row for none.

    Columns:
        sets: their number, of all datasets
    """
    return _answer("caption_made")


def caption_sets(base_id: str, row_order: str) -> Answer:
    """Return the caption sets of a dataset, how much they say, and who wrote them.

    Columns:
        caption_set: title
        kind: own, joined, column, summary, first, shuffled or mixed
        control: whether it separates length or order from what is said
        made_of: title of the set it was made of; empty without
        n: images
        words: a caption, mean
        words_spread: a caption, standard deviation
        distinct_captions: fewer than images where some share one
        writer: language model that wrote it; null where people did
        words_asked: of it; null where people wrote
        retried: captions asked for twice, for the first was off by more than 30 %
        off_length: captions that stayed off by more than 30 %
        instructions: what the writer was told
    """
    return _answer("caption_sets", base_id=base_id, row_order=row_order)


def caption_examples(base_id: str, row_order: str, position: int) -> Answer:
    """What one image's captions say in every caption set.

    Columns:
        caption_set: title
        caption: text
        words: of it
        sample_id: of the image
        image: where it comes from: a file, or a URI
        position: of the image, from 0
        control: whether it separates length or order from what is said
    """
    return _answer("caption_examples", base_id=base_id, row_order=row_order, position=position)


def caption_pictures(base_id: str, row_order: str, position: int) -> Answer:
    """Two dozen images, the one at a position among them, in three lines of eight.

    Columns:
        position: of the image, from 0
        sample_id: of the image
        image: where it comes from: a file, or a URI
        place: in its line, from 0
        line: of the three, from 0
        chosen: whether it is the one at the position
    """
    return _answer("caption_pictures", base_id=base_id, row_order=row_order, position=position)


def averaged_studies() -> Answer:
    """Return the datasets of which several captions or pictures an image were averaged.

    Columns:
        base_id: catalog id
        dataset: title
        row_order: hash of the images' ids in order
        n: images
        metric: name
        k: neighbors; null without
        truncation: of the averaged features
        precision: in which the networks computed
        captions: an image, at most
        pictures: an image, at most
        vision_models: trained
        language_models: trained
        note: what to know before believing it
        source: of the dataset
        license: of the dataset
        runs: ids
        measured_at: UTC
    """
    return _answer("averaged_studies")


def caption_averages(study: CaptionStudy) -> Answer:
    """Alignment over how many captions are averaged as features, and how many joined as text.

    Columns:
        how: features averaged, or captions joined as text
        captions: an image
        pictures: an image whose features are averaged; 1 beside joined captions
        alignment: mean best score over vision and language models
        spread: standard deviation over language models of their mean over vision models; null of
            one
        language_models: averaged over
        vision_models: averaged over
        chance: expected score of one pair of unrelated layers; null where unknown
        null_best_mean: mean best of relabeled layer tables; null without permutations
    """
    return _answer("caption_averages", study)


def saturation(study: CaptionStudy) -> Answer:
    """Laws of saturation of alignment over how many captions and pictures are averaged.

    Columns:
        along: captions, pictures, or captions and pictures
        held: number of the others, where one of them is held; null for both
        overall: whether it is of the mean over pairs of trained models
        language_label: model, or mean
        vision_label: model, or mean
        score_first: at the smallest numbers
        score_last: at the largest
        limit_score: of endlessly many, by the law
        limit_low: of its 95 % interval, by the law's misfit alone; null without degrees of freedom
        limit_high: null also where no end is seen
        lack_captions: what one caption lacks; null where captions are held
        exponent_captions: how fast more make up for it; null likewise
        lack_pictures: what one picture lacks; null where pictures are held
        exponent_pictures: null likewise
        r_squared: of the fit
        points: scores fitted
        free: degrees of freedom, points less parameters
        held_out_error: of predicting the largest numbers from the others; null where too few
        held_out_last: of predicting that nothing grows beyond the others
        determined: whether every term rises to an end that the numbers show
        verdict: holds, does not hold, or inconclusive
        language_models: averaged over
        vision_models: averaged over
    """
    return _answer("saturation", study)

"""What is in the warehouse."""

from pages.ui.answers import Answer, answer_beside

_answer = answer_beside(__file__)


def coverage() -> Answer:
    """Every model against every dataset.

    Columns:
        model: unique name
        modality: language or vision
        family: family, or untrained
        kind: language, vision or untrained
        dataset: unique name
        n: samples
        layers: layers with features; null where there are none
        precision: in which the network computed, comma-separated; null where there are none
        feature_sets: feature files (poolings, prompts and precisions count apart)
        scores: scores that use them
    """
    return _answer("coverage")


def figures() -> Answer:
    """Return the paper's figures, and what stands here for each.

    Columns:
        figure: of the paper
        what: it shows
        state: measured here, published numbers only, or not yet
        detail: what was counted
        command: fills it; null where it is measured here
        topic: of the page
    """
    return _answer("figures")


def models() -> Answer:
    """Return the models that have features or scores here.

    Columns:
        model: label
        modality: language or vision
        family: models that share objective and data, or untrained
        objective: what it was trained to do
        training_data: what it was trained on
        parameters: count
        weights: trained or random
        layers: with features; null where there are none
        datasets: with features
        scores: with other models, newest only
        partners: models it was scored with
        closest_score: the closest score with a model of the other modality; null without
        closest_measure: its metric, mutual k-NN where there is one
        closest_model: that model
        closest_dataset: on which
        skills: known of it
        known_skills: up to three of them with their scores; null without
        source: where the weights come from
        revision: commit, tag or version asked for
        license: of the weights
        citation: where it was published
        model_id: catalog id
    """
    return _answer("models")


def datasets() -> Answer:
    """Return the sets of image-caption pairs.

    Columns:
        dataset: title
        n: pairs
        note: what to know before believing a score
        skipped: corrupt images left out
        source: where the pairs come from
        revision: commit, tag or version
        license: of images and captions
        citation: where it was published
        row_order: first 12 digits of the row order's sha256
    """
    return _answer("datasets")


def runs(last: int = 12) -> Answer:
    """Return the last commands that changed the results, newest first.

    Columns:
        started: UTC
        command: as typed
        outcome: done, failed or unfinished
        seconds: duration; null while unfinished
        done: units of work done
        skipped: units found done already
        message: error of a failed run
        device: machine, and its CUDA devices with their driver where a network ran
        run_id: names the run
    """
    return _answer("runs", last=last)

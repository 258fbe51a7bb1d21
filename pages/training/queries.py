"""Models in training, held against references step by step."""

from dataclasses import dataclass

from pages.ui.answers import Answer, Parameters, answer_beside

_answer = answer_beside(__file__)


@dataclass(frozen=True, slots=True)
class Probing(Parameters):
    """What must be equal for the scores of trainings to be comparable."""

    dataset_id: str
    row_order: str | None
    """None where trainings knew only a name for their samples."""
    n: int
    metric: str
    k: int | None
    truncation: str


@dataclass(frozen=True, slots=True)
class Lines(Parameters):
    """Which lines a view has: of one training, or of every one; with one reference, or all."""

    training: str | None
    reference: str | None


def training_settings() -> Answer:
    """Every setting that models in training were held against references under.

    Columns:
        dataset: title
        dataset_id: catalog id, or the name that a training gave
        row_order: sha256 of the sample ids in order; null where unknown
        n: samples of the probe set
        metric: name
        metric_label: name for readers
        k: neighbors; null without
        truncation: exact, mean or none
        trainings: count
    """
    return _answer("training_settings")


def training_lines(probing: Probing) -> Answer:
    """Which trainings were held against which references, those seen at most steps first.

    Columns:
        training: name; of checkpoints, of their repository
        reference: catalog id, or the name given to arrays
        reference_label: unique name
        probes: steps at which they were compared
        first_step: of these
        last_step: of these
        has_last_layer: whether the last layer's score is known at each
        checkpoints: whether these are checkpoints, not a training that was watched
    """
    return _answer("training_lines", probing)


def alignment_by_step(probing: Probing, lines: Lines, *, last_layer: bool) -> Answer:
    """Alignment of models in training with references, a row a step and line.

    Columns:
        step: optimizer steps trained; 0 before the first
        training: name
        reference_label: unique name
        alignment: score of single layers; null where the last layer cannot be compared
        null_threshold: what the best of a relabeled table stays within, 95 times in 100; null
            without permutations
        chance: expected score of one pair of unrelated layers; null where unknown
        layer: of the model in training, of the best pair; null for the last layer
        reference_layer: of the reference, likewise
        p_value: of the best over layers; null without permutations and for the last layer
        higher_is_closer: whether a larger score means closer
        reference: catalog id, or the name given to arrays
    """
    return _answer("alignment_by_step", probing, lines, last_layer=last_layer)


def alignment_changes(probing: Probing, lines: Lines) -> Answer:
    """How far each line came from its first step to its last, by both rules for layers.

    Columns:
        training: name
        reference_label: unique name
        last_layer: whether of the last layer alone, else of the best pair of layers
        probes: steps with a score
        first_step: of these
        last_step: of these
        first_score: at the first
        last_score: at the last
        change: how much closer the last is than the first
        usual_move: from one probe to the next, median of its size; null of one probe
        chance_moves: from the chance of one pair to the threshold of the best of a relabeled
            table; null where either is unknown
        closest: score of all
        closest_step: where
        null_threshold: at the last step; null without permutations
        p_value: at the last step; null without permutations and for the last layer
        layer: of the model in training, of the best pair at the last step
        higher_is_closer: whether a larger score means closer
    """
    return _answer("alignment_changes", probing, lines)


def training_measures(training: str | None) -> Answer:
    """What trainings measured of themselves: loss, bits per byte; a row a step.

    Columns:
        training: name
        measure: its name, as the training gave it; of checkpoints, bits per byte of a text
        step: optimizer steps trained
        value: the number
    """
    return _answer("training_measures", training=training)


def training_measured(probing: Probing, lines: Lines) -> Answer:
    """What stands behind a view of models in training, one row.

    Columns:
        dataset: title
        note: what to know of it; null where unknown
        source: of the samples; null where unknown
        license: of the samples; null where unknown
        n: samples of the probe set
        k: neighbors; null without
        sigma: null
        metric_label: name for readers
        higher_is_closer: whether a larger score means closer
        truncation: exact, mean or none
        chance: expected score of one pair of unrelated layers; null where unknown
        precision: of the weights
        pooling: how positions became one vector; null where a function of the training's own did it
        prompt: round captions
        permutations: relabelings, most; 0 without
        models: what those in training are called, where not like the training; null for none
        trainings: count
        references_: count
        probes: steps of trainings
        checkpoints: whether some are checkpoints
        runs: ids
        measured_at: UTC
    """
    return _answer("training_measured", probing, lines)

"""One typed function per figure's query; the SQL stands in the file of the same name.

Each docstring lists the columns of its answer, one a line, with units.
"""

from dataclasses import asdict

from pages.queries.answers import Answer, Setting, load
from pages.queries.answers import answer as _answer

__all__ = ["Answer", "Setting", "load"]


def settings() -> Answer:
    """Every setting that language-vision scores exist under, the customary one first.

    Columns:
        dataset_id: catalog id
        row_order: sha256 of the sample ids in order
        dataset: unique name
        n: samples
        metric: registered name
        metric_label: name in words
        k: neighbours per sample; null for metrics without k
        sigma: bandwidth asked for; null for metrics without one or by their own default
        truncation: outlier truncation
        normalized: whether rows were l2-normalised
        pooling: how a caption's tokens became one vector
        prompt: name of the prompt round the caption
        pairs: model pairs scored
    """
    return _answer("settings")


def texts() -> Answer:
    """Return the texts whose bits per byte were measured, the one most models read first.

    Columns:
        text: name
        models: language models measured on it
        tokens: scored, by the model that cuts it finest
        documents: scored
        starts_with: bos, none or both: whether a start token stood before every document
        shortest_context: fewest tokens a model saw at once
        longest_context: most tokens
        measured_at: UTC, of the last measurement
    """
    return _answer("texts")


def alignment(
    setting: Setting, *, concatenated: bool, untrained: bool, text: str | None = None
) -> Answer:
    """Alignment of every language model with every vision model in one setting.

    With a `text`, also against 1 - bits per byte of it (paper, Fig. 3), a line per vision model.

    Columns:
        language_label: unique name
        vision_label: unique name
        alignment: best score over layer pairs (mutual k-NN: share of common neighbours, 0 to 1)
        chance: expected score of one pair of unrelated layers, same unit
        calibrated: alignment beyond the threshold, 1 for identical; null where not calibrated
        p_value: share of relabelled tables at least as close; null where not calibrated
        q_value: p_value corrected for the model pairs of the setting; null where not calibrated
        null_threshold: what 5 % of relabelled tables exceed, same unit; null where not calibrated
        interval_low: confidence interval of alignment, lower end; null where not made
        interval_high: upper end
        higher_is_closer: false where the metric is a distance
        language_layer: name of the best layer
        vision_layer: name of the best layer
        language_group: family, or untrained
        vision_group: family, or untrained
        language_parameters: count
        vision_parameters: count
        language_score: 1 - bits per byte of the text; null where not measured
        fit_models: trained language models with a language score
        slope: of the vision model's line; null with fewer than 3 models
        fit: the line at this language model; null where it is not part of it
        r: Pearson correlation along the line
        rho: Spearman correlation along the line
        language_mean: mean alignment over the vision models shown
        vision_mean: mean alignment over the language models shown
        language_model: catalog id
        vision_model: catalog id
        unit_key: names the score
    """
    return _answer(
        "alignment", **asdict(setting), concatenated=concatenated, untrained=untrained, text=text
    )


def measured(setting: Setting) -> Answer:
    """Return what stands behind a figure of one setting, one row.

    Columns:
        dataset: title
        note: what to know before believing a score
        source: where the pairs come from
        licence: of images and captions
        citation: where it was published
        skipped: corrupt images left out
        n: samples
        k: neighbours per sample; null for metrics without k
        sigma: bandwidth asked for; null for metrics without one or by their own default
        metric_label: name in words
        higher_is_closer: false where the metric is a distance
        truncation: outlier truncation
        normalized: whether rows were l2-normalised
        pooling: how a caption's tokens became one vector
        prompt: name of the prompt round the caption
        chance: expected score of one pair of unrelated layers; null where not known
        language_models: count
        vision_models: count
        pairs: count
        permutations: relabelled tables per score, comma-separated; null where not calibrated
        seeds: of the permutations, comma-separated; null where not calibrated
        interval_level: e.g. 0.95; null where no interval was made
        interval_method: how; null where no interval was made
        runs: ids of the runs, comma-separated
        measured_at: UTC, of the last score
    """
    return _answer("measured", **asdict(setting))


def ceilings(setting: Setting, *, language_model: str, vision_model: str) -> Answer:
    """Return the noise ceilings of two models in one setting, where they were measured.

    Columns:
        modality: language or vision
        label: the model's name
        ceiling: the metric between two halves of its own dimensions, best layer, mean of splits
        method: how
    """
    named = asdict(setting)
    models = {"language_model": language_model, "vision_model": vision_model}
    return _answer("ceilings", **{name: named[name] for name in _CEILING}, **models)


_CEILING = ("dataset_id", "row_order", "n", "metric", "k", "truncation", "pooling", "prompt")


def layers(unit_key: str) -> Answer:
    """Return the whole layer-by-layer table of one pair of models.

    Columns:
        language_layer: index from 0
        vision_layer: index from 0
        language_layer_name: name
        vision_layer_name: name
        alignment: score of this pair of layers; null where a layer is constant
        chance: expected score of one pair of unrelated layers, same unit
        language_concatenated: row of all layers side by side
        vision_concatenated: column of all layers side by side
        best: the best pair of all
        best_single: the best pair of single layers
    """
    return _answer("layers", unit_key=unit_key)


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
    """
    return _answer("depth", unit_key=unit_key)


def metrics() -> Answer:
    """Return the alignment metrics, with the properties of the paper's Fig. 11.

    Columns:
        metric: label
        symmetric: swapping the models leaves the score as it is
        global: every pair of samples counts, not only near ones
        ordinal: the order of neighbours counts
        batchable: can be estimated from batches
        range: attainable scores
        closer: higher or lower
        direction: which way an asymmetric metric runs
        equation: definition
        citation: where it was published
        family: metrics that share their preparation
        name: registered name
        scores: scores here
    """
    return _answer("metrics")


def metric_scores(dataset_id: str, row_order: str) -> Answer:
    """Compare the metrics on one dataset: trained models only, each metric's customary setting.

    Columns:
        metric_label: name in words, with its k
        calibrated: mean over the pairs, in shares of the way from the threshold to identical
        calibrated_low: smallest of the pairs
        calibrated_high: largest of the pairs
        alignment: mean score, in the metric's own unit
        pairs: calibrated pairs of trained models
        significant: pairs with q_value at most 0.05
        k: neighbours per sample; null for metrics without k
        sigma: bandwidth asked for; null for metrics without one or by their own default
        truncation: outlier truncation
        normalized: whether rows were l2-normalised
        pooling: how a caption's tokens became one vector
        prompt: name of the prompt round the caption
        permutations: relabelled tables per score
        n: samples
        metric: registered name
    """
    return _answer("metric_scores", dataset_id=dataset_id, row_order=row_order)


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
        feature_sets: feature files (poolings and prompts count apart)
        scores: scores that use them
    """
    return _answer("coverage")


def models() -> Answer:
    """Return the models that have features or scores here.

    Columns:
        model: label
        modality: language or vision
        family: models that share objective and data
        objective: what it was trained to do
        training_data: what it was trained on
        parameters: count
        weights: trained or random
        source: where the weights come from
        revision: commit, tag or version asked for
        licence: of the weights
        citation: where it was published
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
        licence: of images and captions
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
        device: machine and device
        run_id: names the run
    """
    return _answer("runs", last=last)


def families() -> Answer:
    """Return the families of trained models.

    Columns:
        family: name
        place: place in the palette, from 0
    """
    return _answer("families")

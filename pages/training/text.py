"""Models in training, in words."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from pages.ui import text as words
from pages.ui.findings.words import as_score, counted
from pages.ui.plain import plain, plained

LAST, BEST = "Last layer", "Best pair of layers"
RULES = {True: LAST, False: BEST}
"""What either rule for layers is called, by whether it is the last layer's."""
REFERENCES, TRAININGS = "One training, every reference", "Every training, one reference"
NO_MEASURE = "nothing"
LINEAR, LOGARITHMIC = "linear", "logarithmic"
_NAMES = {
    "loss": "loss",
    "train_loss": "training loss",
    "eval_loss": "held-out loss",
    "val_loss": "validation loss",
    "bits_per_byte": "bits per byte",
    "eval_bits_per_byte": "held-out bits per byte",
}
HOW = """
References are features that `prh extract` stored; by default the probe runs every 100 steps, within
5 % of the time, and leaves every number of the training the same bit. It writes into the
data folder, and `prh publish` brings that here. The same probe serves

| in | you write |
|---|---|
| transformers' Trainer | `Trainer(..., callbacks=[PRHCallback(probe)])` |
| Lightning | `Trainer(..., callbacks=[PRHLightningCallback(probe)])` |
| any loop | `probe_after_step(probe, model, step, loss=loss)` after every step |

`images` in place of `captions` reads a vision model, `batches` whatever you have: a script that
runs stands in docs/how-to/training.md. Checkpoints are shown here, too, once two of one model were
scored with other models: records that differ in their `revision` (`step1000`), such as those of the
panel `pythia-steps`.
"""
"""What an empty page teaches."""


def name_measure(measure: str) -> str:
    """Return what to call a measure that a training named."""
    return _NAMES.get(measure, measure.replace("_", " "))


def capitalized(name: str) -> str:
    """Return a name as the title of a panel."""
    return name[:1].upper() + name[1:]


def name_view(measured: dict[str, Any], last_layer: bool) -> str:
    """Name what is drawn: metric and rule for layers.

    Args:
        measured: the row of `queries.training_measured`.
        last_layer: which rule.
    """
    return f"{words.name_metric(measured)}, {RULES[last_layer].lower()}"


def about(measured: dict[str, Any], row_order: str | None) -> dict[str, Any]:
    """Return what the numbers are of, for the line below a chart and for files.

    Args:
        measured: the row of `queries.training_measured`.
        row_order: of the samples.
    """
    return {
        "dataset": measured["dataset"],
        "n": measured["n"],
        "metric": measured["metric_label"],
        "k": measured["k"],
        "truncation": measured["truncation"],
        "precision": measured["precision"],
        "row_order": row_order,
        "run": measured["runs"],
        "measured_at": measured["measured_at"],
        "source": measured["source"],
        "license": measured["license"],
    }


def describe_measured(measured: dict[str, Any], last_layer: bool) -> list[str]:
    """Say what was measured, in two lines.

    Args:
        measured: the row of `queries.training_measured`.
        last_layer: which rule for layers.
    """
    row = plained(measured, 300)
    parts = [
        f"{row['dataset']}: n = {row['n']}",
        f"{words.name_metric(row)}, {RULES[last_layer].lower()}, single layers",
        f"truncation {row['truncation']}",
        f"weights in {row['precision']}" if row["precision"] else "",
        f"pooled by {row['pooling']}, prompt {row['prompt']}" if row["pooling"] else "",
        f"chance {row['chance']:.4f} for one pair of unrelated layers"
        if row["chance"] is not None
        else "",
        f"{row['permutations']} permutations" if row["permutations"] else "no permutations",
        "" if row["higher_is_closer"] else "lower is closer",
    ]
    origin = [
        f"in training: {row['models']}" if row["models"] else "",
        f"{counted(row['trainings'], 'training')} × {counted(row['references_'], 'reference')}, "
        f"{counted(row['probes'], 'probe')}",
        "checkpoints by the step in their revision" if row["checkpoints"] else "",
        f"run {row['runs']}",
        f"measured {row['measured_at']}",
        f"samples from {row['source']} ({row['license']})" if row["source"] else "",
    ]
    return [" · ".join(filter(None, line)) for line in (parts, origin)]


def describe_reading(
    changes: pl.DataFrame, *, by: str, last_layer: bool, thresholds: bool, measures: Sequence[str]
) -> str:
    """Say how to read the lines, how far each came, and what not to read into it.

    Args:
        changes: answer of `queries.alignment_changes` of the lines in view.
        by: column that tells the lines apart.
        last_layer: which rule for layers is in view.
        thresholds: whether the threshold is drawn.
        measures: what is drawn below.
    """
    listed = [_describe_line(row, by) for row in changes.iter_rows(named=True)
              if row["last_layer"] == last_layer]  # fmt: skip
    rule = (
        "**Last layer**: the closest score of the last layer of the model in training with any "
        "single layer of the reference. The **best pair** may sit in an early layer, which agrees "
        "before anything is learned (words or strokes that samples share), and hide what training "
        "does."
        if last_layer
        else "**Best pair of layers**: the closest of all pairs of single layers. It may sit in an "
        "early layer, which agrees before anything is learned; the last layer shows what training "
        "does."
    )
    told = [rule, *listed]
    if thresholds:
        told.append(
            "Dashed: the **threshold**, what the best of a relabeled table stays within, 95 times "
            "in 100, at any step in view. It tests a score of one step against chance, not a change"
            + (", and is strict for the last layer, a part of the table." if last_layer else ".")
        )
    told.append(
        "A line counts as closer or farther where its end lies more than two usual moves (the "
        "median from one probe to the next) from its beginning, and farther than chance moves the "
        "best of a table (from one pair's chance to the threshold). That is a yardstick, not a "
        "test: the steps of one training are not independent, and another seed, or other samples, "
        "may go another way."
    )
    if measures:
        told.append(
            f"Below: {plain(', '.join(measures), 200)}, as the training logged it, on the same "
            "steps. That two curves bend together does not say that one makes the other."
        )
    return "\n\n".join(told)


def _describe_line(row: dict[str, Any], by: str) -> str:
    line = (
        f"- {plain(row[by], 60)}: {as_score(row['first_score'])} at step {row['first_step']:,}, "
        f"{as_score(row['last_score'])} at step {row['last_step']:,}; closest "
        f"{as_score(row['closest'])} at step {row['closest_step']:,}"
    )
    if row["layer"] is not None and not row["last_layer"]:
        line += f"; in the end by {plain(row['layer'], 40)}"
    if row["p_value"] is not None:
        line += f", p = {row['p_value']:.2g} there"
    return line

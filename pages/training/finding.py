"""Whether training brings a model closer to others: the answer of the page."""

import polars as pl

from pages.ui import findings
from pages.ui.findings import Change, Finding


def find(
    changes: pl.DataFrame,
    measured: pl.DataFrame,
    *,
    rules: dict[bool, str],
    last_layer: bool,
    by: str,
    measure: str,
    metric: str,
    samples: int,
) -> Finding:
    """Say whether alignment ends closer than it began.

    Args:
        changes: answer of `queries.alignment_changes`, of the lines in view.
        measured: answer of `queries.training_measures` of the measure in view; may be empty.
        rules: what either rule for layers is called, by whether it is the last layer's.
        last_layer: which of them is in view.
        by: column that tells the lines apart.
        measure: what the numbers of `measured` are called.
        metric: its name, with k.
        samples: n.
    """
    told = {
        rule: [_change(row, by) for row in rows.iter_rows(named=True)]
        for (rule,), rows in changes.group_by("last_layer", maintain_order=True)
    }
    trainings = changes["training"].n_unique()
    beside = None
    if trainings == 1 and measured.height > 1:
        ends = measured.sort("step")["value"]
        beside = (measure, float(ends[0]), float(ends[-1]))
    return findings.training(
        changes=told.get(last_layer, []),
        layers=f"by the {rules[last_layer].lower()}",
        others=told.get(not last_layer, []),
        other_layers=f"by the {rules[not last_layer].lower()}",
        last_steps=changes.filter(pl.col("last_layer") == last_layer)["last_step"].to_list(),
        beside=beside,
        metric=metric,
        samples=samples,
        trainings=trainings,
    )


def _change(row: dict, by: str) -> Change:
    return Change(
        row[by],
        row["probes"],
        row["first_score"],
        row["last_score"],
        row["change"],
        row["usual_move"],
        row["chance_moves"],
        row["null_threshold"],
        row["higher_is_closer"],
    )

"""Does training align: alignment of a model with others while it learns, beside its loss."""

import polars as pl
import streamlit as st

from pages.training import chart, finding, queries, text
from pages.training.queries import Lines, Probing
from pages.ui import shell
from pages.ui import text as words
from pages.ui.reference import held_against
from pages.ui.settings import choose_row
from pages.ui.shell import Frame, Nothing


def draw(frame: Frame) -> None:
    """Choose, ask, draw, explain."""
    settings = queries.training_settings().frame
    if settings.is_empty():
        raise Nothing(teaches=text.HOW)
    probing = Probing.of(choose_row(frame, settings, in_view=("dataset",)))
    there = queries.training_lines(probing).frame
    names = _names(there, "training")
    with frame.row:
        views = [text.REFERENCES, *([text.TRAININGS] if len(names) > 1 else [])]
        view = frame.choose("Lines", views, key="lines", width=235)
        if view == text.REFERENCES:
            training = frame.choose("Training", names, key="training", width=190)
            lines, by, what = Lines(training, None), "reference_label", training
        else:
            references = _names(there, "reference_label")
            label = frame.choose("Reference", references, key="reference", width=190)
            chosen = there.filter(pl.col("reference_label") == label)
            lines, by, what = Lines(None, chosen["reference"][0]), "training", label
        seen = _seen(there, lines)
        rules = [text.LAST, text.BEST] if seen["has_last_layer"].all() else [text.BEST, text.LAST]
        last_layer = frame.choose("Layers", rules, key="layers", width=170) == text.LAST
    answer = queries.alignment_by_step(probing, lines, last_layer=last_layer)
    own = queries.training_measures(lines.training)
    logged = own.frame.join(seen.select("training").unique(), on="training", how="semi")
    with frame.options:
        offered = [*_names(logged, "measure"), text.NO_MEASURE]
        measure = frame.choose(
            "Below it", offered, key="beside", shown=text.name_measure, width=220
        )
        logged = logged.filter(pl.col("measure") == measure)
        kept = frame.several("Lines shown", _names(seen, by), key="only", width=330)
    shown, changes = answer.frame, queries.alignment_changes(probing, lines).frame
    if kept:
        shown, changes = (one.filter(pl.col(by).is_in(kept)) for one in (shown, changes))
        logged = logged if by == "reference_label" else logged.filter(pl.col(by).is_in(kept))
    if shown["alignment"].is_null().all():
        st.info("The last layer could be compared at no step: the best pair of layers is known.")
        return
    axis = chart.steps_of(shown, logged, logarithmic=False)
    with frame.options:
        scales = [text.LOGARITHMIC, text.LINEAR]
        scale = frame.choose(
            "Steps", scales if chart.many_decades(axis) else scales[::-1], key="steps", width=150
        )
    axis = axis._replace(logarithmic=scale == text.LOGARITHMIC)

    measured = queries.training_measured(probing, lines).frame.row(0, named=True)
    named = text.name_measure(measure)
    frame.answer(
        finding.find(
            changes, logged, rules=text.RULES, last_layer=last_layer, by=by, measure=named,
            metric=words.name_metric(measured), samples=probing.n,
        ),
        note=measured["note"],
    )  # fmt: skip
    reference = held_against(shown.with_columns(null_best_mean=pl.lit(None, dtype=pl.Float64)))
    drawn = {
        text.capitalized(text.name_view(measured, last_layer)): chart.alignment(
            shown, _names(there, by), by=by, steps=axis, below=not logged.is_empty(),
            measure=measured["metric_label"], reference=reference,
        )
    }  # fmt: skip
    if not logged.is_empty():
        colored = names if lines.training is None else []
        drawn[text.capitalized(named)] = chart.beside(logged, colored, steps=axis, measure=named)
    frame.figure(
        drawn,
        answer,
        title=f"{text.name_view(measured, last_layer)} by step of training, {what}",
        measured=text.describe_measured(measured, last_layer),
        about={**text.about(measured, probing.row_order), "shown": what,
               "layers": text.RULES[last_layer].lower()},
        view=f"{what} {text.RULES[last_layer]}",
        alt_text=f"Alignment by step of training, {len(_names(shown, by))} lines: {what}.",
        across=1,
    )  # fmt: skip
    frame.explain(
        text.describe_reading(
            changes, by=by, last_layer=last_layer, thresholds=reference is not None,
            measures=list(drawn)[1:],
        )
    )  # fmt: skip
    if not own.frame.is_empty():
        shell.behind("Table and SQL: what trainings measured of themselves", own)
    shell.behind("Table and SQL: how far each line came", queries.alignment_changes(probing, lines))


def _names(frame: pl.DataFrame, column: str) -> list[str]:
    return frame[column].unique(maintain_order=True).to_list()


def _seen(there: pl.DataFrame, lines: Lines) -> pl.DataFrame:
    """Return the lines of a view: of one training, or with one reference."""
    if lines.training is not None:
        return there.filter(pl.col("training") == lines.training)
    return there.filter(pl.col("reference") == lines.reference)


shell.show("training", draw)

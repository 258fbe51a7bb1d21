"""Does the metric matter: what each metric looks at, and what each says of the same models."""

import polars as pl
import streamlit as st

from pages.metrics import chart, checks, finding, queries, statistics, text
from pages.ui import palette, shell, trends
from pages.ui import queries as shared
from pages.ui import text as words
from pages.ui.answers import Modality
from pages.ui.charts import trends as trend_charts
from pages.ui.charts.parts import Chart
from pages.ui.reference import CALIBRATED, MINUS_CONTROL, RAW, held_against
from pages.ui.settings import choose_families
from pages.ui.shell import Frame, Nothing

_AGREE, _TREND, _RANK = "Side by side", "Against language skill", "Do they rank alike?"
_ACROSS = "language with vision"


def draw(frame: Frame) -> None:
    """Compare the metrics on one dataset, then list what each looks at."""
    across = shared.settings().frame.filter(~pl.col("published"))
    among = [
        shared.model_settings(modality).frame for modality in shared.modalities().frame["modality"]
    ]
    where = ["dataset", "dataset_id", "row_order"]
    settings = pl.concat([found.select(where) for found in (across, *among)]).unique(
        maintain_order=True
    )
    if settings.is_empty():
        _list()
        _checks()
        raise Nothing
    with frame.row:
        names = settings["dataset"].unique(maintain_order=True).to_list()
        dataset = frame.choose("Dataset", names, key="dataset", width=220)
        chosen = settings.filter(pl.col("dataset") == dataset).row(0, named=True)
        able = shared.skills(chosen["dataset_id"]).frame
        skills = able.filter(pl.col("modality") == "language", pl.col("here") > 0)
        compared = [_AGREE, *([] if skills.is_empty() else [_TREND])]
        meets = chosen["dataset_id"] in across["dataset_id"]
        view = frame.view([_RANK, *(compared if meets else [])])
    place = dataset, chosen["dataset_id"], chosen["row_order"]
    if view == _TREND:
        _trends(frame, *place, skills)
    elif view == _RANK:
        _ranks(frame, *place)
    else:
        _compare(frame, *place)
    with st.expander("Every metric and its properties (paper, Fig. 11)"):
        _list()
    _checks()


def _compare(frame: Frame, dataset: str, dataset_id: str, row_order: str) -> None:
    """Draw what each metric says of the same models, side by side."""
    answer = queries.metric_scores(dataset_id, row_order)
    if answer.frame.is_empty():
        st.info("No pair of trained models has a calibrated score here: `prh score` makes them.")
        return
    frame.answer(finding.reach(answer.frame))
    frame.figure(
        chart.metric_dots(answer.frame),
        answer,
        title="What each metric says of the same models",
        measured=text.describe_comparison(dataset, answer.frame),
        about={"dataset": dataset, "n": int(answer.frame["n"][0]), "row_order": row_order},
        view=_AGREE,
        alt_text="Calibrated score of trained language with trained vision models, by metric.",
    )
    frame.explain(
        "Raw scores of two metrics share no unit. A **calibrated** score does: 0 is what the best "
        "of 95 % of permuted layer tables does not exceed, 1 is identical. A dot is the mean "
        "over the pairs of trained models, the line reaches from the smallest to the largest."
    )


def _trends(
    frame: Frame, dataset: str, dataset_id: str, row_order: str, skills: pl.DataFrame
) -> None:
    """Draw alignment against a skill under every metric, small multiples (Figs. 13 and 14)."""
    with frame.row:
        texts = skills.sort("predicts_text", descending=True, maintain_order=True)
        skill = frame.choose("Skill", texts["skill"].to_list(), key="skill", width=260)
    answer = queries.metric_trends(dataset_id, row_order, skill=skill, calibrated=False)
    if answer.frame.is_empty():
        st.info(words.describe_missing_skill(skill, language=True))
        return
    with frame.options:
        known = [RAW, CALIBRATED]
        known += [MINUS_CONTROL] if answer.frame["control"].is_not_null().any() else []
        scores = frame.choose("Scores", known, key="scores", width=210)
    calibrated, minus = scores == CALIBRATED, scores == MINUS_CONTROL
    families = choose_families(frame, text.list_families(answer.frame))
    if scores != RAW or families:
        answer = queries.metric_trends(
            dataset_id, row_order, skill=skill, calibrated=calibrated, minus_control=minus,
            families=families,
        )  # fmt: skip
    if answer.frame.is_empty():
        st.info(f"No score here is known {scores}.")
        return
    frame.answer(finding.follow(answer.frame, skill=skill, scores=scores))
    colors = palette.families(shared.families().frame["family"].to_list())
    axes = trend_charts.Axes("score_x", skill, "label_x", "label_y", "group_y")
    panels: dict[str, Chart] = {}
    lines: list[pl.DataFrame] = []
    for metric in answer.frame["metric_label"].unique(maintain_order=True).to_list():
        rows = answer.frame.filter(pl.col("metric_label") == metric)
        reference = held_against(rows, scores)
        found = trends.along(rows, x=axes.x, line=axes.line, family="family_x")
        panels[metric] = trend_charts.against(
            rows, found, axes, colors, measure=scores, reference=reference, panel=True
        )
        lines.append(found.lines.with_columns(pl.lit(metric).alias("metric")))
    about = skills.filter(pl.col("skill") == skill).row(0, named=True)
    frame.figure(
        panels,
        answer,
        title="Alignment against skill under every metric",
        measured=[
            *text.describe_trend_sources(dataset, answer.frame),
            words.describe_skill(about, None),
        ],
        about={
            "dataset": dataset, "n": int(answer.frame["n"][0]), "skill": skill, "scores": scores,
            "row_order": row_order, "families": families or None,
        },
        view=_TREND,
        alt_text=f"Alignment of each language model with vision models against {skill}.",
    )  # fmt: skip
    frame.explain(text.describe_trends(trends.corrected(pl.concat(lines))))


def _ranks(frame: Frame, dataset: str, dataset_id: str, row_order: str) -> None:
    """Draw how metrics and settings correlate over pairs of models (Fig. 12)."""
    # None: language with vision, between vision and all others.
    among = [m for m in shared.modalities().frame["modality"] if m != "vision"]
    kinds: dict[str, Modality | None] = {"vision with vision": "vision", _ACROSS: None}
    kinds |= {f"{m} with {m}": m for m in among}
    answers = {
        name: queries.metric_pairs(dataset_id, row_order, within=within)
        for name, within in kinds.items()
    }
    there = [name for name, found in answers.items() if found.frame["setting"].n_unique() > 1]
    if not there:
        st.info("Only one metric in one setting was measured here: `prh score --metric all`.")
        return
    with frame.row:
        which = frame.choose("Pairs of models", there, key="pairs", width=210)
    found = statistics.correlate_settings(answers[which].frame, within=kinds[which] is not None)
    frame.answer(finding.agree(found))
    frame.figure(
        chart.metric_agreement(found),
        answers[which],
        title="How metrics and settings rank the same pairs of models",
        measured=text.describe_agreement_sources(dataset, found, within=kinds[which]),
        about={"dataset": dataset, "pairs": which, "row_order": row_order},
        view=_RANK,
        alt_text="Spearman correlation between metrics over pairs of models.",
    )
    frame.explain(text.describe_agreement(found) + text.describe_batches(answers[which].frame))


def _checks() -> None:
    with st.expander("Does a metric measure what it should? Six tests where the answer is known"):
        answer = queries.metric_checks()
        if answer.frame.is_empty():
            st.caption("No metric was tested here: `prh check-metrics` does.")
            return
        summary = checks.summarize_checks(answer.frame)
        shell.table(answer._replace(frame=checks.spread_out(summary)))
        st.markdown(checks.describe_checks(summary, answer.frame))


def _list() -> None:
    yes = {
        name: st.column_config.CheckboxColumn(name, help=meaning)
        for name, meaning in {
            "symmetric": "Swapping the models leaves the score as it is.",
            "ordinal": "The order of neighbors counts, not only who they are.",
            "batchable": "Can be estimated from batches.",
        }.items()
    }
    every = st.column_config.TextColumn(
        "global",
        help="Every pair of samples counts, not only near ones; for some once k takes in all.",
    )
    shell.table(queries.metrics(), {**yes, "global": every})


shell.show("metrics", draw)

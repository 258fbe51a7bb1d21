"""How sure are we: scores among their nulls, calibration and trend, width and depth."""

import polars as pl
import streamlit as st

from pages.doubt import chart, finding, queries, statistics, text
from pages.ui import queries as shared
from pages.ui import shell
from pages.ui import text as words
from pages.ui.answers import Answer, Setting, Sides
from pages.ui.plain import plain
from pages.ui.settings import choose_row, choose_sides
from pages.ui.shell import Frame, Nothing

_NULLS, _TREND, _CURVES = "Among its nulls", "Calibration and trend", "Width and depth"


def draw(frame: Frame) -> None:
    """Choose a view, ask, draw, explain."""
    settings = queries.null_settings().frame
    simulated = queries.confounds()
    across = shared.sides().frame
    offered = {
        _NULLS: not settings.is_empty(),
        _TREND: not across.is_empty(),
        _CURVES: not simulated.frame.is_empty(),
    }
    if not offered[_NULLS] and not offered[_CURVES]:
        raise Nothing
    with frame.row:
        view = frame.view([name for name, there in offered.items() if there])
    if view == _NULLS:
        _nulls(frame, settings)
    elif view == _TREND:
        _trend(frame, across)
    else:
        _curves(frame, simulated)


def _nulls(frame: Frame, settings: pl.DataFrame) -> None:
    """Draw one pair among its nulls, and all pairs against one null."""
    sides = choose_sides(frame, settings.unique(["modality_x", "modality_y"], maintain_order=True))
    there = settings.filter(modality_x=sides.modality_x, modality_y=sides.modality_y)
    setting = Setting.of(choose_row(frame, there))
    answer = queries.null_pairs(setting)
    if answer.frame.is_empty():
        st.info("No pair of trained models is held against a null here.")
        return
    pairs = statistics.with_power(answer.frame)
    names = dict(zip(pairs["unit_key"], pairs["label_x"] + " × " + pairs["label_y"], strict=True))
    labels = pairs["null_label"].unique(maintain_order=True).to_list()
    with frame.row:
        pair = frame.choose("Pair", list(names), key="pair", shown=names.__getitem__, width=260)
    with frame.options:
        null = frame.choose("All pairs against", labels, key="null", width=210)
    measured = shared.measured(setting).frame.row(0, named=True)
    measure = words.name_metric(measured)
    frame.answer(
        finding.held(pairs, samples=setting.n, metric=measured["metric_label"]),
        note=measured["note"],
    )
    draws = queries.null_draws(pair)
    one = pairs.filter(pl.col("unit_key") == pair)
    frame.figure(
        chart.null_strips(draws.frame, one, measure=measure),
        draws,
        title=f"{names[pair]} among its nulls",
        measured=words.describe_measured(measured, plain(names[pair])),
        about={**words.about(setting, measured), "pair": names[pair]},
        view=_NULLS,
        alt_text=f"The score of {names[pair]} beside every draw of {len(labels)} nulls.",
        below=lambda: st.caption(text.MARKS),
    )
    frame.explain(text.READING + text.describe_nulls(one))
    shown = pairs.filter(pl.col("null_label") == null)
    frame.also(
        f"All pairs: raw with threshold of {null}, and calibrated",
        chart.raw_and_calibrated(shown, measure=measure),
        answer._replace(frame=pairs),
        f"Raw and calibrated scores of {shown.height} pairs of models against {null}.",
    )


def _trend(frame: Frame, across: pl.DataFrame) -> None:
    """Draw whether calibration changes how alignment goes with size."""
    sides = choose_sides(frame, across)
    settings = shared.settings(sides).frame.filter(~pl.col("published"))
    if settings.is_empty():
        st.info("No scores were measured here: `prh score` makes them.")
        return
    with frame.row:
        titles = settings["dataset"].unique(maintain_order=True).to_list()
        dataset = frame.choose("Dataset", titles, key="dataset", width=220)
        along = {
            f"{name} models": of_y
            for of_y, name in zip((True, False), sides.names[::-1], strict=True)
        }
        what = frame.choose("Along", list(along), key="along", width=190)
    place = settings.filter(pl.col("dataset") == dataset).row(0, named=True)
    answer = queries.capacity_trends(
        Sides(sides.modality_x, sides.modality_y), place["dataset_id"], place["row_order"],
        of_y=along[what],
    )  # fmt: skip
    if answer.frame.is_empty():
        st.info("No pair of trained models has a calibrated score here: `prh score` makes them.")
        return
    trends = statistics.capacity(answer.frame)
    samples = int(answer.frame["n"][0])
    frame.answer(finding.claim(trends, samples=samples, what=what))
    if trends.is_empty():
        st.info("A trend with size needs three models of different sizes.")
        return
    frame.figure(
        chart.trend_ends(trends),
        answer,
        title="Trend with size, raw and calibrated",
        measured=text.describe_capacity(dataset, answer.frame, what),
        about={"dataset": dataset, "n": samples, "row_order": place["row_order"], "along": what},
        view=_TREND,
        alt_text=f"Correlation of alignment with size over {what}, raw and calibrated, by metric.",
    )
    frame.explain(text.TRENDS)


def _curves(frame: Frame, simulated: Answer) -> None:
    """Draw what unrelated features score by width and number of layers."""
    scopes = simulated.frame["scope"].unique(maintain_order=True).to_list()
    with frame.row:
        scope = frame.choose("Metrics", scopes, key="scope", width=150)
    frame.answer(finding.moved(simulated.frame))
    models = queries.confounded_models()
    shown = simulated.frame.filter(pl.col("scope") == scope)
    frame.figure(
        chart.curves(shown, models.frame),
        simulated,
        title="What width and depth alone score",
        measured=text.describe_simulation(simulated.frame),
        about={"n": int(shown["n"][0]), "source": "simulated"},
        view=_CURVES,
        alt_text="Best score of two models of unrelated features by width, a line per depth.",
    )
    frame.explain(text.CURVES)
    shell.behind("Stored models on these curves: table and SQL", models)


shell.show("doubt", draw)

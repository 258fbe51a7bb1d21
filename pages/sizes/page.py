"""How does it change with n: scores over growing numbers of samples, and in classes."""

import polars as pl
import streamlit as st

from pages.sizes import chart, finding, queries, text
from pages.ui import shell
from pages.ui.settings import choose_row, choose_sides
from pages.ui.shell import Frame, Nothing

_CURVE, _CLASSES, _MANY = "Samples", "Classes", "Many to many"


def draw(frame: Frame) -> None:
    """Choose, ask, answer, draw, explain."""
    settings = queries.curve_settings().frame
    if settings.is_empty():
        raise Nothing
    sides = choose_sides(frame, settings.unique(["modality_x", "modality_y"], maintain_order=True))
    there = settings.filter(modality_x=sides.modality_x, modality_y=sides.modality_y)
    row = choose_row(frame, there)
    curved = queries.Curved.of(row)
    classed, many = queries.classed_pairs(curved), queries.many_pairs(curved)
    about = {"dataset": row["dataset"], "metric": row["metric_label"], "n": row["n"],
             "row_order": row["row_order"]}  # fmt: skip
    answer = queries.curved_pairs(curved)
    names = answer.frame.with_columns(pair=pl.format("{} × {}", "label_x", "label_y")).unique(
        "pair_key", maintain_order=True
    )
    shown = dict(names.select("pair_key", "pair").iter_rows())
    with frame.row:
        offered = {_CURVE: True, _CLASSES: not classed.frame.is_empty(),
                   _MANY: not many.frame.is_empty()}  # fmt: skip
        views = [name for name, there in offered.items() if there]
        view = frame.view(views) if views != [_CURVE] else _CURVE
    if view == _CLASSES:
        frame.answer(finding.classed(classed.frame, samples=row["n"]))
        frame.figure(
            chart.classes(classed.frame, measure=row["metric_label"]),
            classed,
            title="Agreement within classes and between them",
            measured=text.describe_classes(
                classed.frame.row(0, named=True), row["dataset"], row["n"]
            ),
            about=about,
            view=_CLASSES,
            alt_text=f"Agreement of {classed.frame.height} pairs between classes and within them.",
        )
        frame.explain(text.CLASSES)
        return
    if view == _MANY:
        frame.answer(finding.many(many.frame))
        frame.figure(
            chart.many(many.frame, measure=row["metric_label"]),
            many,
            title="Many to many beside one to one",
            measured=text.describe_many(many.frame.row(0, named=True), row["dataset"]),
            about=about,
            view=_MANY,
            alt_text=f"Scores of {many.frame.height} pairs one to one and many to many.",
        )
        frame.explain(text.MANY)
        return
    with frame.row:
        pair = frame.choose("Pair", list(shown), key="pair", shown=shown.__getitem__, width=300)
    one = answer.frame.filter(pl.col("pair_key") == pair)
    points = queries.curve_points(curved, pair)
    frame.answer(finding.grown(one))
    frame.figure(
        chart.curves(points.frame, measure=row["metric_label"]),
        points,
        title=f"{shown[pair]} over the number of samples",
        measured=text.describe_curve(one.row(0, named=True), row["dataset"], row["n"]),
        about={**about, "pair": shown[pair]},
        view=_CURVE,
        alt_text=f"Scores of {shown[pair]} over growing numbers of samples, with intervals.",
        below=lambda: st.caption(text.MARKS),
    )
    frame.explain(text.CURVES)
    frame.also(
        "Change from the first size to the last, all pairs",
        chart.changes(answer.frame, measure=f"Change of {row['metric_label']}"),
        answer,
        f"Changes of {len(shown)} pairs of models from the first size to the last.",
    )


shell.show("sizes", draw)

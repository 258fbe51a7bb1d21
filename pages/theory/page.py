"""Why should it happen: worlds small enough to know, observed twice and learned (Section 4)."""

import polars as pl

from pages.theory import chart, finding, queries, text
from pages.ui import shell
from pages.ui.shell import Frame, Nothing


def draw(frame: Frame) -> None:
    """Choose, ask, draw, explain."""
    left = queries.theory_simulations().frame
    if left.is_empty():
        raise Nothing

    def narrowed(column: str, value: object) -> pl.DataFrame:
        return left.filter(pl.col(column) == value)

    def offered(column: str) -> list:
        return left[column].unique(maintain_order=True).to_list()

    with frame.row:
        world = frame.choose(
            "World", offered("world"), key="world", shown=text.WORLDS.__getitem__, width=160
        )
        left = narrowed("world", world)
    with frame.options:
        for label, column, key in (
            ("Events N", "events", "events"),
            ("Window T", "window", "window"),
            ("Smoothness", "smoothness", "smoothness"),
        ):
            left = narrowed(column, frame.slide(label, sorted(offered(column)), key=key))
    with frame.row:
        loss = frame.choose(
            "Loss", offered("loss"), key="loss", shown=text.LOSSES.__getitem__, width=140
        )
        left = narrowed("loss", loss)
    if left["temperature"].is_not_null().all():
        with frame.options:
            tau = frame.slide("Temperature τ", sorted(offered("temperature")), key="temperature")
        left = narrowed("temperature", tau)
    with frame.row:
        observer = frame.choose(
            "Observer B", offered("observer"), key="observer",
            shown=text.OBSERVERS.__getitem__, width=220,
            help="A sees every event under names of its own. B does, too, or sees less.",
        )  # fmt: skip
        left = narrowed("observer", observer)
    with frame.options:
        if observer != "bijective":
            label = "Information lost" if observer == "lossy" else "Seen at random"
            shares = sorted(offered("share"))
            share = frame.slide(label, shares, key=observer, shown=text.format_percent)
            left = narrowed("share", share)
        row = left.row(0, named=True)
        metrics = queries.theory_metrics(row["simulation"])
        labels: dict[str, str] = dict(metrics.frame.select("metric", "metric_label").iter_rows())
        metric = frame.choose(
            "Metric", sorted(labels, key=labels.__getitem__), key="metric", default="mutual_knn",
            shown=labels.__getitem__,
        )  # fmt: skip

    simulation = row["simulation"]
    measured = queries.theory_measured(simulation, metric=metric).frame.row(0, named=True)
    kernels = queries.theory_kernels(simulation)
    frame.answer(finding.find(measured))
    frame.figure(
        chart.kernels(kernels.frame),
        kernels,
        title="Two observers of one world learn its pointwise mutual information",
        measured=text.describe_simulation(measured),
        about=text.name_simulation(measured),
        alt_text="K_PMI of the world and the kernels that two observers learned, side by side.",
    )
    frame.explain(text.describe_learning(measured))
    training = queries.theory_training(simulation, metric=metric)
    frame.also(
        "As training goes on", chart.theory_training(training.frame), training,
        "Correlation of both kernels with K_PMI, and the observers' agreement, by step.",
    )  # fmt: skip
    scene = queries.Scene.of(row)
    lost = queries.theory_lost(scene, metric=metric)
    frame.also(
        "What is lost with information", chart.theory_lost(lost.frame, measure=labels[metric]),
        lost, f"{labels[metric]} of the observers against the information B lost.",
    )  # fmt: skip
    frame.explain(text.LOST)
    frame.also(
        "Every metric", chart.theory_metrics(metrics.frame), metrics,
        "Score of the two observers by every metric and step of training.",
    )  # fmt: skip


shell.show("theory", draw)

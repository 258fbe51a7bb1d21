"""Is it color-deep: colors in words, in pictures and in human vision (Fig. 8)."""

import polars as pl
import streamlit as st

from pages.color import chart, finding, queries, text, views
from pages.ui import shell
from pages.ui.q_values import with_q
from pages.ui.settings import choose_families
from pages.ui.shell import Frame, Nothing

_NONE = "none"


def draw(frame: Frame) -> None:
    """Choose, ask, draw, explain."""
    everything = queries.color_agreement()
    if everything.frame.is_empty():
        raise Nothing
    families = choose_families(frame, text.list_families(everything.frame))
    rows = text.keep_families(with_q(everything.frame), families).to_dicts()
    named = {text.name_layout(row): row for row in rows}
    seen = [name for name, row in named.items() if row["side"] == "vision"]
    tables = {text.name_words(r): (r["colors"], r["rule"]) for r in rows if r["side"] == "language"}
    table = next(iter(tables), None)
    if len(tables) > 1:
        with frame.options:
            table = frame.choose("Words", list(tables), key="words", width=330)
    worded = [
        name
        for name, row in named.items()
        if row["side"] == "language" and text.name_words(row) == table
    ]
    with frame.row:
        pictures = frame.choose("Pictures", [*seen, _NONE], key="pictures", width=250)
        first = frame.choose("Language model", [*worded, _NONE], key="first", width=250)
        second = frame.choose(
            "Another",
            [*worded, _NONE],
            key="second",
            default=text.pick_another_model(worded, first),
            width=250,
        )

    shown = [named[name] for name in (pictures, first, second) if name != _NONE]
    if not shown:
        st.info("Choose pictures or a language model.")
        return
    answer = finding.find(
        tables.get(table or ""), named[pictures]["unit_key"] if pictures != _NONE else None
    )
    if answer is not None:
        frame.answer(answer)
    layouts = queries.Layouts.of(*shown)
    points = queries.color_points(layouts)
    frame.figure(
        views.color_views(
            points.frame, {text.name_layout(row): text.describe_view(row) for row in shown}
        ),
        points,
        title="Colors in human vision, in pictures and in words",
        measured=text.describe_layouts(shown),
        about=text.tell_about(shown),
        view="views",
        alt_text="Colors in CIELAB's space: human vision, "
        + ", ".join(text.name_layout(row) for row in shown),
    )
    frame.explain(text.describe_agreement(shown))
    st.markdown("#### Every layout, best agreement first")
    st.dataframe(text.tabulate_agreement(pl.DataFrame(rows)), hide_index=True)
    st.caption(text.MARKS)
    pairs = queries.color_pairs(layouts)
    frame.also(
        "How far apart, two colors at a time", chart.color_pairs(pairs.frame), pairs,
        "Distances of pairs of colors in each layout against CIELAB.",
    )  # fmt: skip
    language = next((row for row in shown if row["side"] == "language"), None)
    if language is not None:
        layers = queries.color_layers(language["colors"], language["rule"])
        # q is over the layers of all models, whichever are drawn.
        drawn = text.keep_families(with_q(layers.frame), families)
        if not drawn.filter(pl.col("rho").is_not_null()).is_empty():
            frame.also(
                "At which layer does color emerge?", chart.color_layers(drawn),
                layers, "Agreement with CIELAB by layer of each language model.",
            )  # fmt: skip


shell.show("color", draw)

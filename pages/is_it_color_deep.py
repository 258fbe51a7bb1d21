"""Is it color-deep: colors in words, in pictures and in human vision (Fig. 8)."""

import polars as pl
import streamlit as st

from pages import queries
from pages.ui import charts, shell, words
from pages.ui.controls import Controls
from pages.ui.corrected import with_q
from pages.ui.warehouse import Nothing

_NONE = "none"


def draw() -> None:
    """Choose, ask, draw, explain."""
    everything = queries.color_agreement()
    if everything.frame.is_empty():
        raise Nothing(
            "no colors were laid out",
            "prh color --panel demo --pictures package:scikit-learn",
        )
    rows = with_q(everything.frame).to_dicts()
    named = {words.layout(row): row for row in rows}
    seen = [name for name, row in named.items() if row["side"] == "vision"]
    controls = Controls()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        tables = list(dict.fromkeys(words.table_of(r) for r in rows if r["side"] == "language"))
        table = controls.choose("Words", tables, key="words", width=330) if tables else None
        said = [n for n, r in named.items() if r["side"] == "language"
                and words.table_of(r) == table]  # fmt: skip
        pictures = controls.choose("Pictures", [*seen, _NONE], key="pictures", width=250)
        first = controls.choose("Language model", [*said, _NONE], key="first", width=250)
        second = controls.choose(
            "Another", [*said, _NONE], key="second", default=words.another(said, first), width=250
        )
    controls.show_notes()

    shown = [named[name] for name in (pictures, first, second) if name != _NONE]
    if not shown:
        st.info("Choose pictures or a language model.")
        return
    layouts = queries.Layouts(*((row["unit_key"], row["reading"]) for row in shown))
    points = queries.color_points(layouts)
    shell.figure(
        charts.color_views(points.frame),
        points,
        title="Colors in human vision, in pictures and in words",
        measured=words.arranged(shown),
        controls=controls,
        alt_text="Colors in CIELAB's space: human vision, "
        + ", ".join(words.layout(row) for row in shown),
    )
    shell.explain(words.agreed_on_color(shown))
    st.markdown("**Every layout**, best agreement first")
    st.dataframe(words.color_table(pl.DataFrame(rows)), hide_index=True)
    pairs = queries.color_pairs(layouts)
    shell.also(
        "How far apart, two colors at a time", charts.color_pairs(pairs.frame), pairs,
        "Distances of pairs of colors in each layout against CIELAB.",
    )  # fmt: skip
    spoken = next((row for row in shown if row["side"] == "language"), None)
    if spoken is not None:
        layers = queries.color_layers(spoken["colors"], spoken["rule"])
        if not layers.frame.filter(pl.col("rho").is_not_null()).is_empty():
            shell.also(
                "At which layer does color emerge?", charts.color_layers(with_q(layers.frame)),
                layers, "Agreement with CIELAB by layer of each language model.",
            )  # fmt: skip


shell.page("Do words and pictures arrange colors as the eye does?", draw)

"""Which way: who is nested in whom, and how hubs lie in each space."""

import polars as pl
import streamlit as st

from pages.nesting import chart, finding, queries, statistics, text
from pages.ui import shell
from pages.ui.plain import plain
from pages.ui.shell import Frame, Nothing

_CYCLES, _SPACES = "Cycle k-NN", "Hubs and density"


def draw(frame: Frame) -> None:
    """Choose, ask, answer, draw, explain."""
    settings = queries.nesting_settings().frame
    if settings.is_empty():
        raise Nothing
    with frame.row:
        named = settings["setting"].unique(maintain_order=True).to_list()
        setting = frame.choose("Compared on", named, key="tested", width=330)
        there = settings.filter(pl.col("setting") == setting)
        models = frame.choose("Models", there["models"].to_list(), key="nested", width=250)
        view = frame.view(["Nesting", _CYCLES, _SPACES])
    row = there.filter(pl.col("models") == models).row(0, named=True)
    tested = queries.Tested.of(row)
    pairs = queries.nested_pairs(tested)
    judged = statistics.judge(pairs.frame)
    answer = pairs._replace(frame=judged)
    found = finding.find(judged, samples=row["n"], k=row["k"])
    drawing, title, words = chart.differences(judged), "Which neighbors tell more", text.PAIRS
    if view == _CYCLES:
        found = finding.find_cycles(judged, samples=row["n"], k=row["k"])
        drawing, title, words = chart.cycles(judged), "The two ways round", text.CYCLES
    frame.answer(found)
    if view == _SPACES:
        answer = queries.space_hubs(tested)
        drawing, title, words = chart.spaces(answer.frame), "Hubs and density", text.SPACES
    frame.figure(
        drawing,
        answer,
        title=f"{title}: {models}",
        measured=[plain(setting), *text.MEASURED],
        about={"Setting": setting, "Models": models},
        view=view,
        alt_text=f"{title}, {models}, {setting}.",
        below=lambda: st.caption(f"{plain(setting)}. {text.MARKS[words]}"),
    )
    frame.explain(words)


shell.show("nesting", draw)

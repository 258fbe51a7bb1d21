"""Do they match without pairs: models' samples matched by what is alike within each space."""

import polars as pl
import streamlit as st

from pages.ui import shell
from pages.ui.plain import plain
from pages.ui.settings import choose_sides
from pages.ui.shell import Frame, Nothing
from pages.unpaired import chart, finding, queries, statistics, text

_PAIRS, _SAMPLES = "Pairs of models", "Samples of a pair"


def draw(frame: Frame) -> None:
    """Choose, ask, answer, draw, explain."""
    settings = queries.matched_settings().frame
    if settings.is_empty():
        raise Nothing
    sides = choose_sides(frame, settings.unique(["modality_x", "modality_y"], maintain_order=True))
    there = settings.filter(modality_x=sides.modality_x, modality_y=sides.modality_y)
    with frame.row:
        titles = there["dataset"].unique(maintain_order=True).to_list()
        dataset = frame.choose("Dataset", titles, key="dataset", width=220)
    ways = {text.name_way(row): row for row in there.filter(dataset=dataset).to_dicts()}
    with frame.options:
        chosen = ways[frame.choose("Matched by", list(ways), key="way", width=300)]
    way = queries.Way.of(chosen)
    answer = queries.matched_pairs(way)
    pairs = statistics.against_luck(answer.frame)
    names = dict(zip(pairs["unit_key"], pairs["pair"], strict=True))
    with frame.row:
        view = frame.view([_PAIRS, _SAMPLES])
        pair = None
        if view == _SAMPLES:
            pair = frame.choose("Pair", list(names), key="pair", shown=names.__getitem__, width=300)
    frame.answer(finding.find(pairs, samples=way.n, blocks=way.blocks))
    about = {"dataset": dataset, "matched by": text.name_way(chosen), "row_order": way.row_order}
    if pair is None:
        frame.figure(
            chart.matched(pairs),
            answer._replace(frame=pairs),
            title="Samples matched without pairs",
            measured=text.describe_way(way, dataset),
            about=about,
            view=_PAIRS,
            alt_text=f"Correct matches and mean rank of true partners of {pairs.height} pairs.",
            below=lambda: st.caption(text.MARKS),
        )
        frame.explain(text.READING)
        return
    samples = queries.matched_with(pair)
    frame.figure(
        chart.ranks(statistics.rank_shares(samples.frame, n=way.n, blocks=way.blocks)),
        samples._replace(frame=samples.frame.drop("webp", "partner_webp")),
        title=f"Where true partners stand: {names[pair]}",
        measured=text.describe_way(way, dataset),
        about={**about, "pair": names[pair]},
        view=_SAMPLES,
        alt_text=f"Ranks of the true partners of the samples, {names[pair]}, beside luck.",
        below=lambda: _show(samples.frame, names[pair]),
    )
    frame.explain(text.SAMPLES + "\n\n" + text.READING)


def _show(samples: pl.DataFrame, name: str) -> None:
    """Show with whom samples were matched."""
    st.markdown(f"**With whom samples were matched: {plain(name)}**")
    st.dataframe(
        text.tabulate(samples),
        hide_index=True,
        column_config={
            "Picture": st.column_config.ImageColumn(width="small"),
            "Partner's": st.column_config.ImageColumn(width="small"),
        },
    )


shell.show("unpaired", draw)

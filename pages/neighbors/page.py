"""Which neighbors: inside a score by mutual k-NN, sample by sample."""

from typing import Any

import polars as pl
import streamlit as st

from pages.neighbors import chart, finding, queries, statistics, text
from pages.neighbors.samples import choose_sample, show_neighbors
from pages.ui import queries as shared
from pages.ui import shell
from pages.ui import text as words
from pages.ui.answers import Setting
from pages.ui.plain import plain
from pages.ui.settings import choose_setting, choose_sides
from pages.ui.shell import Frame, Nothing, Pick


def draw(frame: Frame) -> None:
    """Choose, ask, draw, explain."""
    everywhere = queries.inside_settings().frame
    if everywhere.is_empty():
        raise Nothing
    sides = choose_sides(frame, everywhere)
    settings = everywhere.filter(
        pl.col("modality_x") == sides.modality_x, pl.col("modality_y") == sides.modality_y
    )
    setting = choose_setting(frame, settings, in_view=("dataset",))
    pair = _choose_pair(frame, setting)
    layers = _choose_layers(frame, queries.Pair.of(pair))
    compared = queries.Compared.of(layers)
    others = queries.other_pairs(queries.Pair.of(pair)).frame
    # The chart comes first, and shows the sample that is chosen below it.
    above, finder = st.container(), st.container(horizontal=True, vertical_alignment="bottom")
    with finder:
        sample = choose_sample(frame, compared, others, (pair["label_x"], pair["label_y"]))

    measured = shared.measured(setting).frame.row(0, named=True)
    counts = queries.shared_counts(compared)
    beside = statistics.beside_chance(counts.frame, n=setting.n)
    sharing = statistics.summarize(counts.frame, n=setting.n)
    frame.answer(finding.find(pair, layers, sharing, samples=setting.n), note=measured["note"])
    first, second = (f"{pair[f'label_{at}']}, {layers[f'layer_name_{at}']}" for at in ("x", "y"))
    names = first, second
    if sample is None:
        st.info("No caption and no id holds these words; look for others.")
        return
    places = queries.sample_places(compared, position=sample["position"])
    frame.figure(
        chart.maps(statistics.onto_each_other(places.frame), names=names, k=compared.k),
        places,
        title=f"The samples in {names[0]} and in {names[1]}",
        measured=[
            *words.describe_measured(measured, " × ".join(map(plain, names))),
            *text.describe_maps(layers, places.frame.height),
        ],
        about={**words.about(setting, measured), "first": names[0], "second": names[1]},
        view=f"sample {sample['position']}",
        alt_text=f"Maps of the samples in {names[0]} and {names[1]}, colored by neighbors in "
        "common; the chosen sample and its neighbors are marked.",
        pick=Pick(
            chart.PICKED,
            lambda clicked: frame.move("sample", int(clicked["position"])),
            f"{compared.layer_key_x}-{compared.layer_key_y}-{sample['position']}",
        ),
        place=above,
        below=lambda: show_neighbors(frame, compared, sample, names),
    )
    frame.explain(text.EXPLAINED)
    frame.also(
        "Which samples carry the score?", chart.shared_by_chance(beside, k=compared.k), counts,
        "Samples by neighbors in common, beside what chance gives.",
    )  # fmt: skip
    _by_what_samples_are(frame, compared)


def _choose_pair(frame: Frame, setting: Setting) -> dict[str, Any]:
    """Ask for two models; trained ones that agree most come first."""
    pairs = queries.inside_pairs(setting).frame
    sides = setting.sides.names
    with frame.row:
        for title, key, column in zip(sides, ("x", "y"), ("label_x", "label_y"), strict=True):
            offered = pairs[column].unique(maintain_order=True).to_list()
            label = f"{title.capitalize()} model"
            chosen = frame.choose(label, offered, key=key, width=165)
            pairs = pairs.filter(pl.col(column) == chosen)
    return pairs.row(0, named=True)


def _choose_layers(frame: Frame, pair: queries.Pair) -> dict[str, Any]:
    """Ask for a layer of each, those of the score by default."""
    layers = queries.inside_layers(pair).frame
    with frame.options:
        for title, key, column in (
            ("Layer of the first", "layer_x", "layer_name_x"),
            ("Layer of the second", "layer_y", "layer_name_y"),
        ):
            offered = layers[column].unique(maintain_order=True).to_list()
            chosen = frame.choose(title, offered, key=key, width=165)
            layers = layers.filter(pl.col(column) == chosen)
    return layers.row(0, named=True)


def _by_what_samples_are(frame: Frame, compared: queries.Compared) -> None:
    """Draw agreement by words of captions or how many there are, by class, by pictures."""
    said = queries.shared_by_word(compared)
    labeled = queries.shared_by_label(compared)
    pictured = queries.shared_by_picture(compared)
    offered = {
        "Words of captions": not said.frame.is_empty(),
        "Length of captions": not said.frame.is_empty(),
        "Classes": not labeled.frame.is_empty(),
        "Pictures": not pictured.frame.is_empty(),
    }
    if not any(offered.values()):
        st.caption(text.NO_WORDS)
        return
    by = frame.view([name for name, there in offered.items() if there], key="by")
    if by == "Pictures":
        frame.also(
            "Agreement by what pictures are like",
            chart.by_what_pictures_are_like(statistics.by_picture(pictured.frame)), pictured,
            "Mean share of neighbors in common by tenths of the samples, a panel for brightness, "
            "contrast, colorfulness and detail.",
        )  # fmt: skip
        st.caption(text.PICTURED)
        return
    if by == "Length of captions":
        answer = queries.shared_by_length(compared)
        drawing = chart.by_what_captions_say(answer.frame, field="words", title="Words")
    else:
        answer, field = (labeled, "label") if by == "Classes" else (said, "word")
        drawing = chart.by_what_captions_say(
            statistics.ends(answer.frame), field=field, title=field.capitalize()
        )
    if by == "Words of captions" and (more := text.describe_unread(compared.n)):
        st.caption(more)
    frame.also(
        "Agreement by class" if by == "Classes" else "Agreement by what captions say",
        drawing, answer, "Mean share of neighbors in common, a point for each.",
    )  # fmt: skip


shell.show("neighbors", draw)

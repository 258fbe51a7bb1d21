"""One sample: found, shown, and walked on from to its neighbors."""

import random
from typing import Any

import polars as pl
import streamlit as st

from pages.neighbors import queries, text
from pages.ui import frame as shared
from pages.ui.plain import plain
from pages.ui.shell import Frame

ORDERS: dict[str, queries.Order] = {
    "Most agreed upon": "most",
    "Least agreed upon": "least",
    "Another model differs most": "difference",
}
_LOOKING = ("order", "words", "instead")
"""Controls whose move looks for other samples."""


def choose_sample(
    frame: Frame, compared: queries.Compared, others: pl.DataFrame, labels: tuple[str, str]
) -> dict[str, Any] | None:
    """Ask for a sample: by an order, by words, by chance, or as a map or a list was clicked.

    Args:
        frame: where the widgets go.
        compared: two layers.
        others: answer of `queries.other_pairs`.
        labels: of the two models.

    Returns:
        Its row of `queries.found_samples`; None where no sample holds the words.
    """
    offered = [name for name, order in ORDERS.items() if order != "difference" or others.height]
    order = frame.choose("Samples", offered, key="order", width=190)
    other_key = ""
    if ORDERS[order] == "difference":
        named = {_name_other(row, labels): row["other_key"] for row in others.to_dicts()}
        other_key = named[frame.choose("Other pair", list(named), key="instead", width=230)]
    words = frame.search("Search captions", key="words", placeholder="any", width=150)
    if frame.moved in _LOOKING:
        frame.forget("sample")
    asked = frame.asked("sample") or ""
    found = queries.found_samples(
        compared, words=words, sought=ORDERS[order], other_key=other_key,
        position=int(asked) if asked.isdecimal() and len(asked) < 10 else -1,
    ).frame  # fmt: skip
    if found.is_empty() or not (found["found"].any() or asked):
        return None
    rows = {row["position"]: row for row in found.to_dicts()}
    position = frame.choose(
        "Sample", list(rows), key="sample",
        told=lambda at: text.name_sample(rows[at], compared.k), width=260,
    )  # fmt: skip
    st.button(
        "Random", on_click=lambda: frame.move("sample", random.randrange(compared.n)),  # noqa: S311
        help="Choose any sample, whatever it shares.",
    )  # fmt: skip
    return rows[position]


def _name_other(row: dict[str, Any], labels: tuple[str, str]) -> str:
    first, second = labels
    kept = (row["label"], second) if row["first"] else (first, row["label"])
    return " × ".join(kept)


def show_neighbors(
    frame: Frame, compared: queries.Compared, sample: dict[str, Any], names: tuple[str, ...]
) -> None:
    """Show a sample and its neighbors on either side; a row that is clicked is the next sample.

    Args:
        frame: of the page.
        compared: two layers.
        sample: a row of `queries.found_samples`.
        names: of the two layers.
    """
    st.caption(text.MARKS)
    answer = queries.neighbors_of(compared, position=sample["position"])
    card, *sides = st.columns((3, 8, 8))
    with card:
        picture = text.picture_of(sample)
        if picture is not None:
            st.image(picture, width=120, alt=f"Sample {sample['sample_id']}")
        elif letter := text.letter_of(sample):
            st.markdown(f"## {letter}")
        st.markdown(text.describe_sample(sample, compared.k))
        st.caption("A click on a row, or on a point of a map, goes on to that sample.")
    for place, (side, name) in enumerate(zip(sides, names, strict=True)):
        near = answer.frame.filter(pl.col("place") == place)
        with side:
            st.markdown(f"**Nearest in {plain(name)}**")
            _offer_rows(
                frame, text.tabulate(answer.frame, place), near, f"{sample['position']}-{place}"
            )
    shared.behind(
        "Table and SQL: the neighbors of this sample",
        answer._replace(frame=answer.frame.drop("webp")),
    )


def _offer_rows(frame: Frame, table: pl.DataFrame, near: pl.DataFrame, key: str) -> None:
    """Show neighbors as a table whose rows can be clicked."""
    state = f"{frame.topic}-rows-{key}"

    def take() -> None:
        rows = st.session_state[state]["selection"]["rows"]
        if rows:
            frame.move("sample", int(near["neighbor"][rows[0]]))

    st.dataframe(
        table,
        hide_index=True,
        key=state,
        on_select=take,
        selection_mode="single-row",
        row_height=44 if "Picture" in table.columns else None,
        height="content",
        column_config={
            "Rank": st.column_config.NumberColumn(width=50),
            "Picture": st.column_config.ImageColumn(width=62),
            "Picture ": st.column_config.TextColumn(width=62),
            "There": st.column_config.TextColumn(
                width=62,
                help="Its rank in the other model, ● where it is a neighbor there, too; empty "
                "beyond the neighbors that are stored.",
            ),
            "Cosine": st.column_config.NumberColumn(format="%.3f", width=66),
        },
    )

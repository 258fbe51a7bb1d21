"""A reader's own question: an editor, the schema beside it, the answer as table and picture."""

import polars as pl
import streamlit as st

from pages.ask import chart, queries, text
from pages.ui import shell
from pages.ui.answers import Answer
from pages.ui.plain import plain
from pages.ui.shell import Frame
from prh_core.warehouse.errors import QueryError


def draw(frame: Frame) -> None:
    """Offer, ask, show."""
    schema = queries.schema().frame
    editor, beside = st.columns([3, 2], gap="medium")
    with beside:
        show_schema(frame, schema)
    with editor:
        offer_examples(frame)
        first, *_ = queries.examples()
        sql = frame.write("SQL", first.sql, key="sql", height=250, longest=text.LONGEST)
        st.button("Run")
    st.caption(text.HOW)
    if sql.strip():
        show_answer(frame, sql)


def offer_examples(frame: Frame) -> None:
    """Let a reader begin with a statement for a figure of the paper, or another question."""

    def take() -> None:
        example = st.session_state["example"]
        if example is not None:
            frame.move("sql", example.sql)
        st.session_state["example"] = None

    st.selectbox(
        text.START, [None, *queries.examples()], key="example", format_func=text.title_of,
        on_change=take,
    )  # fmt: skip


def show_schema(frame: Frame, schema: pl.DataFrame) -> None:
    """List what a table or view holds, and what it means."""
    tables = schema["table_name"].unique(maintain_order=True).to_list()
    name = frame.choose(
        "Tables and views", tables, key="table", default="language_vision_alignment", width=300
    )
    shown = schema.filter(table_name=name)
    st.caption(plain(shown["says"].item(0), 600))
    st.dataframe(
        shown.select("column_name", "data_type", "comment"), hide_index=True, height=230,
        column_config={"column_name": "column", "data_type": "type", "comment": "meaning"},
    )  # fmt: skip


def show_answer(frame: Frame, sql: str) -> None:
    """Show what a statement answers: rows, a picture, files; or why it does not."""
    try:
        with st.spinner("Asking"):
            found = queries.ask_stranger(sql)
    except QueryError as error:
        st.error(plain(str(error), 600))
        return
    rows = found.answer.frame
    st.caption(text.describe(found))
    if rows.is_empty():
        st.info(text.NO_ROWS)
        return
    st.dataframe(rows, hide_index=True, height=text.HEIGHT)
    axes = chart.axes_of(rows)
    answer = Answer(rows, "ask", sql, {})
    if axes is None:
        st.caption(text.NO_PICTURE)
        frame.offer_files(None, answer, title="", about={})
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kind = frame.view(chart.KINDS, key="picture")
        x = frame.choose("Across", axes.x, key="x")
        y = frame.choose("Up", axes.y, key="y")
        color = frame.choose("Color", axes.color, key="color")
    picture = chart.draw(rows, kind, x, y, color)
    frame.draw(picture, f"{kind} of {y} against {x}")
    frame.offer_files(picture, answer, title=f"{y} against {x}", about={})


shell.show("ask", draw)

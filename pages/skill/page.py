"""Does alignment predict skill: benchmarks of language models against their alignment."""

import polars as pl
import streamlit as st

from pages.skill import chart, queries, statistics, text
from pages.ui import palette, shell
from pages.ui import queries as shared
from pages.ui import text as words
from pages.ui.reference import held_against
from pages.ui.settings import choose_setting
from pages.ui.shell import Frame, Nothing

_NO_RANK = "nothing"


def draw(frame: Frame) -> None:
    """Choose, ask, draw, explain."""
    settings = shared.settings().frame
    if settings.is_empty():
        raise Nothing
    # Where most models have a skill comes first: one dot says nothing.
    settings = settings.sort("skilled", descending=True, maintain_order=True)
    with frame.row:
        setting = choose_setting(frame, settings)
        able = shared.skills(setting.dataset_id).frame
        skills = able.filter(pl.col("modality") == "language")
        if skills.is_empty():
            raise Nothing(
                "it holds no benchmark of a language model",
                "prh import lm-eval results_*.json",
            )
        pairs = shared.alignment(setting, concatenated=True, untrained=False).frame
        names = pairs["vision_label"].unique(maintain_order=True).to_list()
        if not names:
            st.info("Only untrained models were measured here.")
            return
        vision = frame.choose("Vision model", names, key="vision", width=240)
        skill = frame.choose("Skill", skills["skill"].to_list(), key="skill", width=330)
        texts = skills.filter("predicts_text", pl.col("skill") != skill)["skill"].to_list()
        rank = frame.choose("Color by rank in", [*texts, _NO_RANK], key="rank", width=330)

    measured = shared.measured(setting).frame.row(0, named=True)
    model = pairs.filter(pl.col("vision_label") == vision)["vision_model"][0]
    answer = queries.skill(
        setting,
        vision_model=model,
        skill=skill,
        text=None if rank == _NO_RANK else rank,
        concatenated=True,
    )
    if answer.frame.is_empty():
        st.info(words.describe_missing_skill(skill, language=True))
        return
    if measured["note"]:
        st.info(f"**{measured['dataset']}.** {measured['note']}")
    about = skills.filter(pl.col("skill") == skill).row(0, named=True)
    emergence = statistics.run_emergence_test(answer.frame)
    colors = palette.families(shared.families().frame["family"].to_list())
    frame.figure(
        chart.skill(
            answer.frame,
            emergence,
            colors,
            measure=f"{words.name_metric(measured)} with {vision}",
            skill=skill,
            rank=None if rank == _NO_RANK else rank,
            reference=held_against(answer.frame),
        ),
        answer,
        title=f"{skill} against alignment with {vision}",
        measured=[
            *words.describe_measured(measured, vision),
            words.describe_skill(about, None),
        ],
        alt_text=f"{skill} of each language model against its alignment with {vision}.",
    )
    frame.explain(
        text.describe_emergence(answer.frame, emergence)
        + " A disc's area grows with the number of parameters. What predicts is not what causes: "
        "larger models are better at both."
    )


shell.show("skill", draw)

"""Does alignment predict skill: benchmarks of language models against their alignment."""

import polars as pl
import streamlit as st

from pages.skill import chart, finding, queries, statistics, text
from pages.ui import palette, shell
from pages.ui import queries as shared
from pages.ui import text as words
from pages.ui.plain import plain
from pages.ui.reference import MINUS_CONTROL, RAW, held_against
from pages.ui.settings import choose_families, choose_setting
from pages.ui.shell import Frame, Nothing

_NO_RANK = "nothing"


def draw(frame: Frame) -> None:
    """Choose, ask, draw, explain."""
    settings = finding.list_settings()
    if settings.is_empty():
        raise Nothing
    setting = choose_setting(frame, settings)
    skills = finding.list_skills(setting.dataset_id)
    if skills.is_empty():
        raise Nothing(
            "it holds no benchmark of a language model that was compared on this dataset",
            "prh import lm-eval results_*.json",
        )
    pairs = shared.alignment(setting, concatenated=True, untrained=False).frame
    names = pairs["label_y"].unique(maintain_order=True).to_list()
    if not names:
        st.info("Only untrained models were measured here.")
        return
    with frame.row:
        vision = frame.choose("Vision model", names, key="vision", width=210)
        skill = frame.choose("Skill", skills["skill"].to_list(), key="skill", width=290)
    texts = skills.filter("predicts_text", pl.col("skill") != skill)["skill"].to_list()
    with frame.options:
        rank = frame.choose("Color by rank in", [*texts, _NO_RANK], key="rank", width=290)
        scores = [RAW, *([MINUS_CONTROL] if pairs["control"].is_not_null().any() else [])]
        scale = frame.choose("Scores", scores, key="scores", width=210)
    minus = scale == MINUS_CONTROL

    families = choose_families(frame, pairs["group_x"])
    measured = shared.measured(setting).frame.row(0, named=True)
    answer = queries.skill(
        setting,
        vision_model=pairs.filter(pl.col("label_y") == vision)["model_y"][0],
        skill=skill,
        text=None if rank == _NO_RANK else rank,
        concatenated=True,
        minus_control=minus,
        families=families,
    )
    if answer.frame.is_empty():
        st.info(words.describe_missing_skill(skill, language=True))
        return
    about = skills.filter(pl.col("skill") == skill).row(0, named=True)
    found = statistics.predict(answer.frame)
    frame.answer(
        finding.find(
            answer.frame,
            found,
            skill=skill,
            vision=vision,
            samples=setting.n,
            published=measured["published"],
            higher_is_closer=minus or measured["higher_is_closer"],
            minus_control=minus,
        ),
        note=measured["note"],
    )
    colors = palette.families(shared.families().frame["family"].to_list())
    frame.figure(
        chart.skill(
            answer.frame,
            found,
            colors,
            measure=f"{words.name_metric(measured)} with {vision}"
            + (f", {MINUS_CONTROL}" if minus else ""),
            skill=skill,
            rank=None if rank == _NO_RANK else rank,
            reference=held_against(answer.frame, scale),
        ),
        answer,
        title=f"{skill} against alignment with {vision}",
        measured=[
            *words.describe_measured(measured, plain(vision)),
            words.describe_skill(about, None),
        ],
        about={**words.about(setting, measured), "vision model": vision, "skill": skill,
               "scores": MINUS_CONTROL if minus else None, "families": families or None},
        alt_text=f"{skill} of each language model against its alignment with {vision}.",
    )  # fmt: skip
    frame.explain(
        text.describe_line(found.line)
        + text.describe_emergence(answer.frame, found.emergence)
        + " A disc's area grows with the number of parameters. What predicts is not what causes: "
        "larger models are better at both."
    )


shell.show("skill", draw)

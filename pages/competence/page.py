"""Do strong models agree: models of one modality among themselves, by what they can do (Fig. 2)."""

from typing import Literal

import polars as pl
import streamlit as st

from pages.competence import chart, finding, queries, statistics, text
from pages.ui import queries as shared
from pages.ui import shell
from pages.ui import text as words
from pages.ui.charts.parts import Chart
from pages.ui.reference import MINUS_CONTROL, RAW, held_against
from pages.ui.settings import choose_families, choose_setting
from pages.ui.shell import Frame, Nothing
from prh_core.convergence import RULES, Rule

_MAPS: dict[str, Literal["umap", "mds"]] = {"UMAP": "umap", "MDS": "mds"}
# Models from which UMAP is the first choice: of fewer it shows less that is true than MDS.
_ENOUGH = 15
_LEFT, _RIGHT = "Agreement by competence", "Map of the models"


def draw(frame: Frame) -> None:
    """Choose, ask, draw, explain."""
    there = shared.modalities().frame["modality"].to_list()
    if not there:
        raise Nothing
    with frame.row:
        modality = frame.choose("Models", there, key="models", width=120)
    settings = shared.model_settings(modality).frame
    own = () if modality == "language" else ("pooling", "prompt")
    setting = choose_setting(frame, settings, without=own)
    skills = finding.list_skills(setting.dataset_id, modality)
    names = skills["skill"].to_list()
    with frame.row:
        skill = frame.choose("Competence", names, key="skill", width=290) if names else None
    count, rule, method = _choose_drawing(frame, int(settings["models"][0]))

    measured = queries.model_measured(setting, modality).frame.row(0, named=True)
    pairs = queries.model_pairs(setting, modality, skill=skill)
    families = choose_families(frame, text.list_families(pairs.frame))
    scores = _choose_scores(frame, pairs.frame)
    less = scores == MINUS_CONTROL
    if families or less:
        pairs = queries.model_pairs(
            setting, modality, skill=skill, families=families, minus_control=less
        )
    measure = words.name_metric(measured) + (f", {scores}" if less else "")
    found = statistics.bin_models(pairs.frame, count=count, rule=rule)
    closer = less or bool(measured["higher_is_closer"])
    frame.answer(
        finding.find(
            setting, modality, found, skill=skill, higher_is_closer=closer,
            scores=scores if less else "",
        ),
        note=measured["note"],
    )  # fmt: skip
    panels: dict[str, Chart] = {}
    if skill is not None and not found.bins["alignment"].is_null().all():
        panels[_LEFT] = chart.bins(
            found.bins, measure=measure, skill=skill, reference=held_against(pairs.frame, scores)
        )
    places = queries.map_of_models(
        setting, modality, method=_MAPS[method], skill=skill, families=families
    )
    if not places.frame.is_empty():
        panels[_RIGHT] = chart.model_map(places.frame, skill=skill or "competence")
    if not panels:
        st.info(text.describe_lack(measured, skill, modality))
        return
    sources = [*text.describe_measured(measured, pairs.frame, modality)]
    if skill is not None:
        about = skills.filter(pl.col("skill") == skill).row(0, named=True)
        sources.append(words.describe_skill(about, shared.text_of(skill)))
    frame.figure(
        panels,
        pairs,
        title=f"Agreement of {modality} models with each other",
        measured=sources,
        about={
            **words.about(setting, measured),
            "families": families or None,
            "scores": scores if less else None,
        },
        alt_text=f"{measure} of {modality} models with each other by their competence.",
    )
    if not places.frame.is_empty():
        shell.behind("Table and SQL of the map", places)
    frame.explain(
        text.describe_convergence(found, skill, modality)
        + "\n\n"
        + text.describe_map(places.frame, method)
    )


def _choose_scores(frame: Frame, pairs: pl.DataFrame) -> str:
    """Offer scores as they are, and less their untrained control where there is one."""
    offered = [RAW] if pairs["control"].is_null().all() else [RAW, MINUS_CONTROL]
    with frame.options:
        return frame.choose(
            "Scores", offered, key="scores", width=200,
            help="Minus untrained control: how much closer a pair is than the closest of its two "
            "models with an untrained one.",
        )  # fmt: skip


def _choose_drawing(frame: Frame, models: int) -> tuple[int, Rule, str]:
    """Ask how models are binned and mapped: number of bins, how they are cut, and the map."""
    with frame.options:
        few = statistics.customary_bins(models)
        count = frame.choose("Bins", [2, 3, 4, 5, 6, 8, 10], key="bins", default=few, width=110)
        rule = frame.choose(
            "Binning", RULES, key="cut", width=150,
            help="Equal width: the range of competence is cut evenly. Equal count: the models are.",
        )  # fmt: skip
        trusted = "UMAP" if models >= _ENOUGH else "MDS"
        method = frame.choose("Map by", list(_MAPS), key="map", default=trusted, width=120)
    return count, rule, method


shell.show("competence", draw)

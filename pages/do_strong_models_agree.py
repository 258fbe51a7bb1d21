"""Do strong models agree: models of one modality among themselves, by what they can do (Fig. 2)."""

import polars as pl
import streamlit as st

from pages import queries
from pages.ui import charts, convergence, shell, words
from pages.ui.controls import Controls, choose_setting
from pages.ui.reference import held_against
from pages.ui.warehouse import Nothing
from prh_core.convergence import RULES

_MODALITIES = ("vision", "language")
_MAPS = {"UMAP": "umap", "MDS": "mds"}
# Models from which UMAP is the first choice: of fewer it shows less that is true than MDS.
_ENOUGH = 15
_LEFT, _RIGHT = "Agreement by competence", "Map of the models"


def draw() -> None:
    """Choose, ask, draw, explain."""
    compared = {modality: queries.model_settings(modality).frame for modality in _MODALITIES}
    there = [modality for modality, found in compared.items() if not found.is_empty()]
    if not there:
        raise Nothing("no models of one modality were compared with each other")
    controls = Controls()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        modality = controls.choose("Models", there, key="models", width=130)
        settings = compared[modality]
        own = ("pooling", "prompt") if modality == "vision" else ()
        setting = choose_setting(controls, settings, without=own)
        able = queries.skills(setting.dataset_id).frame
        skills = able.filter(pl.col("modality") == modality, pl.col("here") > 1)
        names = sorted(skills["skill"].to_list(), key=words.solved_first)
        skill = controls.choose("Competence", names, key="skill", width=330) if names else None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        models = int(settings["models"][0])
        few = convergence.customary(models)
        count = controls.choose("Bins", [2, 3, 4, 5, 6, 8, 10], key="bins", default=few, width=110)
        rule = controls.choose("Cut", RULES, key="cut", width=150)
        trusted = "UMAP" if models >= _ENOUGH else "MDS"
        method = controls.choose("Map by", list(_MAPS), key="map", default=trusted, width=120)
    controls.show_notes()

    measured = queries.model_measured(setting, modality).frame.row(0, named=True)
    if measured["note"]:
        st.info(f"**{measured['dataset']}.** {measured['note']}")
    pairs = queries.model_pairs(setting, modality, skill=skill)
    measure = words.measure(measured)
    found = convergence.binned(pairs.frame, count=count, rule=rule)
    panels: dict[str, charts.Chart] = {}
    if skill is not None and not found.bins["alignment"].is_null().all():
        panels[_LEFT] = charts.bins(
            found.bins, measure=measure, skill=skill, reference=held_against(pairs.frame)
        )
    places = queries.map_of_models(setting, modality, method=_MAPS[method], skill=skill)
    if not places.frame.is_empty():
        panels[_RIGHT] = charts.model_map(places.frame, skill=skill or "competence")
    if not panels:
        st.info(words.too_few_pairs(measured, skill, modality))
        return
    sources = [*words.paired(measured, pairs.frame, modality)]
    if skill is not None:
        about = skills.filter(pl.col("skill") == skill).row(0, named=True)
        sources.append(words.skilled(about, queries.text_of(skill)))
    shell.figure(
        panels,
        pairs,
        title=f"Agreement of {modality} models with each other",
        measured=sources,
        controls=controls,
        alt_text=f"{measure} of {modality} models with each other by their competence.",
    )
    if not places.frame.is_empty():
        shell.behind("Table and SQL of the map", places)
    shell.explain(
        words.converged(found, skill, modality) + "\n\n" + words.mapped(places.frame, method)
    )


shell.page("Do models that can do more agree more with each other?", draw)

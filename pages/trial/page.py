"""How does my model do: features of a reader's own, scored beside the panel for this session."""

from typing import Any

import streamlit as st

from pages.trial import chart, finding, form, queries, text
from pages.ui import shell
from pages.ui import text as words
from pages.ui.answers import Answer
from pages.ui.frame import script_of
from pages.ui.plain import plain
from pages.ui.shell import Frame
from pages.ui.trials import Request, Trial, current_trial, drop_trial
from prh_core.warehouse.trial import trials_allowed


def draw(frame: Frame) -> None:
    """Ask for a model, follow its scoring, show where it stands."""
    trial = current_trial()
    if trials_allowed() == "no":
        st.info(text.NOT_HERE)
    elif trial is None or trial.state in ("refused", "stopped"):
        if trial is not None and trial.state == "refused":
            st.error(plain(text.why_refused(trial.said()), 900))
        form.ask_for_model(frame)
    elif not trial.ended:
        follow(trial)
    else:
        show_place(frame, trial)


def follow(trial: Trial) -> None:
    """Show how far a trial is, and let the reader stop it."""
    st.markdown(f"**{plain(trial.request.label, 80)}** is being scored.")
    _show_progress(trial)
    st.button("Stop", on_click=drop_trial)


@st.fragment(run_every=1)
def _show_progress(trial: Trial) -> None:
    if trial.ended:
        st.rerun()
    progress = trial.progress()
    if progress is None:
        st.progress(0.0, text="Waiting for its turn" if trial.state == "waiting" else "Starting")
    else:
        count = f": {progress.done:,} of {progress.total:,}" if progress.total else ""
        st.progress(progress.share, text=f"{progress.title}{count}")
    for line in trial.said():
        st.caption(plain(line, 300))


def show_place(frame: Frame, trial: Trial) -> None:
    """Show where a model stands among those of its modality, and lead to the other pages."""
    request = trial.request
    answers = {other: _place(request, other) for other in _sides(request.modality)}
    answers = {other: answer for other, answer in answers.items() if not answer.frame.is_empty()}
    if not answers:
        st.warning("It was scored with no model.")
        return
    with frame.row:
        other = frame.choose("Against models of", list(answers), key="against")
    answer = answers[other]
    rows = answer.frame
    own = rows.filter("is_own")
    first = own.row(0, named=True)
    found = finding.find(rows, modality=request.modality, other=other)
    if found is not None:
        frame.answer(found)
    checks = queries.checks(request.model, request.dataset).frame.row(0, named=True)
    st.caption(" · ".join([text.describe_checks(checks), *text.notes(trial.said())]))
    measure = words.name_metric(first)
    frame.figure(
        chart.place(
            rows, label=first["label"], measure=measure, other=other,
            others=f"{request.modality} models here",
        ),
        answer,
        title=f"{first['label']} with {other} models",
        measured=text.describe_measured(first, other, own.height),
        about={
            "dataset": first["dataset"], "n": first["n"], "metric": first["metric_label"],
            "k": first["k"], "truncation": first["truncation"], "precision": first["precision"],
            "row_order": first["row_order"], "model": first["label"],
        },
        view=f"with {other}",
        alt_text=f"{measure} of {first['label']} with each {other} model, among the others of its "
        "modality.",
    )  # fmt: skip
    _lead_on(request.modality, other, first)
    with st.expander("Keep it in the warehouse of this host"):
        st.caption("For whoever runs this host: the app only reads.")
        said = text.commands(request.words, request.dataset, request.model, request.modality)
        st.code(said, language="shell")
    st.button("Try another", on_click=drop_trial)
    frame.explain(text.READING)


def _sides(modality: str) -> list[str]:
    """Return what a model may be held against: other modalities, then its own."""
    there = queries.panel().frame["modality"].unique(maintain_order=True).to_list()
    return [*(name for name in there if name != modality), modality]


def _place(request: Request, other: str) -> Answer:
    return queries.place(request.model, request.dataset, modality=other, **request.setting)


def _lead_on(modality: str, other: str, first: dict[str, Any]) -> None:
    """Lead to the pages that show the model among the others."""
    st.markdown("**It stands among the others on these pages, too, until you drop it:**")
    with st.container(horizontal=True, gap="small"):
        for topic, label, query in text.leads(modality, other, first["label"], first["dataset"]):
            st.page_link(script_of(topic), label=label, query_params=query)


shell.show("trial", draw)

"""What a reader says of a model: its files, what they are of, and what it is scored with."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import streamlit as st

from pages.trial import queries, text
from pages.ui.controls import Controls
from pages.ui.plain import plain
from pages.ui.shell import Frame, Nothing
from pages.ui.trials import Request, begin_trial
from prh_core.warehouse.location import data_folder
from prh_core.warehouse.trial import trials_allowed

_ANOTHER = "another"
_NO_SKILL = "not told"


def ask_for_model(frame: Frame) -> None:
    """Ask for features and what they are compared with; a button begins.

    Raises:
        Nothing: no features of any model lie here.
    """
    panel = _there(queries.panel().frame)
    if panel.is_empty():
        raise Nothing(text.NO_FILES, text.COMMAND)
    with frame.row:
        names = panel["dataset"].unique(maintain_order=True).to_list()
        dataset = frame.choose("Samples of", names, key="dataset", width=280)
    panel = panel.filter(dataset=dataset)
    first = panel.row(0, named=True)
    setting = _ask_setting(frame, first)
    with frame.options:
        labels = panel["label"].unique(maintain_order=True).to_list()
        chosen = frame.several("Score it with (none: with all)", labels, key="with")
    beside, files = st.columns([2, 3], gap="medium")
    with files:
        given, named = _ask_files()
    with beside:
        told = _ask_model(panel, given or [file.name for file in named])
    _offer_ids(frame, first)
    words = [
        *("--dataset", first["dataset_id"], "--model", told.id, "--label", told.label),
        *("--modality", told.modality, "--metric", setting["metric"]),
        *("--truncation", setting["truncation"], "--intersect"),
        *([] if setting["k"] is None else ["--k", str(setting["k"])]),
    ]
    if chosen:
        ids = panel.filter(pl.col("label").is_in(chosen))["model_id"].unique(maintain_order=True)
        words += ["--models", ",".join(ids)]
    if told.in_order:
        words += ["--row-order", first["row_order"]]
    if told.skill:
        words += ["--skill", told.skill]
    ready = bool(given or named) and re.fullmatch(r"[a-z][a-z0-9_]{0,29}", told.modality)
    if st.button("Check and score", disabled=not ready):
        contents = {file.name: file.getvalue() for file in given}
        begin_trial(
            Request(
                told.label, first["dataset_id"], told.modality, tuple(words), contents,
                tuple(named), told.id, setting,
            )
        )  # fmt: skip
        st.rerun()
    st.caption(text.limits(int(st.get_option("server.maxUploadSize"))))


class _Told(NamedTuple):
    """What a reader says of a model."""

    id: str
    label: str
    modality: str
    in_order: bool
    skill: str
    """NAME=SCORE, or empty."""


def _there(panel: pl.DataFrame) -> pl.DataFrame:
    """Keep the models whose features lie on this host."""
    home = data_folder()
    return panel.filter([(home / file).exists() for file in panel["file"]])


def _ask_setting(controls: Controls, first: dict[str, Any]) -> dict[str, Any]:
    """Ask how models are compared: as the panel was."""
    known = queries.trial_settings(first["dataset_id"], first["row_order"], first["n"]).frame
    if known.is_empty():
        return {"metric": "mutual_knn", "k": 10, "truncation": "exact"}
    with controls.options:
        metrics = known["metric_label"].unique(maintain_order=True).to_list()
        known = known.filter(metric_label=controls.choose("Metric", metrics, key="metric"))
        ks = known["k"].unique(maintain_order=True).to_list()
        k = controls.choose("Neighbors k", ks, key="k") if ks != [None] else None
        known = known.filter(pl.col("k").eq_missing(pl.lit(k)))
        cuts = known["truncation"].unique(maintain_order=True).to_list()
        cut = controls.choose("Truncation", cuts, key="truncation")
    return {"metric": known["metric"][0], "k": k, "truncation": cut}


def _ask_files() -> tuple[list[Any], list[Path]]:
    """Ask for files to send, or to name where the reader sits at this machine."""
    given = st.file_uploader(
        "Features: .safetensors, .npy, .npz, .parquet or .h5",
        type=text.KINDS, accept_multiple_files=True, key="trial files",
    )  # fmt: skip
    if trials_allowed() != "here" or given:
        return list(given), []
    path = st.text_input("Or a file on this machine", key="trial path", placeholder="/path/to.npz")
    file = Path(path.strip()).expanduser() if path.strip() else None
    if file is not None and not file.is_file():
        st.warning(f"There is no file {plain(file)}.")
        return [], []
    return [], [] if file is None else [file]


def _ask_model(panel: pl.DataFrame, files: list[Any]) -> _Told:
    """Ask what the model is."""
    name = str(getattr(files[0], "name", files[0])) if files else ""
    label = st.text_input(
        "Its name", value=Path(name).stem, max_chars=60, placeholder="as charts show it"
    ).strip() or Path(name).stem or "yours"  # fmt: skip
    kinds = [*panel["modality"].unique(maintain_order=True).to_list(), _ANOTHER]
    modality = str(st.selectbox("What it looks at", kinds, key="trial modality"))
    if modality == _ANOTHER:
        modality = st.text_input(
            "A short name for that", key="trial other", max_chars=30, placeholder="audio"
        ).strip()
    in_order = st.checkbox(
        "Rows without ids stand in the dataset's own order", key="trial order",
        help="Only where the files hold no sample ids: you answer for the order.",
    )  # fmt: skip
    skills = (
        [_NO_SKILL, *queries.trial_skills(modality).frame["skill"]] if modality else [_NO_SKILL]
    )
    skill = _NO_SKILL
    if len(skills) > 1:
        skill = st.selectbox("A skill you know it by", skills, key="trial skill")
    said = ""
    if skill != _NO_SKILL:
        score = st.number_input("… and its score", key="trial score", format="%.4f", step=0.01)
        said = f"{skill}={score}"
    taken = set(panel["model_id"])
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", label).strip("-._")[:60] or "yours"
    return _Told(f"{slug}-yours" if slug in taken else slug, label, modality, in_order, said)


def _offer_ids(frame: Frame, first: dict[str, Any]) -> None:
    """Offer the sample ids, in order: what rows have to be of."""
    with st.expander(f"Sample ids of {plain(first['dataset'], 80)}, and their order"):
        answer = queries.sample_ids(first["dataset_id"], first["row_order"])
        st.caption(
            f"{first['n']:,} samples; the SHA-256 of their ids in order is {first['row_order']}."
        )
        st.download_button(
            "Sample ids, one a line", text.list_ids(answer.frame), "ids.txt", "text/plain"
        )

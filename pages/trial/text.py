"""A reader's own model, in words."""

import re
import shlex
from typing import Any

import polars as pl

from pages.ui.findings.words import counted
from pages.ui.plain import plain

KINDS = ["safetensors", "npy", "npz", "parquet", "h5", "hdf5"]
"""Ends of file names that are taken."""
NO_FILES = "no features of models lie in its data folder, so there is nothing to score yours with"
COMMAND = "prh demo"
NOT_HERE = "This host scores no models of its readers."
FORMATS = (
    "One array (n, d), or one a layer by name; sample ids in an array or column `ids`, `id` or "
    "`sample_id`, by which rows are put in order. Never pickles or code."
)
READING = (
    "**Each row is a model of the other side.** The diamond is your model, its bar the interval of "
    "the expected score of its best pair of layers; circles are the models of its modality here, "
    "scored with the same samples under the same setting. The upright stroke is what the best of a "
    "table of layers reaches in 5 % of relabelings: right of it, agreement is no accident of "
    "having many layers.\n\n"
    "A place among few models says little: look at the intervals. Scores on other samples, with "
    "other numbers of them, or under another setting do not stand beside these."
)


def limits(megabytes: int) -> str:
    """Say what is taken, before anything is sent.

    Args:
        megabytes: most of a file.
    """
    return (
        f"At most {megabytes:,} MB a file. {FORMATS} It is read on this host, shown to you alone, "
        "and gone when your session ends."
    )


def describe_checks(row: dict[str, Any]) -> str:
    """Say what was read of a model.

    Args:
        row: of `queries.checks`.
    """
    widths = (
        f"{row['narrowest']:,}"
        if row["narrowest"] == row["widest"]
        else f"{row['narrowest']:,} to {row['widest']:,}"
    )
    return (
        f"Read: {counted(row['layers'], 'layer')} of {row['n']:,} samples, {widths} dimensions, "
        f"{plain(row['precision'])}"
    )


def describe_measured(row: dict[str, Any], other: str, partners: int) -> list[str]:
    """Say what was measured, in lines.

    Args:
        row: of `queries.place`.
        other: modality of the partners.
        partners: how many.
    """
    k = "" if row["k"] is None else f", k = {row['k']}"
    return [
        f"{plain(row['dataset'])}: n = {row['n']:,} · {plain(row['metric_label'])}{k} · truncation "
        f"{row['truncation']} · rows {'' if row['normalized'] else 'not '}normalized · "
        f"networks in {plain(row['precision'] or 'unknown precision')} · "
        f"{row['permutations'] or 'no'} permutations · with {counted(partners, f'{other} model')}"
    ]


def commands(words: tuple[str, ...], dataset: str, model: str, modality: str) -> str:
    """Return the commands by which the host writes a model into its warehouse.

    Args:
        words: options of the trial.
        dataset: catalog id.
        model: id.
        modality: of the model.
    """
    known = {"--row-order": "", "--label": ""}
    for name, value in zip(words, words[1:], strict=False):
        if name in known:
            known[name] = f" {name} {shlex.quote(value)}"
    return (
        f"prh import features FILE --dataset {shlex.quote(dataset)} --model {shlex.quote(model)} "
        f"--modality {shlex.quote(modality)}{''.join(known.values())}\n"
        f"prh score --dataset {shlex.quote(dataset)} --models {shlex.quote(model)},... --pairs all"
    )


def list_ids(frame: pl.DataFrame) -> bytes:
    """Return sample ids as a file, one a line, in the dataset's order.

    Args:
        frame: answer of `queries.sample_ids`.
    """
    return ("\n".join(frame["sample_id"].to_list()) + "\n").encode()


def why_refused(said: list[str]) -> str:
    """Return the sentence that a trial ended with.

    Args:
        said: lines of its process.
    """
    for line in reversed(said):
        if line.startswith("Error: "):
            return f"Not scored: {line.removeprefix('Error: ').rstrip('.')}."
    return "It ended before its end: " + (said[-1] if said else "nothing was said.")


def notes(said: list[str]) -> list[str]:
    """Return what a trial noted of the features, without its steps and their seconds.

    Args:
        said: lines of its process.
    """
    return [plain(line, 200) for line in said if not re.search(r" in [\d.]+ s(, |$)", line)]


def leads(
    modality: str, other: str, label: str, dataset: str
) -> list[tuple[str, str, dict[str, str]]]:
    """Return the pages that show a model among the others: topic, what to call it, and its query.

    Args:
        modality: of the model.
        other: of those it is held against.
        label: of the model.
        dataset: title.
    """
    pair = {modality, other} == {"language", "vision"}
    found = [("alignment", "Its alignment", {"dataset": dataset})]
    if pair:
        found += [
            ("layers", "Its layers", {"dataset": dataset, modality: label}),
            ("skill", "What it can do", {"dataset": dataset}),
        ]
    found.append(("competence", "The map of its kind", {"dataset": dataset, "models": modality}))
    return found

"""Do strong models agree: the answer of Fig. 2, of any setting and of the customary one."""

from typing import NamedTuple

import polars as pl

from pages.competence import queries, statistics
from pages.competence.text import rank_competence
from pages.ui import findings
from pages.ui import queries as shared
from pages.ui.answers import Modality, Setting
from pages.ui.findings import Finding
from prh_core.convergence import Rule


class Usual(NamedTuple):
    """What the page shows first."""

    finding: Finding
    bins: pl.DataFrame
    """Of `statistics.bin_models`."""
    skill: str
    higher_is_closer: bool
    address: dict[str, str]
    """The page's address under which it is seen."""


def find(
    setting: Setting,
    modality: Modality,
    found: statistics.Binned,
    *,
    skill: str | None,
    higher_is_closer: bool,
    scores: str = "",
) -> Finding:
    """Say whether stronger models of a modality agree more with each other.

    Args:
        setting: under which they were compared.
        modality: of the models.
        found: of `statistics.bin_models`.
        skill: what competence is; None where none is known.
        higher_is_closer: false where the alignment is a distance.
        scores: what was made of them, e.g. minus untrained control; empty for raw ones.
    """
    means = found.bins["alignment"].drop_nulls().to_list()
    trend = found.trend
    return findings.convergence(
        modality=modality,
        competence=skill or "known competence",
        models=trend.models if trend else int(found.bins["models"].sum()),
        pairs=trend.pairs if trend else int(found.bins["pairs"].sum()),
        rho=trend.rho if trend else None,
        p=trend.p_value if trend else None,
        weakest=means[0] if len(means) > 1 else None,
        strongest=means[-1] if len(means) > 1 else None,
        samples=setting.n,
        expected=1 if higher_is_closer else -1,
        scores=scores,
    )


def list_skills(dataset_id: str, modality: Modality) -> pl.DataFrame:
    """Return the rows of `queries.skills` that two models here have, the usual one first."""
    able = shared.skills(dataset_id).frame
    known = able.filter(pl.col("modality") == modality, pl.col("here") > 1)
    names = sorted(known["skill"].to_list(), key=rank_competence)
    order = pl.DataFrame({"skill": names}, schema={"skill": pl.String})
    return order.join(known, on="skill", how="left", maintain_order="left")


def find_usual() -> Usual | None:
    """Return the finding that the page shows first; None where it has none."""
    for modality in shared.modalities().frame["modality"]:
        settings = shared.model_settings(modality).frame
        if settings.is_empty():
            continue
        row = settings.row(0, named=True)
        setting = Setting.of(row)
        skills = list_skills(setting.dataset_id, modality)
        if skills.is_empty():
            continue
        skill = str(skills["skill"][0])
        rule: Rule = "equal width"
        found = statistics.bin_models(
            queries.model_pairs(setting, modality, skill=skill).frame,
            count=statistics.customary_bins(int(row["models"])),
            rule=rule,
        )
        if found.bins["alignment"].is_null().all():
            continue
        closer = bool(row["higher_is_closer"])
        finding = find(setting, modality, found, skill=skill, higher_is_closer=closer)
        address = {
            "models": modality,
            "dataset": row["dataset"],
            "metric": row["metric_label"],
            "skill": skill,
        }
        return Usual(finding, found.bins, skill, closer, address)
    return None

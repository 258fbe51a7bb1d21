"""Does alignment predict skill: the answer of Fig. 4, of any setting and of the customary one."""

from typing import NamedTuple

import polars as pl

from pages.skill import queries, statistics
from pages.ui import findings
from pages.ui import queries as shared
from pages.ui.answers import Setting
from pages.ui.findings import Finding


class Usual(NamedTuple):
    """What the page shows first."""

    finding: Finding
    points: pl.DataFrame
    """Answer of `queries.skill`."""
    skill: str
    address: dict[str, str]
    """The page's address under which it is seen."""


def find(
    frame: pl.DataFrame,
    found: statistics.Predicted,
    *,
    skill: str,
    vision: str,
    samples: int,
    published: bool,
    higher_is_closer: bool,
    minus_control: bool = False,
) -> Finding:
    """Say whether skill grows with alignment, and whether it emerges.

    Args:
        frame: answer of `queries.skill`.
        found: of `statistics.predict`.
        skill: its name.
        vision: name of the vision model.
        samples: n.
        published: whether others measured the alignment.
        higher_is_closer: false where it is a distance.
        minus_control: whether alignments are less their untrained control.
    """
    line = found.line
    emergence = found.emergence
    told = findings.emergence(
        skill=skill,
        models=frame.height,
        r=line["r"] if line else None,
        p=line["p_value"] if line else None,
        verdict=emergence.verdict if emergence else None,
        emergence_p=emergence.p_value if emergence else None,
        power=emergence.power if emergence else None,
        onset=emergence.onset if emergence else None,
        alignment=f"alignment with {vision}" + (", less control" if minus_control else ""),
        samples=samples,
        expected=1 if higher_is_closer else -1,
    )
    return told.as_published() if published else told


def list_skills(dataset_id: str) -> pl.DataFrame:
    """Return the rows of `queries.skills` that language models here have, most models first."""
    able = shared.skills(dataset_id).frame
    known = able.filter(pl.col("modality") == "language", pl.col("here") > 0)
    return known.sort("here", descending=True, maintain_order=True)


def list_settings() -> pl.DataFrame:
    """Return the settings; where most models have a skill comes first: one dot says nothing."""
    return shared.settings().frame.sort("skilled", descending=True, maintain_order=True)


def find_usual() -> Usual | None:
    """Return the finding that the page shows first; None where it has none."""
    settings = list_settings()
    if settings.is_empty():
        return None
    row = settings.row(0, named=True)
    setting = Setting.of(row)
    skills = list_skills(setting.dataset_id)
    pairs = shared.alignment(setting, concatenated=True, untrained=False).frame
    if skills.is_empty() or pairs.is_empty():
        return None
    skill = str(skills["skill"][0])
    first = pairs.row(0, named=True)
    answer = queries.skill(
        setting,
        vision_model=first["model_y"],
        skill=skill,
        text=None,
        concatenated=True,
    )
    finding = find(
        answer.frame,
        statistics.predict(answer.frame),
        skill=skill,
        vision=first["label_y"],
        samples=setting.n,
        published=bool(row["published"]),
        higher_is_closer=bool(first["higher_is_closer"]),
    )
    address = {
        "dataset": row["dataset"],
        "metric": row["metric_label"],
        "vision": first["label_y"],
        "skill": skill,
    }
    return Usual(finding, answer.frame, skill, address)

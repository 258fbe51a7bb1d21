"""Matchings found and stored, a pair of models at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ingest.experiments.unpaired.plan import MATCHING_VERSION, MatchUnit
from ingest.foreign.pair import usable
from ingest.pipeline.run import Run
from ingest.pipeline.scores.plan import FeatureFile
from ingest.pipeline.scores.rows import compared_sets
from ingest.progress import Progress
from ingest.store.features import read_layers
from prh_core.matching import disjoint_blocks, match_spaces, pooled, rank_partners

TABLE = "matchings"


def match_models(run: Run, units: Sequence[MatchUnit], progress: Progress) -> None:
    """Match what is not stored; a pair that cannot be matched is named, and the others go on.

    Args:
        run: the run.
        units: done or not.
        progress: told about every pair.
    """
    kept: dict[str, _Last] = {}

    def rows_of(unit: MatchUnit) -> list[dict[str, Any]]:
        for file in (unit.x, unit.y):
            if file.header.key not in kept:
                kept[file.header.key] = _Last(file)
        return [_row(unit, kept[unit.x.header.key], kept[unit.y.header.key])]

    run.each(TABLE, units, rows_of, progress, "Pairs of models")


class _Last:
    """The last layer of a feature set that is not constant."""

    def __init__(self, file: FeatureFile) -> None:
        layers = read_layers(file.path)
        side = usable(dict(zip(file.header.layer_names, layers, strict=True)), file.header.model_id)
        self.rows = np.asarray(side.layers[-1], np.float64)
        self.at = side.positions[-1]
        self.name = side.names[-1]


def _row(unit: MatchUnit, x: _Last, y: _Last) -> dict[str, Any]:
    choices, header = unit.choices, unit.x.header
    rows = disjoint_blocks(header.n, choices.n, choices.blocks, choices.seed)
    found = [
        match_spaces(
            x.rows[part], y.rows[part], method=choices.method, similarity=choices.similarity,
            starts=choices.starts, seed=choices.seed + at,
        )
        for at, part in enumerate(rows)
    ]  # fmt: skip
    scored = pooled(found, seed=choices.seed)
    partners = [part[one.partner] for part, one in zip(rows, found, strict=True)]
    ranks = [np.diagonal(rank_partners(one.evidence)) for one in found]
    return {
        **compared_sets(header, unit.y.header),
        "layer_x": x.at,
        "layer_name_x": x.name,
        "layer_y": y.at,
        "layer_name_y": y.name,
        "method": choices.method,
        "similarity": choices.similarity,
        "starts": choices.starts,
        "seed": choices.seed,
        "n": scored.n,
        "blocks": scored.blocks,
        "correct": scored.correct,
        "chance_correct": scored.chance_correct,
        "p_value": scored.p_correct,
        "mean_rank": scored.mean_rank,
        "chance_rank": scored.chance_rank,
        "p_rank": scored.p_rank,
        "agreement": scored.objective,
        "agreement_of_truth": scored.true_objective,
        "positions": np.concatenate(rows).tolist(),
        "partners": np.concatenate(partners).tolist(),
        "ranks": np.concatenate(ranks).tolist(),
        "matching_version": MATCHING_VERSION,
    }

"""Who is nested in whom, and whether the two ways round differ: the answers of a setting."""

import polars as pl

from pages.nesting.statistics import AGAINST, HUBS, LEVEL, NEITHER, X_MORE, Y_MORE
from pages.ui.findings import BADGES, Finding, Verdict
from pages.ui.findings.words import counted

PAPER = "Paper, App. A: cycle k-NN is one of its metrics; nesting is not asked"


def find(judged: pl.DataFrame, *, samples: int, k: int) -> Finding:
    """Say in how many pairs of trained models one space tells more, and where hubs explain it.

    Args:
        judged: of `statistics.judge`.
        samples: n.
        k: neighbors.
    """
    pairs, controls = _apart(judged)
    if pairs.is_empty():
        return _too_few()
    counts = {
        name: pairs.filter(pl.col("verdict") == name).height
        for name in (X_MORE, Y_MORE, HUBS, AGAINST, NEITHER)
    }
    nested, nested_controls = (
        those.filter(pl.col("verdict").is_in([X_MORE, Y_MORE])) for those in (pairs, controls)
    )
    doubt = _doubt("neither tells more of the other", judged.height, samples, k)
    if controls.height:
        doubt += f"; with an untrained model, {nested_controls.height} of {controls.height}"
    rest = []
    if counts[HUBS]:
        rest.append(f"in {counts[HUBS]} only hubs make a difference")
    if counts[AGAINST]:
        rest.append(f"in {counts[AGAINST]} its direction changes with hubs")
    also = f"; {' and '.join(rest)}" if rest else ""
    of_pairs = counted(pairs.height, "pair")
    if nested.is_empty():
        said = (
            f"No evidence here: in none of {of_pairs} of trained models is one space nested in the "
            f"other{also}."
        )
        return Finding("no evidence", said, doubt, PAPER)
    ways = f" (in {counts[X_MORE]} the first tells more, in {counts[Y_MORE]} the second)"
    first = nested.row(0, named=True)
    outer, inner = (
        (first["label_x"], first["label_y"])
        if first["verdict"] == X_MORE
        else (first["label_y"], first["label_x"])
    )
    verdict: Verdict = "yes" if nested.height == pairs.height else "partly"
    said = (
        f"{BADGES[verdict]}: in {nested.height} of {of_pairs} of trained models one space is "
        f"nested in the other beyond what hubs give{ways}{also}. Clearest: neighbors in {outer} "
        f"tell more of {inner} than the other way round, by {abs(first['beyond_hubs']):.3f} of 1."
    )
    ends = sorted(abs(first[name]) for name in ("beyond_low", "beyond_high"))
    clear = (
        f"95 % interval of the clearest {ends[0]:.3f} to {ends[1]:.3f}, q = {first['beyond_q']:.2g}"
    )
    return Finding(verdict, said, f"{clear}. {doubt}", PAPER)


def find_cycles(judged: pl.DataFrame, *, samples: int, k: int) -> Finding:
    """Say in how many pairs the two ways round of cycle k-NN differ, and whether by hubs.

    Args:
        judged: of `statistics.judge`.
        samples: n.
        k: neighbors.
    """
    pairs, _controls = _apart(judged)
    if pairs.is_empty():
        return _too_few()
    total = pairs.height
    away = pl.col("out_y_back_x") - pl.col("out_x_back_y")
    differ = pairs.filter(pl.col("cycle_q") <= LEVEL).sort(away.abs(), descending=True)
    doubt = _doubt("as many come home either way", judged.height, samples, k)
    if differ.is_empty():
        said = (
            f"No evidence here: in none of {counted(total, 'pair')} of trained models do the two "
            "ways round differ."
        )
        return Finding("no evidence", said, doubt, PAPER)
    evener = differ.filter(away * (pl.col("skewness_x") - pl.col("skewness_y")) < 0).height
    first = differ.row(0, named=True)
    home = first["out_y_back_x"], first["out_x_back_y"]
    label = first["label_x"] if home[0] > home[1] else first["label_y"]
    verdict: Verdict = "yes" if differ.height == total else "partly"
    said = (
        f"{BADGES[verdict]}: in {differ.height} of {counted(total, 'pair')} of trained models more "
        f"samples come home one way round; in {evener} of these it is the way back by the space "
        f"with fewer hubs. Most apart: {first['pair']}, {max(home):.3f} back by {label}'s "
        f"neighbors, {min(home):.3f} the other way."
    )
    return Finding(verdict, said, doubt, PAPER)


def _apart(judged: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the pairs of trained models, and those with an untrained one."""
    return judged.filter(pl.col("trained")), judged.filter(~pl.col("trained"))


def _too_few() -> Finding:
    return Finding("too few", "Too few models: no pair of trained models was tested.", "", PAPER)


def _doubt(null: str, total: int, samples: int, k: int) -> str:
    family = f"all {counted(total, 'pair')} shown"
    return f"Null: {null}; dyad-robust error, q ≤ .05 over {family}, n = {samples:,}, k = {k}"

"""What metrics say of the same models: in which order, how far beyond chance, rising with what."""

from collections.abc import Sequence
from dataclasses import dataclass

from pages.ui.findings.finding import BADGES, Finding, Verdict
from pages.ui.findings.trends import METRIC_TRENDS
from pages.ui.findings.words import (
    ENOUGH,
    Doubt,
    as_score,
    as_share,
    counted,
    known,
    lowered,
    named,
    of_samples,
    paper_has,
)


@dataclass(frozen=True, slots=True)
class MetricTrend:
    """Whether alignment rises with something under one metric."""

    metric: str
    verdict: Verdict
    """Of `findings.trend`."""
    models: int
    closeness: float | None = None
    """Pearson correlation of closeness with it: of a distance with its sign turned."""
    distance: bool = False


@dataclass(frozen=True, slots=True)
class MetricReach:
    """How far the pairs of trained models stand beyond chance under one metric."""

    metric: str
    mean: float
    """Calibrated score: 0 at the threshold, 1 for identical models."""
    pairs: int
    significant: int
    """With q <= .05, over the pairs of the metric's setting."""


def metrics_agree(
    *,
    settings: int,
    pairs: int,
    models: int,
    least: float | None = None,
    median: float | None = None,
    most: float | None = None,
    significant: int | None = None,
    tested: int = 0,
) -> Finding:
    """Say whether metrics rank pairs of models alike.

    Args:
        settings: metrics and settings compared.
        pairs: of models behind a correlation.
        models: behind these.
        least: smallest Spearman correlation between two settings.
        median: the one in the middle.
        most: the largest.
        significant: correlations above zero that are more than chance, q <= .05.
        tested: correlations that could be tested.
    """
    claim = "Fig. 12: metrics and settings rank-correlated over the pairs of 78 vision models"
    rhos = [known(x) for x in (least, median, most)]
    if settings < 2 or None in rhos:
        return Finding(
            "too few",
            f"Too few models: {counted(settings, 'setting')} over {counted(pairs, 'pair')} of "
            "models cannot be correlated.",
            paper=paper_has(claim),
        )
    doubt = Doubt("q by shuffling models, corrected for all pairs of settings")
    doubt.add(f"{counted(pairs, 'pair')} of {counted(models, 'model')}")
    span = f"ρ from {as_share(least)} to {as_share(most)}, median {as_share(median)}"
    ranked = f"{counted(settings, 'metric or setting', 'metrics and settings')}, {span}"
    if not tested or significant is None:
        sentence = f"Inconclusive with {counted(models, 'model')}: not tested; {ranked}."
        return Finding("inconclusive", sentence, doubt.text(), paper_has(claim))
    share = f"{significant} of {tested} more than chance (q ≤ .05)"
    if not significant:
        if models < ENOUGH:
            sentence = f"Inconclusive with {counted(models, 'model')}: {ranked}, {share}."
            return Finding("inconclusive", sentence, doubt.text(), paper_has(claim))
        return Finding(
            "no evidence", f"No evidence here: {ranked}, {share}.", doubt.text(), paper_has(claim)
        )
    verdict: Verdict = "yes" if significant == tested and float(least or 0) > 0 else "partly"
    lead = "rank pairs of models alike" if verdict == "yes" else "rank pairs partly alike"
    sentence = (
        f"{BADGES[verdict]}: {counted(settings, 'metric or setting', 'metrics and settings')} "
        f"{lead}, {span}; {share}."
    )
    return Finding(verdict, sentence, doubt.text(), paper_has(claim))


def metric_trends(
    *, cause: str, metrics: Sequence[MetricTrend], samples: int, scores: str = ""
) -> Finding:
    """Say under how many metrics alignment rises with something.

    Args:
        cause: with what.
        metrics: one trend each.
        samples: n behind each alignment.
        scores: what was made of them, e.g. calibrated; empty for raw ones.
    """
    claim = METRIC_TRENDS
    cause = lowered(named(cause, 60))
    what = f"alignment ({scores})" if scores else "alignment"
    told = [one for one in metrics if one.verdict != "too few" and known(one.closeness) is not None]
    if not told:
        why = "nothing was scored" if not metrics else f"under none of {_metrics(len(metrics))}"
        return Finding(
            "too few", f"Too few models for a trend with {cause}, {why}.", paper=paper_has(claim)
        )
    rising = [one for one in told if one.verdict in ("yes", "partly")]
    falling = [one for one in told if one.verdict == "contrary"]
    ordered = sorted(told, key=lambda one: float(one.closeness or 0))
    span = " to ".join(
        f"{as_share(one.closeness)} ({_short(one.metric)})"
        for one in dict.fromkeys((ordered[-1], ordered[0]))
    )
    models = min(one.models for one in told)
    doubt = Doubt("each metric is tested by itself (slope, 95 %, models taken as independent)")
    confounded = sum(one.verdict == "partly" for one in rising)
    if confounded:
        doubt.add(f"within families not shown under {confounded} of them")
    if len(told) < len(metrics):
        doubt.add(f"{_metrics(len(metrics) - len(told))} with too few models")
    doubt.add(f"{counted(models, 'model')}{of_samples(samples)}")
    if any(one.distance for one in told):
        doubt.add("r of closeness: that of a distance has its sign turned")
    said = f"{what} rises with {cause} under {len(rising)} of {_metrics(len(told))} (r {span})"
    if not rising and not falling:
        none = f"under none of {_metrics(len(told))} can a rise of {what} with {cause} be told"
        if models < ENOUGH:
            lead = f"Inconclusive with {counted(models, 'model')}"
            sentence = f"{lead}: {none} from chance (r {span})."
            return Finding("inconclusive", sentence, doubt.text(), paper_has(claim))
        sentence = f"No evidence here: {none} from chance (r {span})."
        return Finding("no evidence", sentence, doubt.text(), paper_has(claim, "not shown"))
    if not rising:
        sentence = (
            f"Contrary: {what} falls with {cause} under {len(falling)} of {_metrics(len(told))} "
            f"(r {span})."
        )
        return Finding("contrary", sentence, doubt.text(), paper_has(claim, "contradicts"))
    every = len(rising) == len(told) and not confounded
    verdict: Verdict = "yes" if every else "partly"
    but = f", and falls under {len(falling)}" if falling else ""
    return Finding(verdict, f"{BADGES[verdict]}: {said}{but}.", doubt.text(), paper_has(claim))


def metric_reach(*, metrics: Sequence[MetricReach], samples: int) -> Finding:
    """Say under how many metrics the pairs of trained models are closer than chance.

    Args:
        metrics: one each.
        samples: n behind each score.
    """
    claim = "Figs. 13 and 14: Fig. 3 under each metric, not calibrated"
    if not metrics:
        return Finding(
            "too few", "Too few models: no metric is calibrated here.", paper=paper_has(claim)
        )
    ordered = sorted(metrics, key=lambda one: one.mean)
    span = " to ".join(
        f"{as_score(one.mean)} ({_short(one.metric)})"
        for one in dict.fromkeys((ordered[-1], ordered[0]))
    )
    every = sum(one.significant == one.pairs for one in metrics)
    some = sum(0 < one.significant < one.pairs for one in metrics)
    pairs = max(one.pairs for one in metrics)
    doubt = Doubt("q over the pairs of each metric's setting, samples relabeled")
    doubt.add("mean calibrated score: 0 what the best of 95 % of relabeled tables stay below, 1 "
              "identical")  # fmt: skip
    doubt.add(f"{counted(pairs, 'pair')} of trained models{of_samples(samples)}")
    of = f"of {_metrics(len(metrics))}"
    if not every and not some:
        sentence = f"No evidence here: under none {of} is a pair closer than chance ({span})."
        return Finding("no evidence", sentence, doubt.text(), paper_has(claim))
    verdict: Verdict = "yes" if every == len(metrics) else "partly"
    sentence = (
        f"{BADGES[verdict]}: under {every} {of} every pair of trained models is closer than chance "
        f"(q ≤ .05)" + (f", under {some} some are" if some else "") + f"; calibrated {span}."
    )
    return Finding(verdict, sentence, doubt.text(), paper_has(claim))


def _metrics(count: int) -> str:
    return counted(count, "metric")


def _short(metric: str) -> str:
    """Name a metric without what stands in parentheses, inside of others."""
    return named(metric.partition(" (")[0] or metric, 24)

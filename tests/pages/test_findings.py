"""Answers never say more than their numbers do."""

import math
import re
from collections.abc import Callable
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.ui import findings
from pages.ui.findings import (
    BADGES,
    Change,
    Contrast,
    Finding,
    Growth,
    Layout,
    MetricReach,
    MetricTrend,
    Verdict,
)
from pages.ui.findings.words import as_share

NAN = math.nan
MEETING: dict[str, Any] = {
    "pairs": 12, "models": 7, "exceed": 12, "first": "MiniLM-L3", "second": "EfficientNet-Lite0",
    "score": 0.1573, "low": 0.140, "high": 0.161, "control": 0.112,
    "control_name": "untrained ResNet-18 with MiniLM-L3", "metric": "Mutual k-NN (k = 10)",
    "samples": 512,
}  # fmt: skip
TREND: dict[str, Any] = {
    "effect": "Alignment with vision", "cause": "1 − bits per byte of OpenWebText", "models": 14,
    "r": 0.83, "slope": 0.31, "slope_low": 0.17, "slope_high": 0.44, "p": 0.0002, "families": 4,
    "samples": 1024,
}  # fmt: skip
FLAT: dict[str, Any] = {"r": 0.21, "slope": 0.08, "slope_low": -0.1, "slope_high": 0.26, "p": 0.47}
FALLING: dict[str, Any] = {
    "r": -0.8,
    "slope": -0.3,
    "slope_low": -0.4,
    "slope_high": -0.1,
    "p": 0.001,
}
CONVERGENCE: dict[str, Any] = {
    "modality": "vision", "competence": "Share of 19 tasks solved", "models": 12, "pairs": 66,
    "rho": 0.62, "p": 0.003, "weakest": 0.051, "strongest": 0.207, "samples": 1000,
}  # fmt: skip
EMERGENCE: dict[str, Any] = {
    "skill": "HellaSwag", "models": 12, "r": 0.81, "p": 0.0014, "verdict": "not emergent",
    "emergence_p": 0.6, "power": 0.9,
}  # fmt: skip
ROBERTA = Layout("RoBERTa-large, mean of tokens", 0.62, 0.45, 0.74, 0.001, 20)
WIDE = Layout("MiniLM-L3", 0.287, -0.014, 0.54, 0.019, 20)
SEEN = Layout("CIFAR-10, 32 × 32", 0.56, 0.38, 0.7, 0.002, 20)
WEAK = Layout("TinyLM, mean of tokens", 0.1, -0.2, 0.37, 0.3, 20)
UNTRAINED = Layout("untrained RoBERTa", 0.08, -0.2, 0.3, 0.3, 20)
OWN = Contrast("Own captions", "one word", 1.4, 0.038, 0.025, 0.052)
DEFINED = Contrast("Definitions", "own captions", 9.0, 0.001, -0.008, 0.010)
UNTESTED = Contrast("Definitions", "own captions", 9.0, 0.001, None, NAN)
WORSE = Contrast("Definitions", "own captions", 9.0, -0.021, -0.03, -0.01)
MIXED = Contrast("Captions of other images", "own captions", 0.0, -0.1, -0.12, -0.08, True, True)
EMPTY = Contrast("Captions of other images", "own captions", 0.0, 0.001, -0.01, 0.02, True, True)
DENSITY: dict[str, Any] = {"language_models": 4, "vision_models": 3, "samples": 512}
LOCAL: dict[str, Any] = {"least": 2, "largest": 511, "samples": 512}
LAYERS: dict[str, Any] = {
    "first": "MiniLM-L3", "second": "EfficientNet-Lite0", "score": 0.157,
    "depth_x": 0.667, "depth_y": 1.0, "low": 0.14, "high": 0.161, "q": 0.004,
    "metric": "Mutual k-NN (k = 10)",
    "samples": 512,
}  # fmt: skip
AGREE: dict[str, Any] = {
    "settings": 8, "pairs": 12, "models": 7, "least": 0.62, "median": 0.9, "most": 0.99,
    "significant": 28, "tested": 28,
}  # fmt: skip
THEORY: dict[str, Any] = {
    "correlation_a": 0.998, "correlation_b": 0.997, "observer": "bijective", "score": 0.93,
    "chance": 0.05, "metric": "Mutual k-NN", "events": 32,
}  # fmt: skip

CLOSER = Change("EfficientNet-Lite2", 15, 0.220, 0.317, 0.097, 0.010, 0.012, 0.051)
FARTHER = Change("MiniLM-L6", 7, 0.194, 0.164, -0.030, 0.002, 0.013, 0.052)
LEVEL = Change("SmolLM2 135M", 15, 0.092, 0.094, 0.002, 0.003, 0.014, 0.054)
JUMPY = Change("SmolLM2 135M", 15, 0.092, 0.142, 0.05, 0.03, None, None)
TRAINED: dict[str, Any] = {
    "changes": [CLOSER, LEVEL], "layers": "by the last layer", "last_steps": [1500, 1500],
    "others": [FARTHER, LEVEL], "other_layers": "by the best pair of layers",
    "beside": ("loss", 5.282, 0.583), "metric": "Mutual k-NN (k = 10)", "samples": 256,
}  # fmt: skip

Case = tuple[Callable[..., Finding], dict[str, Any], Verdict, str]
KNN = MetricTrend("mutual k-NN", "yes", 12, 0.85)
CKA_CONFOUNDED = MetricTrend("CKA", "partly", 12, 0.62)
CKA_FLAT = MetricTrend("CKA", "inconclusive", 7, 0.2)
CKA_FALLS = MetricTrend("CKA", "contrary", 12, -0.71)
RISES = {"cause": "1 − bits per byte", "samples": 512,
         "metrics": [KNN, MetricTrend("CKA", "yes", 12, 0.62)]}  # fmt: skip
REACHED = [MetricReach("mutual k-NN", 0.11, 9, 9), MetricReach("CKA", 0.04, 9, 9)]
REACH = {"samples": 512, "metrics": REACHED}
CASES: list[Case] = [
    (findings.meeting, MEETING, "yes",
     "Yes: 12 of 12 pairs of trained models agree more than chance (q ≤ .05); the closest is "
     "MiniLM-L3 with EfficientNet-Lite0, 0.157."),
    (findings.meeting, MEETING | {"exceed": 1}, "partly", "1 of 12 pairs of trained models agrees"),
    (findings.meeting, MEETING | {"exceed": 0}, "no evidence", "none of 12 pairs"),
    (findings.meeting, MEETING | {"exceed": None}, "inconclusive", "Inconclusive with 7 models"),
    (findings.meeting, MEETING | {"pairs": 1, "models": 2, "exceed": 1}, "yes", "1 of 1 pair of"),
    (findings.meeting, MEETING | {"pairs": 0, "score": None}, "too few", "Too few models"),
    (findings.meeting, MEETING | {"score": NAN}, "too few", "Too few models"),
    (findings.meeting, MEETING | {"published": True}, "published", "Published numbers: 12 pairs"),
    (findings.meeting, MEETING | {"control": 0.16}, "partly", "network comes at least as close"),
    (findings.meeting, MEETING | {"control": 0.1573}, "partly", "(0.157)"),
    (findings.meeting, MEETING | {"control": 0.15}, "partly", "reaches an untrained network's"),
    (findings.meeting, MEETING | {"control": None}, "yes", "12 of 12"),
    (findings.meeting, MEETING | {"low": None, "high": None}, "yes", "12 of 12"),
    (findings.meeting, MEETING | {"low": NAN, "high": NAN, "control": NAN}, "yes", "12 of 12"),
    (findings.meeting,
     MEETING | {"higher_is_closer": False, "score": 0.8, "low": 0.78, "high": 0.83, "control": 0.9},
     "yes", "0.800"),
    (findings.meeting,
     MEETING | {"higher_is_closer": False, "score": 0.8, "low": 0.78, "high": 0.83, "control": 0.7},
     "partly", "at least as close (0.700)"),
    (findings.meeting, MEETING | {"exceed": 0, "score": -0.00004}, "no evidence", "−4.0 × 10⁻⁵"),
    (findings.trend, TREND, "yes",
     "Yes: alignment with vision rises with 1 − bits per byte of OpenWebText over 14 models "
     "(r = .83)."),
    (findings.trend, TREND | FLAT, "no evidence", "alignment with vision shows no trend"),
    (findings.trend, TREND | FLAT | {"models": 7}, "inconclusive", "Inconclusive with 7 models"),
    (findings.trend, TREND | {"models": 3}, "too few", "Too few models for a trend, 3 models"),
    (findings.trend, TREND | {"models": 1}, "too few", "1 model with both"),
    (findings.trend, TREND | {"models": 0, "r": None, "slope": None}, "too few", "no models with"),
    (findings.trend, TREND | {"slope": None}, "too few", "differ too little"),
    (findings.trend, TREND | {"slope_low": NAN}, "too few", "differ too little"),
    (findings.trend, TREND | {"p": None}, "no evidence", "shows no trend"),
    (findings.trend, TREND | {"p": 0.06}, "no evidence", "shows no trend"),
    (findings.trend, TREND | {"slope_low": 0.0}, "no evidence", "shows no trend"),
    (findings.trend, TREND | FALLING, "contrary", "Contrary: alignment with vision falls with"),
    (findings.trend, TREND | FALLING | {"expected": -1}, "yes", "falls with"),
    (findings.trend, TREND | {"expected": -1}, "contrary", "rises with"),
    (findings.trend, TREND | {"published": True}, "published", "Published numbers: alignment"),
    (findings.trend, TREND | FLAT | {"published": True}, "published", "shows no trend"),
    (findings.trend, TREND | FALLING | {"published": True}, "published", "falls with"),
    (findings.trend, TREND | {"published": True, "models": 2}, "published", "too few models"),
    (findings.trend, TREND | {"within_slope": 0.1, "within_low": -0.1, "within_high": 0.3},
     "partly", "but within families the trend is not shown"),
    (findings.trend, TREND | {"within_slope": 0.2, "within_low": 0.1, "within_high": 0.3},
     "yes", "(r = .83)."),
    (findings.trend, TREND | {"within_slope": 0.2, "within_low": NAN, "within_high": NAN},
     "partly", "within families the trend is not shown"),
    (findings.trend,
     TREND | {"within_slope": 0.2, "within_low": 0.1, "within_high": 0.3, "within_p": 0.2},
     "partly", "within families the trend is not shown"),
    (findings.trend, TREND | {"within_slope": -0.2, "within_low": -0.3, "within_high": -0.1},
     "partly", "but within families it falls"),
    (findings.trend, TREND | {"figure": "Fig. 13", "lines": 5}, "yes", "rises"),
    (findings.convergence, CONVERGENCE, "yes",
     "Yes: vision models agree more, the higher the weaker one's share of 19 tasks solved, over "
     "12 models (ρ = .62; weakest bin 0.051, strongest 0.207)."),
    (findings.convergence, CONVERGENCE | {"rho": -0.62}, "contrary", "agree less"),
    (findings.convergence, CONVERGENCE | {"rho": -0.62, "expected": -1}, "yes", "agree more"),
    (findings.convergence, CONVERGENCE | {"p": 0.4}, "no evidence", "cannot be told from chance"),
    (findings.convergence, CONVERGENCE | {"p": 0.4, "models": 6, "pairs": 15}, "inconclusive",
     "Inconclusive with 6 models"),
    (findings.convergence, CONVERGENCE | {"models": 3, "pairs": 3}, "too few", "3 vision models"),
    (findings.convergence, CONVERGENCE | {"models": 1, "pairs": 0}, "too few", "1 vision model "),
    (findings.convergence, CONVERGENCE | {"rho": NAN}, "too few", "differ too little"),
    (findings.convergence, CONVERGENCE | {"weakest": None}, "yes", "(ρ = .62)"),
    (findings.emergence, EMERGENCE, "yes",
     "Yes: HellaSwag grows with alignment (r = .81, p = .0014, 12 models); it does not emerge."),
    (findings.emergence,
     EMERGENCE | {"skill": "GSM8K", "verdict": "emergent", "emergence_p": 0.01, "onset": 0.12},
     "yes", "it emerges from about 0.120 on"),
    (findings.emergence, EMERGENCE | {"skill": "GSM8K"}, "partly", "it does not emerge"),
    (findings.emergence,
     EMERGENCE | {"verdict": "emergent", "emergence_p": 0.01, "onset": 0.12}, "partly", "emerges"),
    (findings.emergence, EMERGENCE | {"verdict": "cannot tell", "power": 0.2}, "yes",
     "whether it emerges cannot be told"),
    (findings.emergence, EMERGENCE | {"p": 0.3}, "no evidence", "cannot be told from chance"),
    (findings.emergence, EMERGENCE | {"p": 0.3, "models": 5}, "inconclusive", "with 5 models"),
    (findings.emergence,
     EMERGENCE | {"skill": "GSM8K", "p": 0.09, "verdict": "emergent", "emergence_p": 0.02},
     "partly", "yet it emerges"),
    (findings.emergence, EMERGENCE | {"r": -0.8}, "contrary", "is lower where"),
    (findings.emergence, EMERGENCE | {"r": -0.8, "expected": -1}, "yes", "gets closer"),
    (findings.emergence, EMERGENCE | {"r": None, "models": 1}, "too few", "1 model with"),
    (findings.emergence, EMERGENCE | {"emergence_p": NAN, "power": NAN, "onset": NAN}, "yes", "gr"),
    (findings.colors, {"language": ROBERTA, "pictures": SEEN, "control": UNTRAINED, "models": 3},
     "yes", "colors stand as in human vision in RoBERTa-large, mean of tokens (ρ = .62, 95 % .45 "
     "to .74) and in CIFAR-10"),
    (findings.colors, {"language": WEAK, "pictures": SEEN, "models": 3}, "partly",
     "but not shown to in TinyLM"),
    (findings.colors, {"language": ROBERTA, "pictures": WEAK, "models": 1}, "partly", "not shown"),
    (findings.colors, {"language": WEAK, "pictures": WEAK, "models": 3}, "no evidence", "TinyLM"),
    (findings.colors, {"language": Layout("A", 0.4, -0.3, 0.9, 0.2, 6), "models": 2},
     "inconclusive", "Inconclusive with 2 language models: 6 colors"),
    (findings.colors, {"language": Layout("A", -0.4, -0.6, -0.2, 0.99, 20), "models": 1},
     "contrary", "against human vision"),
    (findings.colors, {"language": ROBERTA, "models": 1}, "yes", "RoBERTa"),
    (findings.colors, {"language": WIDE, "pictures": SEEN, "models": 3}, "partly",
     "; the interval of words includes zero."),
    (findings.colors, {"pictures": SEEN}, "partly", "of words nothing is laid out"),
    (findings.colors,
     {"language": ROBERTA, "control": Layout("untrained", 0.5, 0.3, 0.6, 0.01, 20), "models": 1},
     "partly", "an untrained model reaches ρ = .50"),
    (findings.colors, {"language": Layout("A", NAN), "pictures": None}, "too few", "Too few"),
    (findings.colors, {"language": Layout("A", 0.9, 0.8, 0.95, None, 20), "models": 1},
     "no evidence", "cannot be told from chance"),
    (findings.density, DENSITY | {"contrasts": [OWN, DEFINED]}, "partly",
     "Partly: own captions against one word +.038 (+.025 to +.052), definitions against own "
     "captions +.001 (−.008 to +.010)."),
    (findings.density, DENSITY | {"contrasts": [OWN, MIXED]}, "yes", "Yes: own captions against"),
    (findings.density, DENSITY | {"contrasts": [OWN, EMPTY]}, "partly",
     "captions of other images score no lower (+.001)"),
    (findings.density, DENSITY | {"contrasts": [DEFINED]}, "no evidence", "score no higher"),
    (findings.density, DENSITY | {"contrasts": [WORSE]}, "contrary", "longer captions score lower"),
    (findings.density, DENSITY | {"contrasts": [OWN, WORSE]}, "partly", "−.021 (−.030 to −.010)"),
    (findings.density, DENSITY | {"contrasts": [OWN, DEFINED, WORSE, OWN, DEFINED]}, "partly",
     "2 of 5 steps up, 1 down: own captions against one word +.038 (+.025 to +.052), definitions "
     "against own captions −.021"),
    (findings.density, DENSITY | {"contrasts": []}, "too few", "Too few models"),
    (findings.density, DENSITY | {"contrasts": [MIXED]}, "too few", "Too few models"),
    (findings.density,
     DENSITY | {"contrasts": [Contrast("One word", "own captions", -2, -0.04, -0.05, -0.03)]},
     "yes", "own captions against one word +.040 (+.030 to +.050)"),
    (findings.density, DENSITY | {"contrasts": [OWN, UNTESTED]}, "partly",
     "definitions against own captions +.001 (untested)."),
    (findings.density, DENSITY | {"contrasts": [UNTESTED]}, "inconclusive", "with 7 models: not"),
    (findings.locality, LOCAL | {"families": [Growth("DINOv2", 2), Growth("CLIP", 1)]},
     "inconclusive", "Inconclusive with 3 vision models: no family has three sizes"),
    (findings.locality, LOCAL | {"families": [Growth("ViT", 4, 2.4, 0.3), Growth("CLIP", 2)]},
     "partly", "1 of 1 family of three sizes or more, untested (ViT +2.4 at k = 2, +.3"),
    (findings.locality, LOCAL | {"families": [Growth("ViT", 4, 0.4, 1.3)]}, "no evidence", "0" ""),
    (findings.locality, LOCAL | {"families": [Growth("ViT", 4, None, NAN)]}, "inconclusive",
     "alignments are equal"),
    (findings.locality, LOCAL | {"families": []}, "too few", "Too few models"),
    (findings.layers, LAYERS, "yes",
     "Yes: closest is a layer 67 % deep of MiniLM-L3 with the last layer of EfficientNet-Lite0 "
     "(0.157), more than chance."),
    (findings.layers, LAYERS | {"q": 0.2}, "no evidence", "no layers agree more than chance"),
    (findings.layers, LAYERS | {"q": None}, "inconclusive", "Inconclusive with 2 models"),
    (findings.layers, LAYERS | {"trained": False}, "partly", "not all of it was trained"),
    (findings.layers, LAYERS | {"score": None}, "too few", "have no score here"),
    (findings.layers, LAYERS | {"concatenated_x": True, "depth_y": None}, "yes",
     "all layers concatenated of MiniLM-L3 with a layer of"),
    (findings.metrics_agree, AGREE, "yes",
     "Yes: 8 metrics and settings rank pairs of models alike, ρ from .62 to .99, median .90; "
     "28 of 28 more than chance (q ≤ .05)."),
    (findings.metrics_agree, AGREE | {"significant": 20, "least": -0.1}, "partly", "20 of 28"),
    (findings.metrics_agree, AGREE | {"significant": 0}, "inconclusive", "with 7 models"),
    (findings.metrics_agree, AGREE | {"significant": 0, "models": 12}, "no evidence", "0 of 28"),
    (findings.metrics_agree, AGREE | {"significant": None, "tested": 0}, "inconclusive", "not"),
    (findings.metrics_agree, AGREE | {"settings": 1, "least": None}, "too few", "1 setting"),
    (findings.metric_trends, RISES, "yes",
     "Yes: alignment rises with 1 − bits per byte under 2 of 2 metrics (r .85 (mutual k-NN) to .62 "
     "(CKA))."),
    (findings.metric_trends, RISES | {"metrics": [KNN, CKA_CONFOUNDED]}, "partly", "under 2 of 2"),
    (findings.metric_trends, RISES | {"metrics": [KNN, CKA_FLAT], "scores": "calibrated"}, "partly",
     "Partly: alignment (calibrated) rises with 1 − bits per byte under 1 of 2 metrics"),
    (findings.metric_trends, RISES | {"metrics": [KNN, CKA_FALLS]}, "partly",
     "under 1 of 2 metrics (r .85 (mutual k-NN) to −.71 (CKA)), and falls under 1."),
    (findings.metric_trends, RISES | {"metrics": [CKA_FALLS]}, "contrary",
     "Contrary: alignment falls with 1 − bits per byte under 1 of 1 metric"),
    (findings.metric_trends, RISES | {"metrics": [CKA_FLAT]}, "inconclusive",
     "Inconclusive with 7 models: under none of 1 metric can a rise"),
    (findings.metric_trends, RISES | {"metrics": [MetricTrend("CKA", "no evidence", 12, 0.1)]},
     "no evidence", "from chance (r .10 (CKA))."),
    (findings.metric_trends, RISES | {"metrics": [MetricTrend("CKA", "too few", 3)]}, "too few",
     "Too few models for a trend with 1 − bits per byte, under none of 1 metric."),
    (findings.metric_trends, RISES | {"metrics": []}, "too few", "nothing was scored"),
    (findings.metric_reach, REACH, "yes",
     "Yes: under 2 of 2 metrics every pair of trained models is closer than chance (q ≤ .05); "
     "calibrated 0.110 (mutual k-NN) to 0.040 (CKA)."),
    (findings.metric_reach, REACH | {"metrics": [MetricReach("CKA", 0.01, 9, 4)]}, "partly",
     "under 1 some are"),
    (findings.metric_reach, REACH | {"metrics": [MetricReach("CKA", 0.0, 9, 0)]}, "no evidence",
     "under none of 1 metric is a pair closer than chance"),
    (findings.metric_reach, REACH | {"metrics": []}, "too few", "no metric is calibrated"),
    (findings.theory, THEORY, "yes", "A's kernel follows K_PMI at r = .998"),
    (findings.theory, THEORY | {"observer": "lossy", "correlation_b": 0.4, "lost": 0.4}, "partly",
     "as is expected where B loses 40 % of the information"),
    (findings.theory, THEORY | {"observer": "noisy", "correlation_b": 0.95, "lost": 0.1}, "yes",
     "B loses 10 %"),
    (findings.theory, THEORY | {"correlation_b": 0.5}, "partly", "though B sees every event"),
    (findings.theory, THEORY | {"correlation_a": 0.3}, "no evidence", "has not learned it"),
    (findings.theory, THEORY | {"correlation_a": -0.3, "correlation_b": -0.4}, "contrary", "−.30"),
    (findings.theory, THEORY | {"correlation_b": None, "score": None}, "inconclusive", "of B"),
    (findings.training, TRAINED, "partly",
     "Partly: alignment by the last layer ends closer with 1 of 2 reference models "
     "(EfficientNet-Lite2 0.220 to 0.317) after 1,500 steps, as loss went from 5.282 to 0.583."),
    (findings.training, TRAINED | {"changes": [CLOSER]}, "partly",
     "Partly: alignment by the last layer ends closer (EfficientNet-Lite2 0.220 to 0.317)"),
    (findings.training, TRAINED | {"changes": [CLOSER, FARTHER]}, "inconclusive",
     "Inconclusive with 2 reference models: alignment by the last layer ends closer with 1 of 2, "
     "farther with 1 (EfficientNet-Lite2 0.220 to 0.317, MiniLM-L6 0.194 to 0.164)"),
    (findings.training, TRAINED | {"changes": [FARTHER, LEVEL]}, "no evidence",
     "No evidence here: alignment by the last layer ends farther with 1 of 2 reference models"),
    (findings.training, TRAINED | {"changes": [LEVEL, JUMPY]}, "no evidence",
     "ends about where it began (SmolLM2 135M 0.092 to 0.094"),
    (findings.training, TRAINED | {"changes": [CLOSER, CLOSER], "trainings": 2, "beside": None,
                          "last_steps": [300, 1500]},
     "partly", "EfficientNet-Lite2 0.220 to 0.317) after up to 1,500 steps."),
    (findings.training, TRAINED | {"changes": [Change("A", 2, 0.1, 0.9, 0.8)]}, "inconclusive",
     "Inconclusive with 1 reference model: 2 steps with a score"),
    (findings.training, TRAINED | {"changes": []}, "inconclusive", "with no reference models: no"),
]  # fmt: skip


def say(template: Callable[..., Finding], *numbers: dict[str, Any]) -> Finding:
    """Return what a template says of numbers, the later ones counting."""
    merged: dict[str, Any] = {}
    for one in numbers:
        merged |= one
    return template(**merged)


def check(found: Finding) -> None:
    """Check what holds of every answer."""
    assert found.verdict in BADGES
    assert len(found.sentence) <= 240, (len(found.sentence), found.sentence)
    assert re.findall(r"[.!?](?=\s|$)", found.sentence) == ["."], found.sentence
    for words in (found.sentence, found.doubt, found.paper):
        assert not re.search(r"\b(nan|None|inf)\b", words), words
        assert not re.search(r"(?<![\d,])1 \w*(models|pairs|colors|sizes|families|lines)", words)
        assert not re.search(r"[-−+]0?\.0+(?!\d)", words), words
        assert not re.search(r"(?<!\w)-\d|-\.\d", words), words
        assert "  " not in words and not words.endswith(" ")
    badge = BADGES[found.verdict]
    assert found.sentence.startswith(badge), found.sentence
    assert ("Yes" in found.sentence) == (found.verdict == "yes")
    if found.verdict == "inconclusive":
        assert re.match(r"Inconclusive with (\d[\d,]*|no) [a-z ]*models?:", found.sentence)
    assert found.after_badge()[:1].isupper() or not found.after_badge()[:1].isalpha()


@pytest.mark.parametrize(("template", "numbers", "verdict", "words"), CASES)
def test_says_what_the_numbers_say(
    template: Callable[..., Finding], numbers: dict[str, Any], verdict: Verdict, words: str
) -> None:
    found = template(**numbers)
    check(found)
    assert found.verdict == verdict, found
    assert words in found.sentence, found.sentence


def test_a_case_for_every_verdict_of_every_page() -> None:
    assert len(CASES) >= 60
    assert {verdict for _, _, verdict, _ in CASES} == set(get_args(Verdict))
    assert set(BADGES) == set(get_args(Verdict))


@pytest.mark.parametrize(
    ("template", "numbers"),
    [(template, numbers) for template, numbers, verdict, _ in CASES if verdict == "contrary"],
)
def test_says_where_the_paper_is_contradicted(
    template: Callable[..., Finding], numbers: dict[str, Any]
) -> None:
    assert template(**numbers).paper.startswith("Contradicts the paper, ")


def test_emergence_unlike_the_papers_contradicts_it() -> None:
    for changed in ({"skill": "GSM8K"}, {"verdict": "emergent", "emergence_p": 0.01}):
        found = say(findings.emergence, EMERGENCE, changed)
        assert found.paper.startswith("Contradicts the paper, Fig. 4")
    assert findings.emergence(**EMERGENCE).paper.startswith("Paper, Fig. 4")


def test_published_numbers_can_contradict_the_paper() -> None:
    assert "Contradicts" in say(findings.trend, TREND, FALLING, {"published": True}).paper
    assert "Contradicts" not in say(findings.trend, TREND, {"published": True}).paper


def test_doubt_holds_interval_test_and_counts() -> None:
    found = say(findings.trend, TREND, {"lines": 3})
    assert "slope 0.31, 95 % 0.17 to 0.44" in found.doubt.lower()
    for words in ("p < .001", "of 4 families", "mean of 3 lines", "n = 1,024 samples"):
        assert words in found.doubt
    few = say(findings.trend, TREND, FLAT, {"models": 7})
    assert "with 7 models a correlation must exceed .75" in few.doubt
    close = findings.meeting(**MEETING)
    assert "95 % 0.140 to 0.161 of the closest pair's expected score" in close.doubt
    assert "so samples and architecture alone explain much of it" in close.doubt
    assert "so pictures" not in say(findings.meeting, MEETING, {"control": 0.03}).doubt
    assert "permuted" in close.doubt and "7 models, n = 512 samples" in close.doubt


def test_repeated_captions_and_controls_are_doubts() -> None:
    found = findings.density(
        **DENSITY, contrasts=[OWN, MIXED], distinct=382, repeated="One word", metric="Mutual k-NN"
    )
    assert "captions repeat: 382 distinct of 512 in “One word”" in found.doubt
    assert "control: captions of other images against own captions −.100" in found.doubt
    assert "repeat" not in findings.density(**DENSITY, contrasts=[OWN], distinct=512).doubt


def test_rounding_carries_no_p_value_across_the_level() -> None:
    assert "p = .0502" in say(findings.trend, TREND, {"p": 0.05021}).doubt
    assert "p = .05 " in say(findings.trend, TREND, {"p": 0.05}).doubt
    assert "p = 1 " in say(findings.trend, TREND, {"p": 1.0}).doubt


def test_an_end_of_an_interval_that_rounds_to_zero_keeps_its_digits() -> None:
    found = findings.colors(language=Layout("A", 0.3, 0.0004, 0.6, 0.04, 20), models=1)
    assert "95 % 0.00040 to .60" in found.sentence
    step = Contrast("Own captions", "one word", 1, 0.0003, 0.0001, 0.0004)
    assert "+.00030 (+.00010 to +.00040)" in findings.density(**DENSITY, contrasts=[step]).sentence


def test_the_badge_is_not_said_twice() -> None:
    assert findings.meeting(**MEETING).after_badge().startswith("12 of 12 pairs")
    assert findings.trend(**TREND).after_badge().startswith("Alignment with vision rises")
    few = say(findings.trend, TREND, FLAT, {"models": 7})
    assert few.after_badge() == few.sentence


def test_long_names_are_cut() -> None:
    long = "A model with a very long name that nobody would type twice, version 17, tuned"
    for changed in ({}, {"control": 0.2}, {"control": 0.15}, {"exceed": 0}, {"published": True}):
        check(say(findings.meeting, MEETING, {"first": long, "second": long}, changed))
    check(findings.density(**DENSITY, contrasts=[
        Contrast(f"{n} of {long}", long, n, 0.02 * n, 0.01, 0.1) for n in range(1, 6)
    ]))  # fmt: skip
    check(say(findings.layers, LAYERS, {"first": long, "second": long, "q": 0.5}))
    check(findings.colors(language=Layout(long, 0.5, 0.4, 0.6, 0.5, 20),
                          pictures=Layout(long, 0.5, 0.4, 0.6, 0.01, 20), models=2))  # fmt: skip


number = st.one_of(
    st.none(), st.just(NAN), st.floats(-1, 1), st.floats(-1e-4, 1e-4), st.just(0.0), st.just(-0.0)
)
p_value = st.one_of(st.none(), st.just(NAN), st.floats(0, 1), st.floats(0.0499, 0.0501))
count = st.integers(0, 30)
depth = st.one_of(st.none(), st.floats(0, 1))
sign = st.sampled_from([1, -1])
name = st.sampled_from(["MiniLM-L3", "DINOv2-giant", "CLIP ViT-L/14 (LAION-2B)", "Pythia 1.4B"])


@settings(max_examples=300)
@given(st.fixed_dictionaries({
    "effect": name, "cause": name, "models": count, "r": number, "slope": number,
    "slope_low": number, "slope_high": number, "p": p_value, "families": st.integers(1, 5),
    "within_slope": number, "within_low": number, "within_high": number, "within_p": p_value,
    "samples": st.one_of(st.none(), st.integers(2, 5000)), "expected": sign,
    "lines": st.integers(1, 4), "published": st.booleans(),
    "figure": st.sampled_from(["Fig. 3", "Fig. 12", "Fig. 13", "Fig. 14", "Fig. 99"]),
}))  # fmt: skip
def test_rises_and_falls_have_an_interval_that_excludes_zero(numbers: dict[str, Any]) -> None:
    found = findings.trend(**numbers)
    check(found)
    outer = re.search(r"(rises|falls) with", found.sentence)
    low, high, p = numbers["slope_low"], numbers["slope_high"], numbers["p"]
    excludes = low is not None and high is not None and (low > 0 or high < 0)
    if outer:
        assert low is not None and excludes and p is not None and p <= 0.05
        assert (outer[1] == "rises") == (low > 0)
    inner = re.search(r"within families it (rises|falls)", found.sentence)
    if inner:
        end = numbers["within_low" if inner[1] == "rises" else "within_high"]
        assert end > 0 if inner[1] == "rises" else end < 0
    if found.verdict in ("yes", "partly", "contrary"):
        assert outer and numbers["models"] >= 4
    if found.verdict == "inconclusive":
        assert 4 <= numbers["models"] < 10
    if found.verdict == "no evidence":
        assert numbers["models"] >= 10


@settings(max_examples=200)
@given(st.fixed_dictionaries({
    "pairs": count, "models": count, "exceed": st.one_of(st.none(), count), "first": name,
    "second": name, "score": number, "low": number, "high": number, "control": number,
    "control_name": name, "metric": name, "samples": st.one_of(st.none(), st.integers(2, 5000)),
    "higher_is_closer": st.booleans(), "published": st.booleans(),
}))  # fmt: skip
def test_models_meet_only_beyond_chance_and_controls(numbers: dict[str, Any]) -> None:
    if numbers["exceed"] is not None:
        numbers["exceed"] = min(numbers["exceed"], numbers["pairs"])
    found = findings.meeting(**numbers)
    check(found)
    if found.verdict == "yes":
        assert numbers["exceed"]
        control, score = numbers["control"], float(numbers["score"])
        if control is not None and not math.isnan(control):
            assert score > control if numbers["higher_is_closer"] else score < control


@settings(max_examples=200)
@given(
    st.lists(
        st.builds(
            Contrast, name, name, st.floats(-20, 20), number, number, number, st.booleans(),
            st.booleans(),
        ),
        max_size=7,
    ),
    st.integers(0, 600),
)  # fmt: skip
def test_density_quotes_the_worst_step_too(contrasts: list[Any], distinct: int) -> None:
    found = findings.density(**DENSITY, contrasts=contrasts, distinct=distinct, repeated="One")
    check(found)
    steps = [
        one
        for one in contrasts
        if not one.control and one.difference is not None and not math.isnan(one.difference)
    ]
    if found.verdict == "yes":
        assert all((one.low if one.words_more >= 0 else -one.high) > 0 for one in steps)
    if found.verdict == "too few":
        assert not steps


layout = st.one_of(
    st.none(), st.builds(Layout, name, number, number, number, p_value, st.integers(3, 30))
)


@settings(max_examples=200)
@given(layout, layout, layout, count, count)
def test_colors_agree_only_where_tested(
    language: Layout | None, pictures: Layout | None, control: Layout | None, models: int, of: int
) -> None:
    found = findings.colors(
        language=language, pictures=pictures, control=control, models=models, layouts=of
    )
    check(found)
    if found.verdict == "yes":
        assert language is not None and language.q is not None and language.q <= 0.05


@settings(max_examples=150)
@given(
    st.fixed_dictionaries({
        "modality": st.sampled_from(["vision", "language"]), "competence": name, "models": count,
        "pairs": count, "rho": number, "p": p_value, "weakest": number, "strongest": number,
        "samples": st.one_of(st.none(), count), "expected": sign,
    }),
    st.fixed_dictionaries({
        "skill": st.sampled_from(["GSM8K", "HellaSwag", "1 − bits per byte"]), "models": count,
        "r": number, "p": p_value, "emergence_p": p_value, "power": p_value, "onset": number,
        "verdict": st.sampled_from(["emergent", "not emergent", "cannot tell", None]),
        "samples": st.one_of(st.none(), count), "expected": sign,
    }),
)  # fmt: skip
def test_convergence_and_emergence_are_told_from_chance(
    bins: dict[str, Any], skill: dict[str, Any]
) -> None:
    for template, numbers in ((findings.convergence, bins), (findings.emergence, skill)):
        found = template(**numbers)
        check(found)
        if found.verdict in ("yes", "contrary"):
            assert numbers["p"] <= 0.05


@settings(max_examples=150)
@given(
    st.lists(st.builds(Growth, name, st.integers(1, 5), number, number), max_size=4),
    st.fixed_dictionaries({
        "first": name, "second": name, "score": number, "depth_x": depth,
        "depth_y": depth, "low": number, "high": number,
        "concatenated_x": st.booleans(), "concatenated_y": st.booleans(),
        "q": p_value, "metric": name, "samples": st.one_of(st.none(), count),
        "trained": st.booleans(),
    }),
    st.fixed_dictionaries({
        "settings": count, "pairs": count, "models": count, "least": number, "median": number,
        "most": number, "significant": st.one_of(st.none(), st.just(0), st.just(3)),
        "tested": st.sampled_from([0, 3, 9]),
    }),
    st.fixed_dictionaries({
        "correlation_a": number, "correlation_b": number, "score": number, "chance": number,
        "observer": st.sampled_from(["bijective", "lossy", "noisy"]), "lost": st.floats(0, 1),
        "events": st.one_of(st.none(), count),
    }),
)  # fmt: skip
def test_other_pages_say_no_more_than_they_know(
    families: list[Growth], best: dict[str, Any], agree: dict[str, Any], world: dict[str, Any]
) -> None:
    grown = findings.locality(families=families, **LOCAL)
    assert grown.verdict != "yes"  # nothing is tested there
    told = findings.layers(**best)
    assert told.verdict != "yes" or best["q"] <= 0.05
    metrics = findings.metrics_agree(**agree)
    assert metrics.verdict != "yes" or agree["significant"] == agree["tested"]
    learned = findings.theory(**world)
    for found in (grown, told, metrics, learned):
        check(found)


trends = st.lists(
    st.builds(
        MetricTrend, name, st.sampled_from(get_args(Verdict)), st.integers(0, 30), number,
        st.booleans(),
    ),
    max_size=8,
)  # fmt: skip
reaches = st.lists(
    st.integers(0, 40).flatmap(
        lambda pairs: st.builds(
            MetricReach, name, st.floats(0, 1), st.just(pairs), st.integers(0, pairs)
        )
    ),
    max_size=8,
)


@settings(max_examples=200)
@given(trends, reaches, st.sampled_from(["", "calibrated", "minus untrained control"]))
def test_metrics_rise_and_reach_as_often_as_is_said(
    metrics: list[MetricTrend], scored: list[MetricReach], scores: str
) -> None:
    found = findings.metric_trends(cause="HellaSwag", metrics=metrics, scores=scores, samples=512)
    check(found)
    told = [
        one
        for one in metrics
        if one.verdict != "too few" and one.closeness is not None and not math.isnan(one.closeness)
    ]
    rising = [one for one in told if one.verdict in ("yes", "partly")]
    said = re.search(r"rises with HellaSwag under (\d+) of (\d+) metric", found.sentence)
    assert (said is not None) == bool(rising)
    if said:
        assert (int(said[1]), int(said[2])) == (len(rising), len(told))
    if found.verdict == "yes":
        assert all(one.verdict == "yes" for one in told)
    reach = findings.metric_reach(metrics=scored, samples=512)
    check(reach)
    if reach.verdict == "yes":
        assert all(one.significant == one.pairs for one in scored)
    if reach.verdict == "no evidence":
        assert not any(one.significant for one in scored)


changes = st.lists(
    st.builds(
        Change, name, st.integers(1, 20), number, number, number, number, number, number,
        st.booleans(),
    ),
    max_size=6,
)  # fmt: skip


@settings(max_examples=200)
@given(
    changes, changes, st.lists(st.integers(0, 10**6), max_size=3), st.integers(1, 4), st.booleans()
)
def test_a_training_ends_closer_or_farther_as_often_as_is_said(
    lines: list[Change], others: list[Change], last: list[int], trainings: int, logged: bool
) -> None:
    found = findings.training(
        changes=lines, layers="by the last layer", others=others, other_layers="by the best pair",
        last_steps=last, beside=("loss", 5.2, 0.5) if logged else None, trainings=trainings,
        metric="mutual k-NN", samples=256,
    )  # fmt: skip
    check(found)
    assert found.verdict not in ("yes", "contrary")  # nothing is tested there
    told = [one for one in lines if None not in (one.first, one.last)]
    told = [one for one in told if not math.isnan(float(one.first or 0) + float(one.last or 0))]
    if found.verdict == "partly":
        assert any(one.way > 0 for one in told) and not any(one.way < 0 for one in told)
    if found.verdict == "no evidence":
        assert not any(one.way > 0 for one in told)


def test_a_line_moved_where_it_passes_both_yardsticks() -> None:
    assert [one.way for one in (CLOSER, FARTHER, LEVEL, JUMPY)] == [1, -1, 0, 0]
    assert Change("A", 3, 0.1, 0.2, 0.1, 0.01, 0.2).way == 0
    assert Change("A", 2, 0.1, 0.2, 0.1, 0.01, 0.01).way == 0


@pytest.mark.parametrize(
    ("value", "said"),
    [(2e-261, "<.0001"), (-2e-261, "−<.0001"), (0.002, "0.0020"), (0.0, ".00"), (0.123, ".12")],
)
def test_a_correlation_near_zero_is_neither_zero_nor_a_power_of_ten(
    value: float, said: str
) -> None:
    assert as_share(value) == said

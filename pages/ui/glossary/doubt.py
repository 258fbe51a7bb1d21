"""Words for what chance gives, and how sure a number is."""

from pages.ui.glossary.term import Term

_GROGER = "Gröger et al. 2026, An Aristotelian View of Representational Alignment"
TERMS = (
    Term(
        "chance of one pair",
        "The mean score of one pair of unrelated layers. The best of many pairs of layers lies "
        "above it without any relation, so a best score is held against the permutation null.",
        r"\mathbb{E}[\text{mutual k-NN}] = \frac{k}{n - 1}",
        "Huh et al. 2024, App. A; hypergeometric mean",
        "that of the metric",
    ),
    Term(
        "permutation null",
        "What the best pair of layers scores when the samples of one model are shuffled, so that "
        "nothing true relates the two. One shuffle serves all layers, and its best counts.",
        r"s_\pi = \max_{a, b}\ m(K^{(a)}, \pi L^{(b)} \pi^\top)",
        _GROGER,
        "that of the metric",
    ),
    Term(
        "restricted permutations",
        "Samples are shuffled within classes or clusters only. What both models say of the classes "
        "then stays in the null, so that a score beyond it agrees about samples of one class, too.",
        r"\pi:\ c_{\pi(i)} = c_i",
        "Good 2005; Winkler et al. 2015",
        "that of the metric",
    ),
    Term(
        "spectrum-matched features",
        "Random features with the mean and the covariance of a model's layers: its samples' space "
        "is rotated at random. Width, effective dimension and outliers among directions stay.",
        r"X' = \bar x + Q\, U S V^\top",
        "Mezzadri 2007 (uniform rotations)",
        "that of the metric",
    ),
    Term(
        "power",
        "How often a study of this size would find an alignment of a given strength. Detectable "
        "here is the expected score that exceeds its threshold in 4 of 5 studies; it is on the "
        "safe side.",
        r"s_{80\%} = \tau + z_{0.8}\,\max(\mathrm{sd}_\pi, \mathrm{se})",
        "Cohen 1988",
        "that of the metric",
    ),
    Term(
        "extrapolation",
        "What more samples would score, were the last sizes to go on as a power of n. A straight "
        "line between logarithms that was seen to hold nearby; far away it is a guess.",
        r"\log S(n') = \log S(n) + c\,(\log n' - \log n)",
        "here; docs/decisions.md",
        "that of the metric",
    ),
    Term(
        "threshold",
        "What at most 5 % of the permutation null exceeds: a score above it is more than chance. "
        "An order statistic of the score and its null together, never interpolated.",
        r"\tau = s_{(\lceil (1 - \alpha)(K + 1) \rceil)},\quad \alpha = 0.05",
        _GROGER,
        "that of the metric",
    ),
    Term(
        "calibrated score",
        "How far a score has come from its threshold toward the best one possible. Models of "
        "different width and depth compare by it.",
        r"\max\left( \frac{s - \tau}{s_{\max} - \tau},\ 0 \right)",
        _GROGER,
        "0 (within chance) to 1 (identical)",
    ),
    Term(
        "p",
        "How often chance alone does at least as well as what was seen. Which test it is of stands "
        "beside it: shuffled samples, shuffled models, or Student's t of a slope.",
        r"p = \frac{1 + \#\{ s_\pi \ge s \}}{K + 1}",
        "Phipson and Smyth 2010; " + _GROGER,
        "0 to 1",
    ),
    Term(
        "q",
        "p corrected for the number of tests that stand together: of all findings with q up to "
        ".05, at most about 5 % are expected to be false.",
        r"q_{(i)} = \min_{j \ge i} \frac{m\, p_{(j)}}{j}",
        "Benjamini and Hochberg 1995",
        "0 to 1",
    ),
    Term(
        "interval",
        "A 95 % confidence interval: made so that in 95 of 100 studies it holds the expected "
        "score. That of a k-NN score is dyad-robust: neighbors stay fixed, and pairs that share a "
        "sample count as related. That samples chose the best pair of layers, too, is undone.",
        r"\widehat{\mathrm{Var}} = \frac{1}{n^2} \sum_{i, j, k, l\ \text{share a sample}} "
        r"e_{ij}\, e_{kl}",
        "Fafchamps and Gubert 2007; Aronow, Samii and Assenova 2015; "
        "Andrews, Kitagawa and McCloskey 2024",
        "that of the number",
    ),
    Term(
        "standard error",
        "How far a mean would move with other models or samples. Over pairs of models it leaves "
        "out one model after the other, since pairs share models.",
        r"\mathrm{se}^2 = \frac{g - 1}{g} \sum_j (m_{(j)} - \bar m)^2",
        "Efron and Stein 1981",
        "that of the number",
    ),
    Term(
        "r",
        "Pearson's correlation: how close points lie to a straight line. Of ten models it must "
        "exceed .63, of fewer still more, to be told from chance.",
        r"r = \frac{\sum_i (x_i - \bar x)(y_i - \bar y)}"
        r"{\sqrt{\sum_i (x_i - \bar x)^2 \sum_i (y_i - \bar y)^2}}",
        "Pearson 1895",
        "−1 to 1",
    ),
    Term(
        "ρ",
        "Spearman's correlation: that of ranks, so it asks whether one number rises with the "
        "other, not how. Over pairs of models its test shuffles models (Mantel's test).",
        r"\rho = r(\mathrm{rank}\ x, \mathrm{rank}\ y)",
        "Spearman 1904; Mantel 1967",
        "−1 to 1",
    ),
    Term(
        "confounded by family",
        "Models of one family share data and recipe, so a trend over families may be one family's "
        "difference. What is left within families is told apart.",
        r"y_{fi} = a_f + b\, x_{fi}",
        "Simpson 1951",
    ),
    Term(
        "single-model families",
        "Families with one model here. They say nothing of a trend within families, and are "
        "counted so.",
        source="definition of PRH Explorer",
    ),
    Term(
        "untrained control",
        "A network with random weights over the same samples: what its architecture and the "
        "pictures or words alone bring. A trained pair should exceed it.",
        source="Huh et al. 2024, Fig. 2 (a randomly initialized ResNet-50)",
    ),
    Term(
        "noise ceiling",
        "What a model scores with itself when it sees a second view of the same samples (mirrored "
        "pictures, another caption): a bound on what another model can reach.",
        source="Nili et al. 2014",
        unit="that of the metric",
    ),
    Term(
        "split-half agreement",
        "What one half of a layer's dimensions scores with the other half: how redundantly they "
        "carry the representation. It grows with their number and is no ceiling.",
        source="Spearman 1910; Brown 1910",
        unit="that of the metric",
    ),
)
"""From chance to what a model scores with itself."""

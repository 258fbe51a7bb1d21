"""Words for how alike two models represent the same samples."""

from pages.ui.glossary.term import Term

_PAPER = "Huh et al. 2024 (arXiv 2405.07987)"
TERMS = (
    Term(
        "kernel",
        "How similar a model finds every two samples: the inner products of their vectors. Two "
        "models of any width can be compared through it, sample by sample.",
        r"K_{ij} = \langle \phi_i, \phi_j \rangle",
        f"{_PAPER}, Section 2",
    ),
    Term(
        "alignment",
        "How alike the kernels of two models are over the same samples, or over pairs of an image "
        "and its caption, by one of the metrics below.",
        source=f"{_PAPER}, Section 2",
        unit="that of the metric",
    ),
    Term(
        "mutual k-NN",
        "The share of a sample's k nearest neighbors that two models have in common, mean over "
        "samples. The paper's main metric.",
        r"\frac{1}{n} \sum_i \frac{|S_\phi(i) \cap S_\psi(i)|}{k}",
        f"{_PAPER}, App. A, eq. 11",
        "share, 0 to 1; k / (n − 1) by chance",
    ),
    Term(
        "cycle k-NN",
        "The share of samples that are found again by walking to a neighbor in one model and back "
        "by a neighbor in the other. It has a direction, so it is stored both ways.",
        r"\frac{1}{n} \left|\{ i : \exists\, j \in S_\psi(i),\ i \in S_\phi(j) \}\right|",
        f"{_PAPER}, App. A",
        "share, 0 to 1; about k² / n by chance",
    ),
    Term(
        "nested space",
        "One whose neighbors are told by another's, more than they tell of it: a coarsening, for "
        "one. Tested is the difference of the two information imbalances over k neighbors, each "
        "rank held against that sample's mean rank from everywhere, which takes out hubs.",
        r"\Delta_k(X \to Y) = \frac{2}{n} \langle r^Y_{ij} - \bar r^Y_j \rangle_{j \in S_X(i)}",
        "after Glielmo et al. 2022 (PNAS Nexus 1, pgac039)",
        "a difference, −1 to 1; above 0: the first tells more",
    ),
    Term(
        "hubness",
        "How unevenly samples are neighbors of others: the skewness of the number of lists of k "
        "neighbors that a sample stands in. High where few samples are near everything.",
        r"\mathrm{E}\,(N_k - k)^3 / \sigma_{N_k}^3",
        "Radovanovic et al. 2010 (JMLR 11)",
    ),
    Term(
        "LCS k-NN",
        "The longest common subsequence of two models' lists of neighbors, nearest first: who the "
        "neighbors are and in which order.",
        r"\frac{1}{nk} \sum_i \mathrm{LCS}(S_\phi(i), S_\psi(i))",
        f"{_PAPER}, App. A (the released code does not divide by k)",
        "share, 0 to 1",
    ),
    Term(
        "edit-distance k-NN",
        "One less the share of a list of neighbors that must be inserted, deleted or replaced to "
        "get the other model's list.",
        r"1 - \frac{1}{nk} \sum_i \mathrm{Lev}(S_\phi(i), S_\psi(i))",
        f"{_PAPER}, App. A",
        "share, 0 to 1",
    ),
    Term(
        "CKA",
        "Centered kernel alignment: the correlation of two centered kernels over all pairs of "
        "samples. Global: far samples count as much as near ones. With linear kernels it is the RV "
        "coefficient (Robert and Escoufier 1976), known in statistics for half a century.",
        r"\begin{gathered} \frac{\mathrm{HSIC}(K, L)}{\sqrt{\mathrm{HSIC}(K, K)\,"
        r"\mathrm{HSIC}(L, L)}} \\ \mathrm{HSIC}(K, L) = \frac{\mathrm{tr}(\bar K \bar L)}"
        r"{(n - 1)^2} \end{gathered}",
        "Kornblith et al. 2019; " + _PAPER + ", App. A",
        "0 to 1",
    ),
    Term(
        "unbiased CKA",
        "CKA with an estimator of HSIC whose mean is zero for unrelated kernels, however wide the "
        "models are. It leaves the diagonals out and may be negative.",
        r"\begin{gathered} \frac{1}{n(n-3)} \big[ \mathrm{tr}(\tilde K \tilde L) "
        r"+ \frac{1^\top \tilde K 1 \cdot 1^\top \tilde L 1}{(n-1)(n-2)} \\ "
        r"- \frac{2}{n-2}\, 1^\top \tilde K \tilde L 1 \big] \end{gathered}",
        "Song et al. 2012, eq. 5; " + _PAPER + ", App. A",
        "at most 1",
    ),
    Term(
        "CKA, features sampled",
        "CKA corrected for both samples: of inputs, and of features. A layer's features are taken "
        "for a draw of many more like them; those that pair with themselves are left out of the "
        "norms. It tells what models of infinite width would score, in their own features' basis.",
        r"\frac{\mathrm{CKA}_u(K, L)}{\sqrt{r_K r_L}}, \quad r_K = \frac{d}{d - 1} "
        r"\left( 1 - \frac{\sum_a \|A_a\|^2}{\|A\|^2} \right)",
        "Chun et al. 2025 (arXiv 2502.15104)",
        "−1 to 1; reliabilities r below .1 count as .1",
    ),
    Term(
        "adjusted RV",
        "Linear CKA, which is the RV coefficient, less what relabeled samples give on average, as "
        "a share of what is left to 1: unrelated layers score 0 whatever their widths.",
        r"\frac{\mathrm{RV} - E}{1 - E}, \quad E = \frac{\mathrm{tr} \bar K\, \mathrm{tr} "
        r"\bar L}{(n - 1) \|\bar K\| \|\bar L\|}",
        "El Ghaziri and Qannari 2015; Kazi-Aoual et al. 1995",
        "−1 to 1; 0 by chance",
    ),
    Term(
        "linear predictivity",
        "How well ridge regression tells one model's features from the other's: R² by generalized "
        "cross-validation, at the best of three penalties, or 0 where the mean predicts better. It "
        "has a direction, so it is stored both ways.",
        r"1 - \frac{\mathrm{GCV}(\lambda)}{\mathrm{GCV}(\infty)}, \quad \mathrm{GCV} = "
        r"\frac{\|(I - H_\lambda) Y\|^2 / n}{(1 - \mathrm{tr} H_\lambda / n)^2}",
        "Golub, Heath and Wahba 1979",
        "0 to 1",
    ),
    Term(
        "GULP distance",
        "How far apart the predictions of two ridge regressions can be, over all tasks alike, as a "
        "share of what they are where nothing is alike. A distance: lower is closer.",
        r"\frac{\|H_\phi - H_\psi\|^2}{\|H_\phi\|^2 + \|H_\psi\|^2}, \quad H = K (K + \lambda\, "
        r"\mathrm{tr} K)^{-1}",
        "Boix-Adsera et al. 2022 (the paper does not divide)",
        "share, 0 to 1; lower is closer",
    ),
    Term(
        "information imbalance",
        "Where one model's nearest neighbors rank among the other's: 0 where they are the nearest "
        "there, too, 1 where one model tells nothing of the other. It has a direction, so it is "
        "stored both ways. A distance: lower is closer.",
        r"\Delta(\phi \to \psi) = \frac{2}{n - 2} \left( \langle r_\psi | r_\phi = 1 \rangle - 1 "
        r"\right)",
        "Glielmo et al. 2022, whose 2⟨r⟩ / n has ends that move with n",
        "0 to 2; 1 by chance; lower is closer",
    ),
    Term(
        "CKNNA",
        "CKA whose sums run only over pairs of samples that are neighbors in both models. At "
        "small k it is local, at k = n − 1 it is CKA without the diagonal.",
        r"\begin{gathered} \frac{A(K, L)}{\sqrt{A(K, K)\, A(L, L)}} \\ "
        r"A(K, L) = \sum_{i \ne j} \alpha(i, j)\, \bar K_{ij} \bar L_{ij} \end{gathered}",
        f"{_PAPER}, App. B, eqs. 12 and 16–18; both sides are centered here",
        "tends to CKA as k grows",
    ),
    Term(
        "Jaccard k-NN",
        "The neighbors that two models share, of all that either has: like mutual k-NN, but what "
        "they do not share counts twice.",
        r"\frac{1}{n} \sum_i \frac{|S_\phi(i) \cap S_\psi(i)|}{|S_\phi(i) \cup S_\psi(i)|}",
        "Jaccard 1912; Hryniowski and Wong 2020",
        "share, 0 to 1",
    ),
    Term(
        "RSA",
        "Representational similarity analysis: Spearman's correlation of two kernels over all "
        "pairs of samples, so only the order of the similarities counts.",
        r"\rho(K_{ij}, L_{ij}),\quad i < j",
        "Kriegeskorte et al. 2008",
        "−1 to 1",
    ),
    Term(
        "PWCCA",
        "Projection-weighted CCA: SVCCA's canonical correlations, each weighed by how much of one "
        "model's features its direction tells. The side that weighs makes it two numbers.",
        r"\frac{\sum_i \alpha_i \rho_i}{\sum_i \alpha_i}, \quad \alpha_i = \sum_j |\langle "
        r"h_i, x_j \rangle|",
        "Morcos, Raghu and Bengio 2018; of SVCCA's ten directions",
        "0 to 1",
    ),
    Term(
        "Procrustes distance",
        "What is left of the distance of two sets of features once one is rotated and scaled onto "
        "the other. Lower is closer.",
        r"2 - 2 \frac{\lVert X^\top Y \rVert_*}{\lVert X \rVert \lVert Y \rVert}",
        "Schönemann 1966; Ding et al. 2021",
        "0 (identical) to 2",
    ),
    Term(
        "SVCCA",
        "How far the ten strongest directions of one model can be rotated onto those of the other: "
        "the mean canonical correlation of its left singular vectors.",
        r"\frac{1}{10} \sum_{r=1}^{10} \sigma_r(U_\phi^\top U_\psi)",
        "Raghu et al. 2017; " + _PAPER + ", App. A",
        "0 to 1",
    ),
    Term(
        "neighbors k",
        "How many nearest samples count as a sample's neighbors. Scores of different k are not "
        "compared with each other.",
        r"S_\phi(i) = \{ k \text{ samples } j \ne i \text{ of largest } "
        r"\langle \phi_i, \phi_j \rangle \}",
        f"{_PAPER}, App. A; k = 10 in Fig. 3",
        "1 to n − 1",
    ),
    Term(
        "samples n",
        "How many images, captions or pairs of both a score is over. At a fixed k, k-NN scores "
        "fall as n grows, so scores are compared at one n only.",
        source=f"{_PAPER}, App. C.2: n = 1,024 pairs, or 1,000 images",
    ),
    Term(
        "best pair of layers",
        "Where in two models the agreement sits is not known beforehand, so every layer of one is "
        "scored against every layer of the other, and the best pair stands for the models.",
        r"\max_{a, b}\ m(K^{(a)}, L^{(b)})",
        f"{_PAPER}, App. C.2",
    ),
    Term(
        "concatenated layers",
        "All layers of a model side by side, as one more candidate for the best pair. The paper "
        "has it, its released code does not.",
        r"[\phi^{(1)}, \ldots, \phi^{(L)}]",
        f"{_PAPER}, App. C.2",
    ),
    Term(
        "tie",
        "Several samples are equally near, as where captions repeat. The one that stands first in "
        "the dataset is taken. Where that happens often on both sides, a score says more about "
        "the order of the rows than about the models.",
        source="definition of PRH Explorer",
        unit="share of neighbors",
    ),
    Term(
        "row order",
        "The order of the samples in a feature file. Two files in different orders give scores at "
        "the floor, so every file carries a hash of its order and a mismatch is refused.",
        source="definition of PRH Explorer",
    ),
)
"""Metrics first, then what they are taken over."""

"""Words of single experiments: maps, colors, captions, emergence, locality, theory."""

from pages.ui.glossary.term import Term

_PAPER = "Huh et al. 2024"
TERMS = (
    Term(
        "binning",
        "Models are put into bins of like competence, of equal width or of equal count, and the "
        "alignment of the pairs within a bin is averaged.",
        source=f"{_PAPER}, Fig. 2",
    ),
    Term(
        "map of models",
        "Models as points of a plane, near where they agree, by UMAP or by MDS on the distance "
        "below. Its axes have no unit.",
        r"d_{ij} = -\log m(K_i, K_j)",
        f"{_PAPER}, Fig. 2; McInnes et al. 2018",
    ),
    Term(
        "neighbors in common",
        "How many of a sample's k nearest neighbors two models both have. Mutual k-NN is the mean "
        "over samples; unrelated lists share so many by the hypergeometric distribution.",
        r"|S_\phi(i) \cap S_\psi(i)|",
        f"{_PAPER}, App. A, eq. 11, before the mean",
        "0 to k; k² / (n − 1) by chance",
    ),
    Term(
        "map of samples",
        "Samples as points of a plane, by UMAP of each one's nearest neighbors in a layer, or by "
        "the two principal components where they are too many. Its axes have no unit.",
        source="McInnes et al. 2018; the principal components are Hotelling's, 1933",
    ),
    Term(
        "trustworthiness of a map",
        "Whether the nearest models on a map are the nearest in truth. Below about .8 read the map "
        "with care.",
        r"1 - \frac{2}{mk(2m - 3k - 1)} \sum_i \sum_{j \in U_i} (\mathrm{rank}_i(j) - k)",
        "Venna and Kaski 2001",
        "0 to 1",
    ),
    Term(
        "MDS stress",
        "How much the distances of a layout differ from those it should show: metric "
        "multidimensional scaling lowers it, and the best of many starts is kept.",
        r"\sqrt{\frac{\sum_{i < j} (\lVert x_i - x_j \rVert - \delta_{ij})^2}"
        r"{\sum_{i < j} \delta_{ij}^2}}",
        "Kruskal 1964; de Leeuw 1977",
        "0 (exact) and up",
    ),
    Term(
        "Procrustes",
        "Bringing one layout onto another by rotation, scaling and shift. The rotation follows "
        "Kabsch, the scale Umeyama; a layout and its mirror image are both tried.",
        r"\min_{s, R, t} \sum_i \lVert y_i - (s R x_i + t) \rVert^2",
        "Kabsch 1976; Umeyama 1991; " + _PAPER + ", App. D",
    ),
    Term(
        "CIELAB",
        "A space of colors in which equal distances look about equally different: lightness L*, "
        "green to red a*, blue to yellow b*.",
        source="CIE 1976; " + _PAPER + ", Fig. 8",
    ),
    Term(
        "ΔE",
        "The distance of two colors in CIELAB. About 2 is just seen, black and white are 100 "
        "apart.",
        r"\Delta E = \sqrt{\Delta L^{*2} + \Delta a^{*2} + \Delta b^{*2}}",
        "CIE 1976",
        "0 and up",
    ),
    Term(
        "words per caption",
        "How long the captions of a set are, on average. The paper asks for summaries of about N "
        "words and takes N as density.",
        source=f"{_PAPER}, Fig. 9",
        unit="words",
    ),
    Term(
        "length adherence",
        "Whether a language model that was asked for N words wrote about N: captions that stayed "
        "off by more than 30 % are counted.",
        source=f"{_PAPER}, App. E asks for about N words; the 30 % are ours",
        unit="share of captions",
    ),
    Term(
        "law of saturation",
        "How alignment grows with the captions and pictures an item whose features are averaged, "
        "and where it ends. It bends to nearly any few points that rise and level off, so it is "
        "said to hold only with degrees of freedom left and an end in sight.",
        r"S(n_f, n_c) = S_\infty - (C_f n_f^{-\alpha_f} + C_c n_c^{-\alpha_c})",
        "Zhu et al. 2026 (arXiv 2511.02767)",
        "as the metric",
    ),
    Term(
        "emergence",
        "A skill that stays flat at low alignment and rises later, instead of growing all along. "
        "The test asks whether a curve with an onset fits better than chance lets one fit.",
        r"n \ln \frac{\mathrm{RSS}_{\text{concave}}}{\mathrm{RSS}_{\text{S}}}",
        f"{_PAPER}, Fig. 4; Feng et al. 2022",
    ),
    Term(
        "probe",
        "A look at a model in training: a small set of samples goes through it as it is, and its "
        "layers are scored against stored features of reference models. The training's own numbers "
        "stay the same bits.",
        source="definition of PRH Explorer",
    ),
    Term(
        "checkpoint",
        "A model as it was at a step on the way of its training, whose weights were kept. Scored "
        "like any other model, checkpoints of one training make a curve.",
        source="Biderman et al. 2023 (Pythia)",
    ),
    Term(
        "growth",
        "How alignment rises with the size of the vision model, centered on the smallest of its "
        "family and divided by the standard deviation over the family, at each k by itself. It "
        "says which way alignment goes, not how far.",
        r"\frac{a_s - a_1}{\mathrm{sd}(a_1, \ldots, a_S)}",
        f"{_PAPER}, Fig. 10",
        "standard deviations",
    ),
    Term(
        "PMI",
        "Pointwise mutual information: how much more often two events occur together than if they "
        "were independent. The theory says that contrastive learners end with it as their kernel.",
        r"K_{\mathrm{PMI}}(a, b) = \log \frac{p(a, b)}{p(a)\, p(b)}",
        f"{_PAPER}, Section 4",
        "nats, any sign",
    ),
    Term(
        "binary NCE",
        "Learning to tell pairs that occurred together from pairs put together at random. Its "
        "optimum is PMI up to a constant.",
        r"\langle f(a), f(b) \rangle = K_{\mathrm{PMI}}(a, b) + "
        r"\log \frac{p_{\mathrm{pos}}}{1 - p_{\mathrm{pos}}}",
        f"Gutmann and Hyvärinen 2010; {_PAPER}, App. F",
    ),
    Term(
        "InfoNCE",
        "Learning to pick what occurred together with an event out of others. Its optimum is PMI "
        "up to a term that depends on one side alone.",
        r"\frac{\langle f(a), f(b) \rangle}{\tau} = K_{\mathrm{PMI}}(a, b) + c(a)",
        f"van den Oord et al. 2018; {_PAPER}, App. F",
    ),
    Term(
        "lossy observation",
        "An observer that takes several events for one, so that part of the information about the "
        "world is lost. The theorem holds for observers that lose none.",
        r"1 - \frac{I(Z; X_B)}{H(Z)}",
        f"{_PAPER}, Sections 4 and 6",
        "share of the bits, 0 to 1",
    ),
    Term(
        "up to a constant",
        "Two kernels are equal but for one number added to every entry. Centering removes it, so "
        "alignment does not see it.",
        r"L_{ij} = K_{ij} + c",
        f"{_PAPER}, Section 4",
    ),
    Term(
        "matching without pairs",
        "Samples of two models are matched by what is alike to what within each space, and the "
        "true pairs only counted afterwards. By luck one sample is right, whatever their number.",
        r"\max_\pi \sum_{ij} K_{ij}\, L_{\pi(i)\,\pi(j)}",
        "Vogelstein et al. 2015; Dar 2025",
        "correct matches, 0 to n",
    ),
)
"""In the order of the paper's figures."""

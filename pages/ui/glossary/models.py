"""Words for models, their features and what they can do."""

from pages.ui.glossary.term import Term

_PAPER = "Huh et al. 2024"
TERMS = (
    Term(
        "truncation",
        "Extreme numbers of the features are clamped, on both sides, at the 95th percentile of "
        "their size. Exact: one percentile over the whole feature tensor. Mean: a percentile per "
        "sample, averaged over samples (the released code's default).",
        r"x \mapsto \min(\max(x, -t), t)",
        f"{_PAPER}, App. C.2",
        "that of the features",
    ),
    Term(
        "normalization",
        "Every sample's vector is divided by its length, so that inner products compare "
        "directions.",
        r"\phi_i \mapsto \phi_i / \lVert \phi_i \rVert_2",
        f"{_PAPER}, App. C.2",
    ),
    Term(
        "pooling",
        "How the tokens of a caption, or the patches of a picture, become one vector: their mean, "
        "the last token, or the class token (cls).",
        r"\phi = \frac{1}{T} \sum_{t=1}^{T} h_t",
        f"{_PAPER}, App. C.2",
    ),
    Term(
        "prompt",
        "Words put round a caption before a language model reads it, e.g. “An image with the "
        "caption '…'. This is an image of a”. None is the plain caption.",
        source=f"{_PAPER}, App. C.2",
    ),
    Term(
        "precision",
        "The number format in which a network computed: float32, or half as many bits (bfloat16, "
        "float16); “stored in float16” where features were rounded once more to be kept. Scores of "
        "two precisions are not mixed.",
        source="IEEE 754",
    ),
    Term(
        "bits per byte",
        "How many bits a language model needs for a byte of a text it has not seen; fewer is "
        "better. Pages show 1 − bits per byte, so that better is to the right.",
        r"\mathrm{bpb} = \frac{1}{B} \sum_t \frac{-\ln p(w_t \mid w_{<t})}{\ln 2}",
        f"{_PAPER}, Fig. 3",
        "bits, above 0",
    ),
    Term(
        "competence",
        "What a model can do. Of vision models the paper takes the share of VTAB's 19 tasks "
        "solved, by linear probes; of language models 1 − bits per byte.",
        source=f"{_PAPER}, Fig. 2",
        unit="share, 0 to 1",
    ),
    Term(
        "linear probe",
        "A logistic regression on frozen features of one layer: what can be read off them "
        "without training the network.",
        r"p(c \mid \phi) \propto \exp(w_c^\top \phi + b_c)",
        "Alain and Bengio 2016; " + _PAPER + ", Fig. 2",
        "accuracy, 0 to 1",
    ),
    Term(
        "task solved",
        "A model solves a task when its probe gets at least 80 % of the best accuracy of all "
        "models probed on it.",
        r"\mathrm{acc} \ge 0.8 \max_{\text{models}} \mathrm{acc}",
        f"{_PAPER}, Fig. 2",
    ),
    Term(
        "family",
        "Models that share objective and training data and differ in size.",
        source=f"{_PAPER}, Fig. 3",
    ),
)
"""Features first, then skills."""

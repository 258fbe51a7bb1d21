"""The app's pages: they ask the warehouse and draw, and only read.

A page is a folder of its topic's name (page.py, and as it needs them queries.py with its SQL,
chart.py, text.py, statistics.py) and its record here.
"""

from pages.record import SETTING, WATCHING, Page

__all__ = ["PAGES", "SETTING", "Page"]

# fmt: off
PAGES = (
    Page(
        "inventory",
        "Start here",
        "",
        "Networks trained with different objectives, on different data and modalities, are said to "
        "converge to one statistical model of reality in their representation spaces.",
        "it holds no models",
        terms=("alignment", "kernel", "row order", "untrained control", "q"),
    ),
    Page(
        "alignment",
        "Do language and vision meet?",
        "do_language_and_vision_meet",
        "Do models that never saw an image agree with models that never read a word?",
        "it holds no scores of one model against another",
        figure="Fig. 3",
        takes=SETTING,
        terms=(
            "alignment", "mutual k-NN", "best pair of layers", "concatenated layers",
            "permutation null", "threshold", "q", "interval", "untrained control",
            "calibrated score", "bits per byte", "confounded by family", "truncation", "row order",
        ),
    ),
    Page(
        "skill",
        "Does it predict skill?",
        "does_it_predict_skill",
        "Are the language models that agree with vision the ones that can do more?",
        "it holds no scores of language against vision",
        figure="Fig. 4",
        takes=SETTING,
        terms=(
            "alignment", "mutual k-NN", "best pair of layers", "permutation null", "threshold", "r",
            "p", "emergence", "bits per byte",
        ),
    ),
    Page(
        "competence",
        "Do strong models agree?",
        "do_strong_models_agree",
        "Do models that can do more agree more with each other?",
        "no models of one modality were compared with each other",
        figure="Fig. 2",
        takes=SETTING,
        terms=(
            "competence", "linear probe", "task solved", "binning", "standard error", "ρ", "p", "q",
            "map of models", "trustworthiness of a map",
        ),
    ),
    Page(
        "color",
        "Is it color-deep?",
        "is_it_color_deep",
        "Do words and pictures arrange colors as the eye does?",
        "no colors were laid out",
        "prh color --panel demo --pictures package:scikit-learn",
        figure="Fig. 8",
        terms=(
            "CIELAB", "ΔE", "MDS stress", "Procrustes", "ρ", "p", "q", "interval", "PMI",
            "untrained control",
        ),
    ),
    Page(
        "captions",
        "Do denser captions help?",
        "do_denser_captions_help",
        "Do captions that say more bring language closer to vision?",
        "no caption sets were compared",
        "prh captions --dataset emoji --panel demo --set column:word --set own "
        "--set column:definition",
        figure="Fig. 9",
        terms=(
            "words per caption", "length adherence", "law of saturation", "mutual k-NN", "interval",
            "permutation null", "calibrated score", "bits per byte", "untrained control",
        ),
    ),
    Page(
        "neighborhood",
        "Local or global?",
        "local_or_global",
        "Do larger vision models agree with language about neighbors, or about everything?",
        "it holds no metric at two numbers of neighbors",
        figure="Fig. 10",
        # Not the metric: it opens with the paper's CKNNA, whatever other pages show.
        takes=("dataset", "n", "truncation", "pooling", "prompt", "precision"),
        terms=(
            "CKNNA", "neighbors k", "growth", "mutual k-NN", "CKA", "permutation null",
            "single-model families",
        ),
    ),
    Page(
        "layers",
        "Which layers?",
        "which_layers",
        "Where in the two models does the agreement sit?",
        "it holds no scores of layers",
        figure="App. C",
        takes=SETTING,
        terms=(
            "best pair of layers", "concatenated layers", "permutation null", "threshold",
            "noise ceiling", "split-half agreement", "tie",
        ),
    ),
    Page(
        "neighbors",
        "Which neighbors?",
        "which_neighbors",
        "Which samples do two models find near each other, and which samples carry their score?",
        "no neighbors of samples were stored",
        "prh neighbors --dataset emoji",
        figure="App. A",
        takes=SETTING,
        terms=(
            "mutual k-NN", "neighbors k", "neighbors in common", "map of samples",
            "best pair of layers", "concatenated layers", "permutation null", "q", "tie",
            "untrained control",
        ),
    ),
    Page(
        "metrics",
        "Does the metric matter?",
        "does_the_metric_matter",
        "What does each metric look at, and do they agree about the same models?",
        "it holds no scores of language against vision",
        figure="Figs. 11–14",
        takes=("dataset",),
        terms=(
            "mutual k-NN", "CKA", "unbiased CKA", "CKNNA", "SVCCA", "cycle k-NN", "LCS k-NN",
            "edit-distance k-NN", "Procrustes distance", "calibrated score", "ρ", "q",
        ),
    ),
    Page(
        "sizes",
        "How does it change with n?",
        "how_does_it_change_with_n",
        "Does a score hold as samples are added, and within classes as between them?",
        "no score has a curve over the number of samples",
        "prh curves --dataset emoji",
        takes=("sides", "dataset", "metric"),
        terms=(
            "mutual k-NN", "best pair of layers", "chance of one pair", "interval", "extrapolation",
            "untrained control", "truncation", "row order",
        ),
    ),
    Page(
        "doubt",
        "How sure are we?",
        "how_sure_are_we",
        "What would each score be by luck, by coarse classes, by spectrum, or without training?",
        "no score was held against a null",
        "prh nulls --dataset emoji && prh confounds",
        takes=SETTING,
        terms=(
            "permutation null", "restricted permutations", "spectrum-matched features", "threshold",
            "calibrated score", "power", "q", "interval", "untrained control", "unbiased CKA",
        ),
    ),
    Page(
        "unpaired",
        "Do they match without pairs?",
        "do_they_match_without_pairs",
        "Do two models' spaces alone tell which sample is which?",
        "no pair of models was matched without pairs",
        "prh unpaired --dataset emoji --pairs all",
        takes=("sides", "dataset"),
        terms=("matching without pairs", "p", "q", "untrained control", "row order"),
    ),
    Page(
        "nesting",
        "Which way?",
        "which_way",
        "Is the space of one of two models nested in the other's?",
        "no pair of models was tested for nesting",
        "prh nesting --dataset emoji --panel demo --pairs all",
        terms=(
            "nested space", "information imbalance", "hubness", "cycle k-NN", "mutual k-NN",
            "interval", "q",
        ),
    ),
    Page(
        "training",
        "Does training align?",
        "does_training_align",
        "Does a model come to agree with others while it learns?",
        "no training was watched",
        WATCHING,
        "python",
        takes=("dataset", "metric", "k", "truncation"),
        terms=(
            "probe", "checkpoint", "alignment", "mutual k-NN", "best pair of layers",
            "permutation null", "threshold", "chance of one pair", "bits per byte",
        ),
    ),
    Page(
        "theory",
        "Why should it happen?",
        "why_should_it_happen",
        "Do learners that see one world in two ways end with one kernel?",
        "no world was simulated",
        "prh theory",
        figure="Section 4",
        terms=(
            "PMI", "kernel", "binary NCE", "InfoNCE", "up to a constant", "lossy observation",
            "mutual k-NN", "chance of one pair",
        ),
    ),
    Page(
        "trial",
        "How does my model do?",
        "how_does_my_model_do",
        "Does a model of yours agree with the models here, and where does it stand among them?",
        "",
        terms=("alignment", "mutual k-NN", "best pair of layers", "threshold", "q", "interval"),
    ),
    Page(
        "ask",
        "Ask in SQL",
        "ask_in_sql",
        "What would you ask these numbers that no page foresaw?",
        "",
    ),
    Page(
        "glossary",
        "Glossary",
        "glossary",
        "What the words of these pages mean, and where they come from",
        "",
    ),
)
# fmt: on
"""In the order a reader would ask: it is the app's navigation, and what every page is tested by."""

"""The app's pages: they ask the warehouse and draw, and only read.

A page is a folder of its topic's name (page.py, and as it needs them queries.py with its SQL,
chart.py, text.py, statistics.py) and its record here.
"""

from pathlib import Path
from typing import NamedTuple

SETTING = (
    "sides", "dataset", "n", "metric", "k", "sigma", "truncation", "normalized", "pooling",
    "prompt", "precision",
)  # fmt: skip
"""Keys of what must be equal for scores to be comparable; a reader's choice of them goes along to
other pages."""


WATCHING = """\
from ingest.training import PRHCallback, Probe, captions, stored_references

probe = Probe(
    captions(dataset, tokenizer),
    stored_references(home, dataset, ["all-MiniLM-L6-v2"]),
    training="my-run",
    home=home,
)
trainer = Trainer(..., callbacks=[PRHCallback(probe)])"""
"""How transformers' Trainer has its model probed."""


class Page(NamedTuple):
    """One question a reader has."""

    topic: str
    """The folder."""
    title: str
    url: str
    """Path of its address; the page without one is where the app opens."""
    claim: str
    """What the page answers, one sentence."""
    lack: str
    """What an empty warehouse does not hold or have yet; empty where a page needs no warehouse."""
    command: str = "prh demo"
    """Fills the page."""
    language: str = "shell"
    """Of the command."""
    figure: str = ""
    """Of the paper, that the page reproduces."""
    takes: tuple[str, ...] = ()
    """Keys of the setting that go along when a reader comes from another page."""
    terms: tuple[str, ...] = ()
    """Words of the glossary that the page uses."""

    @property
    def script(self) -> str:
        """Path of the page's script."""
        return str(Path(__file__).parent / self.topic / "page.py")


PAGES = (
    Page(
        "inventory",
        "Start here",
        "",
        "Networks trained with different objectives, on different data and modalities, are said to "
        "converge to one statistical model of reality in their representation spaces.",
        "it holds no models",
        terms=(
            "alignment",
            "kernel",
            "row order",
            "untrained control",
            "q",
        ),  # fmt: skip
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
            "alignment",
            "mutual k-NN",
            "best pair of layers",
            "concatenated layers",
            "permutation null",
            "threshold",
            "q",
            "interval",
            "untrained control",
            "calibrated score",
            "bits per byte",
            "confounded by family",
            "truncation",
            "row order",
        ),  # fmt: skip
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
            "alignment",
            "mutual k-NN",
            "best pair of layers",
            "permutation null",
            "threshold",
            "r",
            "p",
            "emergence",
            "bits per byte",
        ),  # fmt: skip
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
            "competence",
            "linear probe",
            "task solved",
            "binning",
            "standard error",
            "ρ",
            "p",
            "q",
            "map of models",
            "trustworthiness of a map",
        ),  # fmt: skip
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
            "CIELAB",
            "ΔE",
            "MDS stress",
            "Procrustes",
            "ρ",
            "p",
            "q",
            "interval",
            "PMI",
            "untrained control",
        ),  # fmt: skip
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
            "words per caption",
            "length adherence",
            "law of saturation",
            "mutual k-NN",
            "interval",
            "permutation null",
            "calibrated score",
            "bits per byte",
            "untrained control",
        ),  # fmt: skip
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
            "CKNNA",
            "neighbors k",
            "growth",
            "mutual k-NN",
            "CKA",
            "permutation null",
            "single-model families",
        ),  # fmt: skip
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
            "best pair of layers",
            "concatenated layers",
            "permutation null",
            "threshold",
            "noise ceiling",
            "split-half agreement",
            "tie",
        ),  # fmt: skip
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
            "mutual k-NN",
            "CKA",
            "unbiased CKA",
            "CKNNA",
            "SVCCA",
            "cycle k-NN",
            "LCS k-NN",
            "edit-distance k-NN",
            "Procrustes distance",
            "calibrated score",
            "ρ",
            "q",
        ),  # fmt: skip
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
            "probe",
            "checkpoint",
            "alignment",
            "mutual k-NN",
            "best pair of layers",
            "permutation null",
            "threshold",
            "chance of one pair",
            "bits per byte",
        ),  # fmt: skip
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
            "PMI",
            "kernel",
            "binary NCE",
            "InfoNCE",
            "up to a constant",
            "lossy observation",
            "mutual k-NN",
            "chance of one pair",
        ),  # fmt: skip
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
"""In the order a reader would ask: it is the app's navigation, and what every page is tested by."""

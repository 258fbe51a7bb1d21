"""Words that pages use, each with what it means, its formula and its source. No Streamlit."""

from pages.ui.glossary import alignment, doubt, experiments, models
from pages.ui.glossary.term import Term as Term

SECTIONS: dict[str, tuple[Term, ...]] = {
    "Measuring alignment": alignment.TERMS,
    "Chance and doubt": doubt.TERMS,
    "Models and features": models.TERMS,
    "Experiments": experiments.TERMS,
}
"""The glossary as it is read, by what words are about."""
GLOSSARY: dict[str, Term] = {term.name: term for terms in SECTIONS.values() for term in terms}
"""Every term by its name."""


def matching(words: str) -> dict[str, list[Term]]:
    """Return the terms that hold every word of a search, by section; without words, all of them.

    Args:
        words: separated by spaces; case and the kind of hyphen do not matter.
    """
    wanted = _folded(words).split()
    found = {
        section: [term for term in terms if all(word in _folded(" ".join(term)) for word in wanted)]
        for section, terms in SECTIONS.items()
    }
    return {section: terms for section, terms in found.items() if terms}


def _folded(text: str) -> str:
    return text.casefold().replace("‐", "-").replace("–", "-").replace("−", "-")

"""One word of the glossary."""

from typing import NamedTuple


class Term(NamedTuple):
    """A word that pages use without explaining it."""

    name: str
    says: str
    """What it means, in plain sentences."""
    formula: str = ""
    """LaTeX, without the dollar signs; empty where there is none."""
    source: str = ""
    """The paper's section or equation, or a reference."""
    unit: str = ""
    """Unit or range of the number; empty where it is none."""

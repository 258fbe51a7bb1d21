"""Bits per byte: how well a language model predicts text, in units no tokeniser can change."""

from typing import Literal

Start = Literal["auto", "bos", "none"]
"""What stands before every document: the tokeniser's BOS where it has one, always, or never."""
BUDGET = 4_000_000
"""Tokens to score where nobody asks for another number (paper, Fig. 3)."""

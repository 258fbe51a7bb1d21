"""Bits per byte: how well a language model predicts text, in units no tokenizer can change."""

from typing import Literal

Start = Literal["auto", "bos", "none"]
"""What stands before every document: the tokenizer's BOS where it has one, always, or never."""
BUDGET = 16_000_000
"""Bytes of text to read where nobody asks for another number: about the 4 million tokens of the
paper's Fig. 3, at four bytes a token. A budget of tokens would be a stretch of its own for every
tokenizer."""

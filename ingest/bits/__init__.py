"""Bits per byte: how well a language model predicts text, in units no tokeniser can change."""

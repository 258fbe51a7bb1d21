"""Scores over growing numbers of samples, and within classes and between them."""

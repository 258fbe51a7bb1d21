"""Scores of pairs of feature sets: what is missing, computed together, a row each. No SQL."""

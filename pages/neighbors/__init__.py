"""The page of neighbors: inside a score, sample by sample."""

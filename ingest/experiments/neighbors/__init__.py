"""Inside a score: each sample's neighbors, a map of them, and agreement sample by sample."""

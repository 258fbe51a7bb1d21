"""Nesting and hubs, in words."""

PAIRS = (
    "Where one space is a coarsening of another, its neighbors need not be near in the other, but "
    "the other's are near in it. So the ranks of each side's k neighbors in the other space are "
    "compared (information imbalance, Glielmo et al. 2022), at the pair of layers with the highest "
    "mutual k-NN, held fixed. Hubs are near everything: each rank is held against that sample's "
    "mean rank from everywhere. **Nested** is said only where q ≤ .05 beyond hubs and both "
    "directions agree. **How often falsely?** Of 5 %, the test rejects 2 to 6 % of simulated pairs "
    "of which neither tells more among 100 samples, 4 to 7 % among 512. What it cannot tell from "
    "nesting is one popularity that governs both spaces, twice as strongly in one: rejected in 7 "
    "and 36 %."
)
CYCLES = (
    "Out by one model's neighbors, back by the other's: which samples come home? Both ways count "
    "the very **same pairs of samples**, seen from their other ends, so they differ only as these "
    "pairs concentrate on hubs: on the side that comes back, samples that stand in many lists "
    "share what leads home. That is no sign of nesting; the first view tests that."
)
SPACES = (
    "**Hubness** is the skewness of how many lists of k neighbors a sample stands in (Radovanovic "
    "et al. 2010): about 1 / √k where lists are random. **Density**: how near the k-th neighbor "
    "is. **Intrinsic dimension** by TwoNN (Facco et al. 2017). The table has the Gini coefficient, "
    "the greatest hub and the nearest neighbor, too. The answer above is of nesting."
)
MARKS = {
    PAIRS: "Difference of information imbalance beyond hubs, with its 95 % interval; tick: hubs "
    "left in; gray: one model or both untrained.",
    CYCLES: "Share of samples that come home, out by one model's neighbors and back by the "
    "other's.",
    SPACES: "A line per model, a point per layer.",
}
"""Under the figure, by what is explained."""
MEASURED = (
    "Rows are l2-normalized; information imbalance is 0 where told wholly, 1 where unrelated.",
)

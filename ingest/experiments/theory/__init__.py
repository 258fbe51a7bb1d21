"""Why it should happen: simulated worlds, and learners that observe them (paper, Section 4)."""

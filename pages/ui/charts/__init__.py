"""Charts: shared parts, trend lines, and what every one is finished with."""

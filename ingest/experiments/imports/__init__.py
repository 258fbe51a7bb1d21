"""What others measured, with its source: benchmark results and published tables."""

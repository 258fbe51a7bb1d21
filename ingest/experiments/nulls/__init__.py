"""What scores are held against: nulls drawn for stored scores, and simulated ones."""

"""The page of alignment."""

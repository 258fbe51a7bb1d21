"""The page of matching without pairs."""

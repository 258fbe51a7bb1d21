"""The page of color."""

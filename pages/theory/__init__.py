"""The page of theory."""

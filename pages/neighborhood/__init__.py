"""The page of neighborhood."""

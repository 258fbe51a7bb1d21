"""The page of layers."""

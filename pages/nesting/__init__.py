"""The page of nesting."""

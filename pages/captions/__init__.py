"""The page of captions."""

"""The page of skill."""

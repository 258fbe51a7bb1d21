"""The page of wordiness."""

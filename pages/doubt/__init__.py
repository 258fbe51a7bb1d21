"""The page of doubt: what scores are held against."""

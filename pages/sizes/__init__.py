"""The page of numbers of samples."""

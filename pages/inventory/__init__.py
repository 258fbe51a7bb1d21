"""The page of inventory."""

"""The page of models in training."""

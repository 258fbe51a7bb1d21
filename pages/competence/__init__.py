"""The page of competence."""

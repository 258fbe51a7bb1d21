"""A reader's own question, in SQL."""

"""Which space is nested in which, and how hubs lie in each."""

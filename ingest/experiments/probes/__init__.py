"""Linear probes of vision models on tasks."""

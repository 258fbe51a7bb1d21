"""Classification tasks, and linear probes on them: how competent a vision model is."""

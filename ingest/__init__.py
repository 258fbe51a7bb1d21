"""Runs extraction and metrics, and is the only writer of the warehouse."""

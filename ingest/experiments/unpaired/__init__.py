"""Stored models matched sample to sample without a pair."""

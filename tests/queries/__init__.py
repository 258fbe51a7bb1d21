"""Tests of the pages' SQL."""

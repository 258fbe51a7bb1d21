"""Tests mirror the rooms: core, ingest, queries, pages, e2e, bench."""

"""Tests of the documentation: links, examples, roads, how-to pages, the site."""

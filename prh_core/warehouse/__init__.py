"""What both halves agree on: where the results lie, their schema, how they are opened and asked.

The only place of prh_core that knows DuckDB and polars.
"""

"""Each experiment in a room of its own: its units of work and its rows."""

"""The `prh` command: options declared once, one file per group of commands."""

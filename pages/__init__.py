"""The app's pages: they ask the warehouse and draw, and only read."""

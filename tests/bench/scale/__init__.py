"""Many scores, many readers: what pages take then."""

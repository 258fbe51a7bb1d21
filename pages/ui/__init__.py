"""What the pages share: the door to the warehouse, controls, charts, the frame of a page."""

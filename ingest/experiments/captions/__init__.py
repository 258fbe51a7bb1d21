"""Caption sets: the same images, with captions that say more or less (paper, Fig. 9)."""

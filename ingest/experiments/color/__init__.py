"""Color: words, pictures and human vision laid out side by side (paper, Fig. 8)."""

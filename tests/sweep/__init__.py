"""`make sweep`: every architecture of timm and transformers, read as extraction reads it.

Too long for the suite, which runs a bounded slice of it.
"""

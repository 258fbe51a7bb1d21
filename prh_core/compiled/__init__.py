"""Inner loops, compiled by numba: arrays of known layout in, arrays out, nothing checked.

Shapes are checked by the callers; these functions stand apart because a compiled function cannot
be wrapped by the shape checker that runs in every test.
"""

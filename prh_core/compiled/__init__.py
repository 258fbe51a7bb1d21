"""Inner loops, compiled by numba: arrays of known layout in, arrays out, nothing checked.

Shapes are checked by the callers; these functions stand apart because a compiled function cannot
be wrapped by the shape checker that runs in every test. The number of threads is an argument where
it is needed: numba does not keep compiled functions that ask for it themselves.
"""

"""Import what every page needs once, and take it out of the garbage collector's way."""

import gc
import importlib

import streamlit as st
from altair.utils import schemapi

# pandas is not ours, but Streamlit imports it halfway through a page: a second reader's chart then
# meets half a module.
HEAVY = ("altair", "duckdb", "pandas", "polars", "prh_core", "pyarrow")


@st.cache_resource(show_spinner=False)
def up() -> None:
    """Load the heavy modules and freeze them.

    What is frozen is not walked again when the collector comes by.
    """
    for name in HEAVY:
        importlib.import_module(name)
    # Charts are checked against Vega-Lite's schema in the tests, not at every visit.
    schemapi.disable_debug_mode()
    gc.collect()
    gc.freeze()

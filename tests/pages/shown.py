"""What a page shows: its charts' data and its texts."""

import io
import json
from typing import Any

import polars as pl
import pyarrow.ipc
from streamlit.testing.v1 import AppTest


def frames(app: AppTest) -> list[list[pl.DataFrame]]:
    """Return the data sets of every chart."""
    return [
        [
            pl.DataFrame(pl.from_arrow(pyarrow.ipc.open_stream(io.BytesIO(d.data.data)).read_all()))
            for d in chart.proto.datasets  # type: ignore[attr-defined]
        ]
        for chart in app.get("vega_lite_chart")
    ]


def told(app: AppTest) -> str:
    """Return every text of the page."""
    return " ".join(block.value for block in app.markdown)


def drawn(app: AppTest) -> list[pl.DataFrame]:
    """Return the data sets of the page's chart, largest first."""
    (_,) = app.get("vega_lite_chart")
    return drawn_all(app)


def drawn_all(app: AppTest) -> list[pl.DataFrame]:
    """Return the data sets of all the page's charts, largest first."""
    frames = [
        pl.DataFrame(pl.from_arrow(pyarrow.ipc.open_stream(item.data.data).read_all()))
        for chart in app.get("vega_lite_chart")
        for item in chart.proto.datasets  # type: ignore[attr-defined]
    ]
    return sorted(frames, key=lambda frame: frame.height, reverse=True)


def spec(app: AppTest) -> dict[str, Any]:
    """Return the Vega-Lite specification of the page's chart."""
    (chart,) = app.get("vega_lite_chart")
    return json.loads(chart.proto.spec)  # type: ignore[attr-defined]

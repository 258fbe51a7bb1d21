"""The site builds, strictly and without a network, and asks for nothing from afar."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT


def test_the_site_builds_strictly(tmp_path: Path) -> None:
    for needed in ("mkdocs", "material", "mkdocstrings_handlers.python"):
        try:
            there = importlib.util.find_spec(needed)
        except ModuleNotFoundError:
            there = None
        if there is None:
            pytest.skip(f"{needed} is not installed: `make env` brings what requirements/ names")
    site = tmp_path / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(site)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "https_proxy": "http://localhost:9"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not re.findall(r"^WARNING", done.stderr, re.M), done.stderr
    page = (site / "reference" / "prh_core.html").read_text(encoding="utf-8")
    assert "prh_core.layers.align" in page
    fetched = re.compile(r"<(?:script|link|img)\b[^>]*(?:src|href)=\"?(https?:[^\"\s>]+)")
    for html in (site / "index.html", site / "architecture.html"):
        afar = fetched.findall(html.read_text(encoding="utf-8"))
        assert not [address for address in afar if "localhost" not in address], html.name

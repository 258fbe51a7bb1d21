"""A hub on the loopback for tests in this process: the client's constants point to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from huggingface_hub import constants

from ingest.catalog import addresses
from tests.ingest.hub_datasets import WRITER, Datasets
from tests.ingest.hub_double import hub


@contextmanager
def hub_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Datasets]:
    """Serve an empty hub, with a token that may write; yield what it holds and was asked."""
    datasets = Datasets()
    with hub(folder / "models", datasets) as address:
        point_to(address, folder, monkeypatch)
        yield datasets
    addresses._tried.cache_clear()


def point_to(address: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the client, here and in commands that are started, ask this address."""
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder / "hub-cache"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    for name, value in {
        "HF_ENDPOINT": address,
        "HF_HOME": str(folder / "hub-home"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_TOKEN": WRITER,
    }.items():
        monkeypatch.setenv(name, value)

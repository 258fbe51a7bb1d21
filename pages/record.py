"""What the list of pages says of a page."""

from pathlib import Path
from typing import NamedTuple

SETTING = (
    "sides", "dataset", "n", "metric", "k", "sigma", "truncation", "normalized", "pooling",
    "prompt", "precision",
)  # fmt: skip
"""Keys of what must be equal for scores to be comparable; a reader's choice of them goes along to
other pages."""


WATCHING = """\
from ingest.training import PRHCallback, Probe, captions, stored_references

probe = Probe(
    captions(dataset, tokenizer),
    stored_references(home, dataset, ["all-MiniLM-L6-v2"]),
    training="my-run",
    home=home,
)
trainer = Trainer(..., callbacks=[PRHCallback(probe)])"""
"""How transformers' Trainer has its model probed."""


class Page(NamedTuple):
    """One question a reader has."""

    topic: str
    """The folder."""
    title: str
    url: str
    """Path of its address; the page without one is where the app opens."""
    claim: str
    """What the page answers, one sentence."""
    lack: str
    """What an empty warehouse does not hold or have yet; empty where a page needs no warehouse."""
    command: str = "prh demo"
    """Fills the page."""
    language: str = "shell"
    """Of the command."""
    figure: str = ""
    """Of the paper, that the page reproduces."""
    takes: tuple[str, ...] = ()
    """Keys of the setting that go along when a reader comes from another page."""
    terms: tuple[str, ...] = ()
    """Words of the glossary that the page uses."""

    @property
    def script(self) -> str:
        """Path of the page's script."""
        return str(Path(__file__).parent / self.topic / "page.py")

"""How wordy are captions: words a caption by dataset."""

from pages.ui import shell
from pages.ui.controls import Controls
from pages.ui.shell import Nothing
from pages.wordiness import chart, queries


def draw() -> None:
    """Ask, draw, explain."""
    answer = queries.words()
    if answer.frame.is_empty():
        raise Nothing
    shell.figure(
        chart.bars(answer.frame),
        answer,
        title="Words a caption",
        measured=["Words are what white space separates."],
        controls=Controls(),
        alt_text="Words a caption, a bar for every dataset.",
    )
    shell.explain("Captions of few words leave little to agree on.")


shell.show("wordiness", draw)

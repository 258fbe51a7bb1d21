"""How many words captions have."""

from pages.ui.answers import Answer, answer_beside

_answer = answer_beside(__file__)


def words() -> Answer:
    """Return the datasets whose captions were counted, wordy ones first.

    Columns:
        dataset: title
        words: a caption, mean
        n: captions
    """
    return _answer("words")

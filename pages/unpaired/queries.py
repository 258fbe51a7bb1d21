"""Models whose samples were matched without pairs."""

from dataclasses import dataclass

from pages.ui.answers import Answer, Parameters, answer_beside

_answer = answer_beside(__file__)


@dataclass(frozen=True, slots=True)
class Way(Parameters):
    """How pairs of models were matched, and on what."""

    modality_x: str
    modality_y: str
    dataset_id: str
    row_order: str
    method: str
    similarity: str
    starts: int
    seed: int
    n: int
    blocks: int


def matched_settings() -> Answer:
    """Return every way in which pairs were matched, across modalities first.

    Columns:
        modality_x: of the first models
        modality_y: of the second
        dataset_id: catalog id
        row_order: hash of the sample ids in order
        dataset: title
        method: of the search
        similarity: of samples within a space
        starts: of the search
        seed: of blocks and starts
        n: samples of all blocks
        blocks: matched each by itself
        pairs: of models
    """
    return _answer("matched_settings")


def matched_pairs(way: Way) -> Answer:
    """Return every pair of models that was matched in one way, trained ones first.

    Columns:
        label_x: name
        label_y: name
        correct: samples matched with their true partner
        accuracy: share of them
        p_value: as many or more under a random truth, exact
        mean_rank: of the true partner in its block, 1 the best
        chance_rank: what luck expects
        p_rank: as low under a random truth
        agreement: correlation of both spaces' similarities under the matching
        agreement_of_truth: under the true pairing
        trained: whether both models are
        layer_name_x: layer of the first
        layer_name_y: layer of the second
        chance_correct: what luck expects
        n: samples of all blocks
        blocks: matched each by itself
        unit_key: names the matching
        run_id: the run
    """
    return _answer("matched_pairs", way)


def matched_with(unit_key: str) -> Answer:
    """Return with whom every sample of one matching was matched, the farthest off first.

    Columns:
        position: of the sample
        sample_id: its id
        caption: what it says; null where none is here
        partner: position of the sample it was matched with
        partner_id: that one's id
        partner_caption: what that one says
        is_correct: whether they are the same sample
        true_rank: of its true partner in the block, 1 the best
        webp: small picture; null where none is here
        partner_webp: of the partner
    """
    return _answer("matched_with", unit_key=unit_key)

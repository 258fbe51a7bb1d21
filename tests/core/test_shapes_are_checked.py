"""The shape checker is really on: a wrong shape inside prh_core fails loudly in tests."""

import jaxtyping
import numpy as np
import pytest

from prh_core.prepare import constant_layers
from prh_core.scoring import best_pair
from tests.checking import FIRST, check_again


def test_wrong_shapes_and_types_are_caught() -> None:
    with pytest.raises(jaxtyping.TypeCheckError):
        best_pair(np.zeros(3))
    with pytest.raises(jaxtyping.TypeCheckError):
        constant_layers([np.zeros((2, 2), dtype=np.float64)])


def test_a_function_is_checked_at_first_and_again_in_the_next_test() -> None:
    table = np.arange(4.0).reshape(2, 2)
    for _ in range(FIRST):
        best_pair(table)
    assert best_pair(table.astype(int)) == best_pair(table)  # unchecked by now
    check_again()
    with pytest.raises(jaxtyping.TypeCheckError):
        best_pair(table.astype(int))

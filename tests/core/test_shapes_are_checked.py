"""The shape checker is really on: a wrong shape inside prh_core fails loudly in tests."""

import jaxtyping
import numpy as np
import pytest

from prh_core.prepare import constant_layers
from prh_core.scoring import best_pair


def test_wrong_shapes_and_types_are_caught() -> None:
    with pytest.raises(jaxtyping.TypeCheckError):
        best_pair(np.zeros(3))
    with pytest.raises(jaxtyping.TypeCheckError):
        constant_layers([np.zeros((2, 2), dtype=np.float64)])

"""What is learned without labels keeps to what levels mean, and to what one source can mean."""

from __future__ import annotations

import numpy as np
import pytest
from matching_tables import Gold

from matching.agreement import FIELDS, agreement
from matching.corpus import corpus
from matching.estimate import EXACT_TITLE, Model, twice
from matching.fields import LEVELS, SCALES
from schemas.records import Kind


@pytest.fixture(scope="module")
def models() -> list[Model]:
    return [judged.matched.model for judged in Gold().judged()]


def test_nearer_never_weighs_less(models: list[Model]) -> None:
    """On every scale the weights rise with the levels, and "different" speaks for nothing."""
    for model in models:
        for name, weights in zip(FIELDS, model.weights, strict=True):
            assert weights[1] <= 0 or len(weights) == 1, name
            if name in SCALES:
                assert (np.diff(weights[1:]) >= -1e-9).all(), name


def test_only_the_same_title_is_told_twice() -> None:
    """Records of one source form a group where the title is the same, and never otherwise."""
    one = corpus({"title": ["La Nuit", "La nuit", "La Nuit blanche"]}, Kind.WORK, np.zeros(3, np.int64))
    left, right = np.array([0, 0, 1]), np.array([1, 2, 2])
    levels = agreement(one, left, right)
    sure = tuple(np.full(len(LEVELS[name]) + 1, 9.0) for name in FIELDS)
    assert (levels[:, FIELDS.index("title")] >= EXACT_TITLE).tolist() == [True, False, False]
    group = twice(Model(sure, 0.5), left, right, levels, 3)
    assert group[0] == group[1] != group[2]

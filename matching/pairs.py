"""Pairs that somebody asks about, judged by a model that was learned from all: as if they had come into question."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matching.linking import compared
from matching.whole import Judged, scores_of
from matching.words import Ints


def judged_pairs(judged: Judged, left: Ints, right: Ints) -> Judged:
    """Return these pairs of places in `judged.rows` as `judged` would have them without rivals."""
    model = judged.matched.model
    levels = compared(judged.corpus, left, right)
    weights = model.weigh(levels)
    odds = weights + np.log(model.prior / (1 - model.prior))
    matched = replace(judged.matched, left=left, right=right, levels=levels, weights=weights)
    return replace(judged, matched=matched, odds=odds, scores=scores_of(odds))

"""Why two rows of a table got their score: what `why.py` says of a pair, for those that a table judged."""

from __future__ import annotations

from typing import Any

import numpy as np

from matching.agreement import FIELDS
from matching.fields import LEVELS
from matching.pairs import judged_pairs
from matching.whole import Judged
from matching.why import why


def levels_of(judged: Judged, pair: int) -> dict[str, str]:
    """Return the level each told field reached."""
    reached = judged.matched.levels[pair]
    return {name: LEVELS[name][level - 1] for name, level in zip(FIELDS, reached.tolist(), strict=True) if level}


def explanation(judged: Judged, pair: int, outcome: str | None = None) -> dict[str, Any]:
    """Return a verdict on a pair of a table as JSON, see `why`. `outcome`: where not its score decided."""
    matched = judged.matched
    return why(matched.levels[pair], matched.model, int(judged.scores[pair]), outcome or judged.outcome(pair))


def explained(judged: Judged, one: int, other: int) -> dict[str, Any]:
    """Return the explanation of two rows of this kind, whether or not they came into question.

    ValueError for a record and itself.
    """
    places = {row: place for place, row in enumerate(judged.rows.tolist())}
    left, right = sorted((places[one], places[other]))
    if left == right:
        raise ValueError("C'est une seule et même fiche.")
    matched = judged.matched
    met = np.flatnonzero((matched.left == left) & (matched.right == right))
    if len(met):
        return explanation(judged, int(met[0]))
    return explanation(judged_pairs(judged, np.array([left]), np.array([right])), 0)

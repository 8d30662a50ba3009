"""What is never one thing however alike it looks: such pairs are not compared, and teach the model nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matching.corpus import Corpus
from matching.words import Ints
from schemas.records import Kind


def possible(one: Corpus, left: Ints, right: Ints) -> NDArray[np.bool_]:
    """Return which pairs may be one thing: of events only those of one date, where both tell one.

    A show played on two evenings is otherwise the likeliest double of all. It costs the few whose source is a day off.
    """
    if one.kind is not Kind.EVENT or "day" not in one.numbers:
        return np.ones(len(left), bool)
    days = one.numbers["day"]
    return ~(np.abs(days[left] - days[right]) > 0)

"""How two runs of sessions lie in time: an event is a run, and weeks apart it is another one of the same work."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matching.words import Ints

Run = tuple[int, ...]
"""Beginnings in minutes since 1970 UTC, ascending, distinct."""

_SAME_MOMENT: Final = 20
"""Minutes: agendas give the opening of the doors, tills the curtain."""
_SAME_DAY: Final = 6 * 60
_ANOTHER_RUN: Final = 14 * 24 * 60


def run_levels(runs: Sequence[Run], left: Ints, right: Ints) -> NDArray[Any]:
    """Return the level of the field `sessions` for each pair, 0 where either tells no session."""
    pairs = zip(left.tolist(), right.tolist(), strict=True)
    return np.fromiter((run_level(runs[a], runs[b]) for a, b in pairs), np.uint8, len(left))


def run_level(one: Run, other: Run) -> int:
    """Return how two runs meet: 6 at most moments, 5 at some, 4 on some day, 3 among each other, 2 days apart, 1 weeks
    apart; 0 where either is empty. Symmetric.
    """
    if not one or not other:
        return 0
    few, many = sorted((one, other), key=lambda run: (len(run), run))
    gaps = [_gap(moment, many) for moment in few]
    if met := sum(gap <= _SAME_MOMENT for gap in gaps):
        return 6 if met * 2 >= len(gaps) else 5
    if min(gaps) <= _SAME_DAY:
        return 4
    between = max(few[0], many[0]) - min(few[-1], many[-1])
    return 3 if between <= 0 else 2 if between <= _ANOTHER_RUN else 1


def _gap(moment: int, moments: Run) -> int:
    at = bisect_left(moments, moment)
    return min(abs(moment - other) for other in moments[max(0, at - 1) : at + 1])

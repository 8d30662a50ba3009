"""How two runs of sessions lie in time, whichever record comes first."""

from __future__ import annotations

import pytest

from matching.fields import LEVELS
from matching.runs import run_level

HOUR, DAY = 60, 24 * 60
EVENING = 30_000_000


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ((), (EVENING,), "missing"),
        ((EVENING,), (EVENING + 15,), "same_moments"),
        ((EVENING, EVENING + DAY, EVENING + 2 * DAY), (EVENING + 2 * DAY,), "same_moments"),
        (
            (0, DAY, 2 * DAY, 3 * DAY),
            (0, DAY + 7 * HOUR, 2 * DAY + 7 * HOUR, 3 * DAY + 7 * HOUR, 9 * DAY),
            "some_moment",
        ),
        ((EVENING,), (EVENING + 3 * HOUR,), "some_day"),
        ((0, 10 * DAY), (5 * DAY,), "same_season"),
        ((0, 10 * DAY), (11 * DAY,), "days_apart"),
        ((0, 10 * DAY), (25 * DAY,), "weeks_apart"),
    ],
)
def test_runs(left: tuple[int, ...], right: tuple[int, ...], level: str) -> None:
    """Two runs meet, share a day, lie among each other, days apart, or weeks apart."""
    names = ("missing", *LEVELS["sessions"])
    assert level == names[run_level(left, right)] == names[run_level(right, left)]

"""The points of each level, the thresholds, the margin: one table.

A pair's raw value is the sum of the points of the levels it reached; the score is that value held between 0
and 100. The figures were chosen with the cases of `tests/matching/cases/` (each says which decision it
defends), so that what people would join without a second look reaches SAME, and a lone agreement, however
strong, does not. They are a starting point: estimated weights replace them where volume and labels allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from schemas.records import Kind

SAME: Final = 85
"""From this score on a pair is the same."""
ASK: Final = 60
"""From this score on, below SAME, a person is asked."""
MARGIN: Final = 10
"""By so many raw points the best candidate leads the next one that comes into question, or a person is asked.
"""

Profile = str
Points = Mapping[str, Mapping[str, int]]

# Of titles "exact" is long enough to be telling, "exact_short" is one or two words; "part" is a title
# without its subtitle, or cut short by a till; "shared_part" is a series' name before different subtitles;
# "within" has all its telling words among the other's.
# A level that is not here, "missing" first of all, is worth nothing.
POINTS: Final[Mapping[Profile, Points]] = {
    "film": {
        "title": {
            "exact": 60, "exact_short": 50, "part": 40, "close": 42, "similar": 22, "shared_part": 0,
            "within": 0, "faint": 0, "different": -60,
        },
        "contributors": {"same": 40, "initials": 32, "close": 28, "different": -50},
        "year": {"same": 25, "next": 12, "near": -15},
        "duration": {"same": 12, "near": 0, "different": -15},
        "numbers": {"same": 0, "one_side": -25, "different": -50},
        "volume": {"same": 12, "one_side": -25},
    },
    "work": {
        "title": {
            "exact": 60, "exact_short": 50, "part": 38, "close": 45, "similar": 25, "shared_part": 0,
            "within": 0, "faint": 0, "different": -60,
        },
        "contributors": {"same": 40, "initials": 35, "close": 30, "different": -55},
        "numbers": {"same": 0, "one_side": -15, "different": -50},
        "volume": {"same": 12, "one_side": -25},
    },
    "product": {
        "title": {
            "exact": 50, "exact_short": 48, "part": 32, "close": 40, "similar": 20, "shared_part": 0,
            "within": 0, "faint": 0, "different": -60,
        },
        "contributors": {"same": 26, "initials": 22, "close": 18, "different": -50},
        "publisher": {"same": 15, "different": -25},
        "year": {"same": 10, "next": 0, "near": -10, "different": -15},
        "language": {"same": 0, "different": -60},
        "numbers": {"same": 0, "one_side": -15, "different": -50},
        "volume": {"same": 12, "one_side": -25},
    },
    "event": {
        "title": {
            "exact": 40, "exact_short": 40, "part": 34, "close": 30, "similar": 22, "shared_part": 18,
            "within": 20, "faint": 5, "different": -40,
        },
        "venue": {"same": 30},
        "town": {"same": 12, "postal": 8, "area": 3, "different": -40},
        "sessions": {"shared": 30, "some": 25, "same_day": 15, "interleaved": 0, "near": -15, "apart": -60},
        "contributors": {"same": 15, "initials": 12, "close": 8, "different": -15},
        "work": {"same": 15, "different": -25},
        "family": {"same": 0, "different": -8, "cinema_or_not": -30},
        "numbers": {"same": 0, "one_side": -5, "different": -30},
        "volume": {"same": 5, "one_side": -15},
    },
    "venue": {
        "name": {
            "exact": 58, "generic": 45, "close": 42, "similar": 30, "faint": 10, "own_same": 40,
            "sort_differs": 10, "half_generic": 5, "different": -45, "sort_and_name": -70,
        },
        "place": {"door": 40, "walk": 12, "town": -5, "far": -60},
        "town": {"same": 27, "postal": 15, "area": 5, "different": -40},
        "street": {"same": 40, "same_street": 15, "different": -12},
        "phone": {"same": 20, "different": 0},
        "numbers": {"same": 0, "one_side": -10, "different": -30},
    },
}  # fmt: skip


def profile(kind: Kind, family: str) -> Profile:
    """Return the name of the table that weighs a pair: films apart from other works."""
    return "film" if kind is Kind.WORK and family == "film" else kind.value

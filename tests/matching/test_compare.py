"""The named levels of sessions, towns and streets, whichever record comes first."""

from __future__ import annotations

import pytest

from matching.compare import sessions
from matching.compare_places import street, town
from matching.features import Features
from schemas.records import Kind

HOUR, DAY = 60, 24 * 60
EVENING = 30_000_000


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ((), (EVENING,), "missing"),
        ((EVENING,), (EVENING + 15,), "shared"),
        ((EVENING, EVENING + DAY, EVENING + 2 * DAY), (EVENING + 2 * DAY,), "shared"),
        ((0, DAY, 2 * DAY, 3 * DAY), (0, DAY + 7 * HOUR, 2 * DAY + 7 * HOUR, 3 * DAY + 7 * HOUR, 9 * DAY), "some"),
        ((EVENING,), (EVENING + 3 * HOUR,), "same_day"),
        ((0, 10 * DAY), (5 * DAY,), "interleaved"),
        ((0, 10 * DAY), (11 * DAY,), "near"),
        ((0, 10 * DAY), (25 * DAY,), "apart"),
    ],
)
def test_sessions(left: tuple[int, ...], right: tuple[int, ...], level: str) -> None:
    """Two runs meet, share a day, lie among each other, days apart, or weeks apart."""
    one, other = (Features(kind=Kind.EVENT, begins=begins) for begins in (left, right))
    assert level == sessions(one, other) == sessions(other, one)


def venue(city: str = "", postal: str = "", insee: str = "", number: str = "", way: str = "") -> Features:
    return Features(kind=Kind.VENUE, city=city, postal_code=postal, insee_code=insee, house_number=number, street=way)


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        (venue(), venue("brest"), "missing"),
        (venue("brest", insee="29019"), venue("brest iroise", insee="29019"), "same"),
        (venue("brest", "29200"), venue("brest"), "same"),
        (venue("saint denis", "93200"), venue("saint denis", "97400"), "different"),
        (venue("saint pabu", "29830"), venue("ploudalmezeau", "29830"), "area"),
        (venue(postal="29830"), venue("ploudalmezeau", "29830"), "postal"),
        (venue(postal="29830"), venue("brest", "29200"), "area"),
        (venue(postal="29830"), venue("lyon", "69001"), "different"),
        (venue("brest"), venue("lyon"), "different"),
    ],
)
def test_town(left: Features, right: Features, level: str) -> None:
    """A commune is known by its code or its name; a postal code is shared by villages."""
    assert level == town(left, right) == town(right, left)


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        (venue("brest", way="place mairie"), venue("lyon", way="place mairie"), "missing"),
        (venue(way="place mairie"), venue(way="place mairie"), "missing"),
        (venue("brest", way="place mairie"), venue("brest", way="place mairie"), "same"),
        (venue("brest", number="3", way="rue siam"), venue("brest", number="3", way="rue siamm"), "same"),
        (venue("brest", number="3", way="rue siam"), venue("brest", number="5", way="rue siam"), "same_street"),
        (venue("brest", way="rue siam"), venue("brest", way="quai douane"), "different"),
        (
            venue(postal="29830", number="3", way="rue siam"),
            venue(postal="29830", number="3", way="rue siam"),
            "same",
        ),
        (venue(postal="29830", way="place mairie"), venue(postal="29830", way="place mairie"), "missing"),
    ],
)
def test_street(left: Features, right: Features, level: str) -> None:
    """A street says something in one town only, a house number within one postal code too."""
    assert level == street(left, right) == street(right, left)

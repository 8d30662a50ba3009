"""The comparisons of places: a venue's name, position, town, street, telephone; levels as in `compare.py`."""

from __future__ import annotations

from typing import Final

from matching.features import Features
from matching.likeness import agree, ratio
from matching.normalise import STOP_WORDS, telling
from matching.places import metres, own_words, sorts

_CLOSE: Final = 92
_SIMILAR: Final = 85
_FAINT: Final = 70


def name(left: Features, right: Features) -> str:
    """Venue names by what is their own; without their sort and town many have nothing left."""
    if not left.title or not right.title:
        return "missing"
    ours = own_words(left.title, left.city or right.city)
    theirs = own_words(right.title, right.city or left.city)
    our_sorts, their_sorts = sorts(left.title), sorts(right.title)
    another_sort = bool(our_sorts and their_sorts and not our_sorts & their_sorts)
    if not ours or not theirs:
        return _generic(left, right, ours or theirs)
    own = ratio(" ".join(ours), " ".join(theirs))
    if own >= _SIMILAR and another_sort:
        return "sort_differs"
    if left.title == right.title or (set(ours) == set(theirs) and our_sorts == their_sorts):
        return "exact"
    if set(ours) == set(theirs) or set(ours) < set(theirs) or set(theirs) < set(ours):
        return "own_same"
    levels = ((_CLOSE, "close"), (_SIMILAR, "similar"), (_FAINT, "faint"))
    reached = next((level for least, level in levels if own >= least), "different")
    return "sort_and_name" if reached == "different" and another_sort else reached


def place(left: Features, right: Features) -> str:
    if left.position is None or right.position is None:
        return "missing"
    apart = metres(left.position, right.position)
    return "door" if apart < 150 else "walk" if apart < 1_000 else "town" if apart < 5_000 else "far"


def town(left: Features, right: Features) -> str:
    """Same commune by code or name. One postal code may serve many communes: "postal" is that code alone,
    "area" that code with two names, or the same department.
    """
    if left.country and right.country and left.country != right.country:
        return "different"
    if left.insee_code and left.insee_code == right.insee_code:
        return "same"
    departments = agree(left.postal_code[:2], right.postal_code[:2])
    if left.city and right.city:
        if ratio(left.city, right.city) >= _CLOSE:
            return "different" if departments is False else "same"
        return "area" if left.postal_code and left.postal_code == right.postal_code else "different"
    codes = agree(left.postal_code, right.postal_code)
    if codes is None:
        return "missing"
    return "postal" if codes else "area" if departments else "different"


def town_of_unknown_venue(left: Features, right: Features) -> str:
    """The town of events, where their venues do not already say it."""
    return "missing" if left.venue_id is not None and right.venue_id is not None else town(left, right)


def street(left: Features, right: Features) -> str:
    """Says something only in one town: every town has a place de la Mairie."""
    if not left.street or not right.street:
        return "missing"
    if ratio(left.street, right.street) < _SIMILAR:
        return "different"
    numbers = agree(left.house_number, right.house_number)
    around = town(left, right)
    if around != "same" and place(left, right) not in ("door", "walk") and not (around == "postal" and numbers):
        return "missing"
    return "same" if numbers or (numbers is None and left.street == right.street) else "same_street"


def phone(left: Features, right: Features) -> str:
    same = agree(left.phone, right.phone)
    return "missing" if same is None else "same" if same else "different"


def _generic(left: Features, right: Features, own: tuple[str, ...]) -> str:
    """The level where one name, or both, has nothing of its own."""
    our_sorts, their_sorts = sorts(left.title), sorts(right.title)
    if our_sorts and their_sorts and not our_sorts & their_sorts:
        return "sort_and_name"
    if own:
        return "half_generic" if our_sorts & their_sorts else "different"
    towns = STOP_WORDS.union(left.city.split(), right.city.split())
    ours, theirs = set(telling(left.title, towns)), set(telling(right.title, towns))
    contained = bool(ours and theirs) and (ours <= theirs or theirs <= ours)
    return "generic" if contained or our_sorts & their_sorts else "faint"

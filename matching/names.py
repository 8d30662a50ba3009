"""Names of people, companies and publishers, written one way: "Hugo, Victor" is "victor hugo"."""

from __future__ import annotations

import re
from itertools import product
from typing import Final, Literal

from matching.likeness import ratio
from matching.normalise import fold, plain

Likeness = Literal["same", "initials", "close", "different"]

_LONGEST: Final = 120
_ASIDE: Final = re.compile(r"\([^)]*\)|\[[^\]]*\]|\b\d{4}\s*-\s*(?:\d{4})?")
_COMPANY: Final = {
    "cie": "compagnie",
    "co": "compagnie",
    "ens": "ensemble",
    "orch": "orchestre",
    "coll": "collectif",
}
_OF_COMPANIES: Final = frozenset(
    ["compagnie", "ensemble", "orchestre", "collectif", "theatre", "groupe", "les", "des", "the"]
)
_OF_PUBLISHERS: Final = frozenset(["editions", "edition", "editeur", "ed", "eds", "les", "sa", "sas", "sarl", "livres"])
_CLOSE: Final = 88


def person(name: str) -> str:
    """Return a person's or company's name folded, first name first; dates and parentheses are left out.

    One comma turns the name round unless what follows it is longer than a first name (two authors, one
    comma).
    """
    text = _ASIDE.sub(" ", plain(name[:_LONGEST]))
    family, comma, first = text.partition(",")
    if comma and "," not in first and len(first.split()) <= 2:
        text = f"{first} {family}"
    return company(fold(text))


def company(folded: str) -> str:
    """Return a folded name with the usual abbreviations of companies written out."""
    return " ".join([_COMPANY.get(word, word) for word in folded.split()])


def publisher(name: str) -> str:
    """Return a publisher's name folded, without "éditions" and its like, unless that is all there is."""
    words = fold(name[:_LONGEST]).split()
    return " ".join(word for word in words if word not in _OF_PUBLISHERS) or " ".join(words)


def likeness(left: str, right: str) -> Likeness:
    """Say how two names written by `person` are alike, whatever the order of their words. Symmetric."""
    if sorted(left.split()) == sorted(right.split()):
        return "same"
    if _initialled(left.split(), right.split()):
        return "initials"
    return "close" if ratio(left, right) >= _CLOSE else "different"


def best_likeness(left: tuple[str, ...], right: tuple[str, ...]) -> Likeness:
    """Return the best likeness of any name of the one with any name of the other; both must have one."""
    order: tuple[Likeness, ...] = ("same", "initials", "close", "different")
    return min((likeness(a, b) for a, b in product(left, right)), key=order.index)


def _initialled(left: list[str], right: list[str]) -> bool:
    """Whether one is the other with first names cut to initials or left out: "v hugo", "hugo"."""
    short, long = sorted((left, right), key=lambda words: (sum(map(len, words)), words))
    full = [word for word in short if len(word) > 2 and word not in _OF_COMPANIES]
    if not full or len(short) > len(long) or any(word not in long for word in full):
        return False
    rest = [word for word in long if word not in full]
    return all(any(other.startswith(word) for other in rest) for word in short if len(word) <= 2)

"""Names of people, companies and publishers, written one way: "Hugo, Victor" is "victor hugo"."""

from __future__ import annotations

import re
from typing import Final

from matching.normalise import fold, plain

_LONGEST: Final = 120
_ASIDE: Final = re.compile(r"\([^)]*\)|\[[^\]]*\]|\b\d{4}\s*-\s*(?:\d{4})?")
_COMPANY: Final = {
    "cie": "compagnie",
    "co": "compagnie",
    "ens": "ensemble",
    "orch": "orchestre",
    "coll": "collectif",
}
_OF_PUBLISHERS: Final = frozenset(["editions", "edition", "editeur", "ed", "eds", "les", "sa", "sas", "sarl", "livres"])


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

"""What the formats of the MARC family say of a thing, before it is a product; and how cataloguers write."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from connectors.money import cents
from connectors.remembered import remembered
from connectors.texts import line
from schemas.records import Contributor

_YEAR = re.compile(r"(?<!\d)(1[4-9]\d\d|20\d\d)(?!\d)")
_PAGES = re.compile(r"(?<![\d.,])(\d{1,5})\s*(?:p\b|p\.|pages?\b|S\.|s\.)", re.IGNORECASE)
_EUROS = re.compile(r"(\d{1,4}(?:[.,]\d{1,2})?)\s*(?:EUR\b|€|euros?\b)|(?:EUR|€)\s*(\d{1,4}(?:[.,]\d{1,2})?)", re.I)
_AROUND = " /:;,=+"
_FULL_STOP = re.compile(r"(?<=\w\w)\.$")
"""« Tournier, Paul. » ends a sentence; « Rowling, J. K. » does not."""

BOOK, EBOOK, AUDIOBOOK = "LIVRE_PAPIER", "LIVRE_NUMERIQUE", "LIVRE_AUDIO_PHYSIQUE"
AUDIO_FILE, FILM, SCORE = "TELECHARGEMENT_LIVRE_AUDIO", "SUPPORT_PHYSIQUE_FILM", "PARTITION"
DISC, VINYL = "SUPPORT_PHYSIQUE_MUSIQUE_CD", "SUPPORT_PHYSIQUE_MUSIQUE_VINYLE"
_OTHERS = {
    "e": "carte",
    "f": "carte manuscrite",
    "k": "image",
    "o": "mallette",
    "p": "fonds d'archives",
    "r": "objet",
}


@dataclass(slots=True)
class Said:
    """A notice in our words. `kind` and `level` are the leader's characters, whose letters mean much the same."""

    kind: str
    level: str
    title: str | None = None
    subtitle: str | None = None
    contributors: list[Contributor] = field(default_factory=list)
    publisher: str | None = None
    collection: str | None = None
    volume: str | None = None
    language: str | None = None
    published_on: str | None = None
    price_cents: int | None = None
    page_count: int | None = None
    genres: list[str] = field(default_factory=list)
    description: str | None = None
    is_online: bool = False
    is_vinyl: bool = False

    def subcategory(self) -> str:
        """What it is in the pass Culture's list. Raises ValueError for what has no place there."""
        if self.kind in "abtcd" and self.level in "sb":
            raise ValueError("périodique : rien de tel dans les sous-catégories du pass Culture")
        if self.kind in "cd":
            return SCORE
        if self.kind == "g":
            return FILM
        if self.kind == "i":
            return AUDIO_FILE if self.is_online else AUDIOBOOK
        if self.kind == "j":
            return VINYL if self.is_vinyl else DISC
        if self.kind in "lm":
            return EBOOK
        if self.kind in _OTHERS:
            raise ValueError(f"type de notice « {_OTHERS[self.kind]} » : rien de tel dans les sous-catégories")
        # Text, or a leader that many library systems leave blank.
        return EBOOK if self.is_online else BOOK


def tidy(text: str | None, *, longest: int = 1000) -> str | None:
    """`text` without the punctuation that announces the next subfield, or follows from the one before."""
    found = line(text, longest=longest)
    if found is None:
        return None
    bare = found.strip(_AROUND)
    return (_FULL_STOP.sub("", bare).strip() if bare.endswith(".") else bare) or None


def name_of(last: str | None, first: str | None = None) -> str | None:
    """A name as it is read, from « Camus » and « Albert », or from « Camus, Albert »."""
    return _alone(last or "") if first is None else _joined(tidy(last, longest=200), tidy(first, longest=100))


@remembered
def _alone(name: str) -> str | None:
    return _joined(tidy(name, longest=200), None)


def _joined(last: str | None, first: str | None) -> str | None:
    if last is None:
        return first
    if first is None and last.count(",") == 1:
        last, first = (tidy(part) or "" for part in last.split(","))
    return f"{first or ''} {last}".strip()


def year_of(*texts: str | None) -> str | None:
    """The first year in the texts, in their order: « DL 2009, cop. 1999 », « 11/2001 »."""
    for text in texts:
        if text and (found := _YEAR.search(text)) is not None:
            return found[1]
    return None


def pages_of(*texts: str | None) -> int | None:
    """The pages of « 1 vol. (306 p.) », « 180 », « XII-212 p. »."""
    for text in texts:
        if text is None:
            continue
        if text.strip().isdecimal() and len(text.strip()) < 6:
            return int(text) or None
        counts = [int(found) for found in _PAGES.findall(text)]
        if counts and 0 < max(counts) <= 50_000:
            return max(counts)
    return None


def language_of(*codes: str | None) -> str | None:
    """An ISO 639-2 code; « und », « mul » and « zxx » tell nothing."""
    for code in codes:
        bare = (code or "").strip().lower()[:3]
        if len(bare) == 3 and bare.isascii() and bare.isalpha() and bare not in ("und", "mul", "zxx"):
            return bare
    return None


def euros_of(*texts: str | None) -> int | None:
    """The cents of « 12 EUR », « 6,90 € »; francs and pounds are no price of today."""
    for text in texts:
        if text and (found := _EUROS.search(text)) is not None:
            return cents(found[1] or found[2])
    return None

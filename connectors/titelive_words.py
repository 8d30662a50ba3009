"""Titelive's codes, the same in its daily files and its API: supports, availability, days, names.

Source: Titelive, « Fichier quotidien livres » (46 champs) and API Epagine v1, as integrated by the pass Culture.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from connectors.marc_words import name_of
from schemas.records import Contributor

_PARIS = ZoneInfo("Europe/Paris")
_DAY = re.compile(r"(\d{2})/(\d{2})/(\d{4})")
_UNKNOWN_YEAR = 2070
_PAPER = frozenset({"BD", "BL", "M", "P", "R", "T", "TL"})
_OTHERS = {"LC": "LIVRE_AUDIO_PHYSIQUE", "LD": "LIVRE_AUDIO_PHYSIQUE", "LE": "LIVRE_NUMERIQUE"}
_OTHERS |= {"DV": "SUPPORT_PHYSIQUE_FILM"}
_AVAILABLE, _TO_COME, _ABANDONED = "1", "2", "9"


def book_of(support: str, label: str | None = None) -> str:
    """The subcategory of a book's support. Raises ValueError for a map, a calendar, stationery and what is unknown."""
    code = support.strip().upper()
    if code in _PAPER:
        return "LIVRE_PAPIER"
    found = _OTHERS.get(code)
    if found is None:
        raise ValueError(f"support « {(label or code)[:40]} » : rien de tel dans les sous-catégories du pass Culture")
    return found


def record_of(label: str | None) -> str:
    """The subcategory of recorded music, whose support codes are many but named. Raises ValueError."""
    words = (label or "").lower()
    if "vinyl" in words or re.search(r"\b(?:lp|45 t|33 t)", words):
        return "SUPPORT_PHYSIQUE_MUSIQUE_VINYLE"
    if re.search(r"\bcd\b|coffret|compact", words):
        return "SUPPORT_PHYSIQUE_MUSIQUE_CD"
    if re.search(r"dvd|blu-?ray", words):
        return "SUPPORT_PHYSIQUE_FILM"
    raise ValueError(f"support « {words[:40]} » : rien de tel dans les sous-catégories du pass Culture")


def day_of(text: object) -> date | None:
    """The date of `11/05/2011`; None for none, for `00/00/0000` and for the year that stands for unknown."""
    found = _DAY.match(text) if isinstance(text, str) else None
    if found is None:
        return None
    day, month, year = (int(part) for part in found.groups())
    try:
        told = date(year, month, day)
    except ValueError:
        return None
    return told if 1400 < year < _UNKNOWN_YEAR else None


def sold(code: object, published: date | None, today: date) -> tuple[bool | None, datetime | None]:
    """(whether it is sold at large, from when). A book out of print may still stand on a shop's shelf: None."""
    told = str(code or "").strip()
    if told == _ABANDONED:
        return False, None
    if published is not None and published > today and published.year < 2200:
        opens = datetime(published.year, published.month, published.day, tzinfo=_PARIS)
        return True, opens.astimezone(UTC)
    return (True if told == _AVAILABLE else False if told == _TO_COME else None), None


def people(names: Iterable[object], role: str = "author") -> list[Contributor]:
    """Names as they are read, « Camus, Albert » turned; « Collectif » is nobody."""
    found = [name_of(name) for name in names if isinstance(name, str)]
    return [Contributor(name=name, role=role) for name in dict.fromkeys(found) if name and name.lower() != "collectif"]


def is_unnamed(title: str | None, author: str | None) -> bool:
    """A book that was announced before it has a title: « xxx »."""
    return (title or "").strip().lower() == "xxx" or (author or "").strip().lower() == "xxx"

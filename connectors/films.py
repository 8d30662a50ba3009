"""Films as cinemas' software tells them: identifiers, running times, people, versions of a showing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from connectors.texts import line
from schemas.identifiers import InvalidIdentifier, identifier
from schemas.records import Contributor, Identifier

LONGEST_FILM = 1000
"""Minutes. Longer is a festival's night, or seconds taken for minutes."""
MOST_PEOPLE = 30
VERSIONS: Mapping[str, str] = MappingProxyType(
    {
        "VF": "VF",
        "VFQ": "VF",
        "VO": "VO",
        "VOST": "VOST",
        "VOSTF": "VOST",
        "VOSTFR": "VOST",
        "VFST": "VFST",
        "VFSTF": "VFST",
        "VFSTFR": "VFST",
        "VI": "VI",
    }
)
"""Our word by the words seen."""
_ISO = re.compile(r"P(?:T)?(?:(\d{1,2})H)?(?:(\d{1,4})M)?(?:(\d{1,6})S)?")


def film_identifiers(**told: object) -> list[Identifier]:
    """What identifies the film everywhere, of numbers by scheme: `film_identifiers(visa=44398, allocine=None)`.

    Software fills the fields with zeros and numbers of its own where there is no visa; these are left out.
    """
    return list(_identifiers(told))


def version_of(code: object) -> str | None:
    """VF, VO, VOST, VFST or VI; None where nothing is told. Raises ValueError for a word that is not known."""
    if code is None or (isinstance(code, str) and not code.strip()):
        return None
    known = VERSIONS.get(str(code).strip().upper())
    if known is None:
        raise ValueError(f"version inconnue : {str(code)[:40]} (connues : {', '.join(VERSIONS)})")
    return known


def minutes_of(length: object, *, per_minute: int = 1) -> int | None:
    """Whole minutes of a running time in minutes (in seconds: `per_minute=60`) or in ISO 8601; None for others."""
    if isinstance(length, str):
        found = _ISO.fullmatch(length.strip())
        if found is not None and any(found.groups()):
            hours, minutes, seconds = (int(part or 0) for part in found.groups())
            length, per_minute = hours * 3600 + minutes * 60 + seconds, 60
        elif length.strip().isdecimal() and len(length) < 10:
            length = int(length)
    if isinstance(length, bool) or not isinstance(length, int | Decimal):
        return None
    minutes = int(length) // per_minute
    return minutes if 0 < minutes <= LONGEST_FILM else None


def people(names: object, role: str) -> list[Contributor]:
    """Who made the film, of a text ("A, B") or of texts; at most `MOST_PEOPLE`, each once."""
    texts: Iterable[Any] = names.split(",") if isinstance(names, str) else names if isinstance(names, list) else ()
    found = dict.fromkeys(name for text in texts if (name := line(text, longest=300)) is not None)
    return [Contributor(name=name, role=role) for name in list(found)[:MOST_PEOPLE]]


def _identifiers(told: Mapping[str, object]) -> Iterator[Identifier]:
    for scheme, number in told.items():
        if number is None or isinstance(number, bool | dict | list):
            continue
        try:
            yield identifier(scheme, str(number))
        except InvalidIdentifier:
            continue

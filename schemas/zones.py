"""Time zones of French venues, and the check that a moment knows its own.

A département of the mainland or Corsica keeps Europe/Paris; overseas each has its own clock, and French
Polynesia has three. Codes are INSEE's (Code officiel géographique 2026), zones are IANA names.
"""

from __future__ import annotations

import functools
import re
import zoneinfo
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

PARIS = "Europe/Paris"
OVERSEAS: Mapping[str, str] = MappingProxyType(
    {
        "971": "America/Guadeloupe",
        "972": "America/Martinique",
        "973": "America/Cayenne",
        "974": "Indian/Reunion",
        "975": "America/Miquelon",
        "976": "Indian/Mayotte",
        "977": "America/St_Barthelemy",
        "978": "America/Marigot",
        "984": "Indian/Kerguelen",
        "986": "Pacific/Wallis",
        "987": "Pacific/Tahiti",
        "988": "Pacific/Noumea",
    }
)
MARQUESAS = frozenset({"98718", "98723", "98731", "98746", "98756", "98757"})
GAMBIER = "98719"
DEPARTMENT = re.compile(r"(?:0[1-9]|[1-8][0-9]|9[0-5]|2[AB])|97[1-8]|98[4678]")
# Files that zone databases carry beside the zones themselves.
NOT_ZONES = frozenset({"localtime", "posixrules", "Factory"})


class NaiveMoment(ValueError):
    """A date and time came without a zone: nobody can say when that is."""


def aware(moment: datetime) -> datetime:
    """The same instant in UTC. Raises `NaiveMoment` for a datetime without an offset."""
    if moment.utcoffset() is None:
        raise NaiveMoment(f"date et heure sans fuseau : {moment.isoformat()}")
    return moment.astimezone(UTC)


def zone_of_department(code: str) -> str:
    """The IANA zone of a département ("67", "2A", "973"); KeyError when there is no such one."""
    if not DEPARTMENT.fullmatch(code) or code == "20":
        raise KeyError(code)
    return OVERSEAS.get(code, PARIS)


def zone_of_commune(insee: str) -> str:
    """The IANA zone of a commune by its INSEE code; KeyError when there is no such département."""
    if insee in MARQUESAS:
        return "Pacific/Marquesas"
    if insee == GAMBIER:
        return "Pacific/Gambier"
    return zone_of_department(insee[:3] if insee[:2] in ("97", "98") else insee[:2])


def is_zone(name: str) -> bool:
    """Whether `name` is a zone of the IANA database (case matters)."""
    return name in _zones()


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones()) - NOT_ZONES

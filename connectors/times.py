"""Moments as providers write them, into aware UTC datetimes and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from connectors.remembered import remembered
from schemas.zones import is_zone

_FIRST_YEAR, _LAST_YEAR = 1971, 2198
"""A year inside what the format allows, so that no offset leads out of it."""
Clock = Callable[[], datetime]


def instant(text: object) -> datetime:
    """The UTC moment of an ISO 8601 text with its offset.

    Raises ValueError, in French, without an offset: only the venue knows its clock, and a guess moves a
    session by hours.
    """
    if not isinstance(text, str):
        raise ValueError(f"date illisible : {repr(text)[:40]}")
    return _instant(text)


@remembered
def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"date illisible : « {text[:40]} »") from None
    if moment.tzinfo is None:
        raise ValueError(f"date sans fuseau horaire : « {text[:40]} »")
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"date hors du calendrier : « {text[:40]} »")
    return moment.astimezone(UTC)


def zulu(moment: datetime, *, timespec: str = "milliseconds") -> str:
    """`2026-11-23T05:00:00.000Z`, the form the 2018 stock API and OpenAgenda want."""
    moment = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return moment.isoformat(timespec=timespec)[:-6] + "Z"


def local_instant(text: object, zone: str) -> datetime:
    """The UTC moment of an ISO 8601 text: by its offset where it has one, else by the clocks of `zone` (IANA).

    An hour that clocks skip in spring is read as before the change, one they show twice in autumn as the first.
    Raises ValueError as `instant` does.
    """
    return _local_instant(text, zone) if isinstance(text, str) else instant(text)


@remembered
def _local_instant(text: str, zone: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"date illisible : « {text[:40]} »") from None
    if moment.tzinfo is None and _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return instant(text)


def checked_zone(name: str) -> str:
    """`name`, when it is an IANA zone. Raises ValueError, in French."""
    if not is_zone(name):
        raise ValueError("fuseau horaire inconnu ; par exemple Europe/Paris, America/Cayenne")
    return name

"""Time and chance in the integration environment: both are given in, so that a day always makes the same
world.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
"""Tells the present instant, aware."""


def draw(*parts: object) -> int:
    """Returns a number that looks like chance and is always the same for the same parts."""
    return zlib.crc32("/".join(str(part) for part in parts).encode())


def seeded_at(today: date, *parts: object) -> datetime:
    """Returns when a record of the first state was last changed: some minute of the thirty days before
    `today`.
    """
    return datetime.combine(today, time(), UTC) - timedelta(minutes=1 + draw("seeded", *parts) % (30 * 24 * 60))


def local(day: date, clock: str, zone: str) -> datetime:
    """Returns the instant when clocks of `zone` show `clock` ("20:30") on `day`, with that zone."""
    return datetime.combine(day, time.fromisoformat(clock), ZoneInfo(zone))


def zulu(instant: datetime) -> str:
    """Returns ISO 8601 in UTC with milliseconds and `Z`, as the 2018 API and OpenAgenda write it."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

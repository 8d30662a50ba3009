"""Dates as agendas write them: with an offset, by the clock of the place, or a day without an hour.

A text without an offset is local to the venue, never to us; a day without an hour is no midnight: whoever asks is
told that only the day is known.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from connectors.remembered import remembered

_FIRST_YEAR, _LAST_YEAR = 1971, 2198
_KEPT = 10_000
"""Events begin on the same days at the same hours."""
_FRENCH = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?:[ T]*(?:à )?(\d{1,2})[:hH](\d{2})?)?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Told(Struct, frozen=True):
    """A moment, and whether only its day was told (then it is that day's beginning at the place)."""

    at: datetime
    """UTC."""
    is_day: bool = False


def told(text: object, zone: str) -> Told:
    """The moment that `text` tells, by `zone`'s clock where it has no offset.

    ISO 8601 with or without an hour, or 24/12/2026 20h30. Raises ValueError, in French.
    """
    if not isinstance(text, str) or not (bare := text.strip()):
        raise ValueError(f"date illisible : {repr(text)[:40]}")
    return _told(bare, zone)


@remembered
def _told(text: str, zone: str) -> Told:
    try:
        if (french := _FRENCH.fullmatch(text)) is not None:
            day, month, year, hour, minute = french.groups()
            moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0))  # noqa: DTZ001
            return _aware(moment, zone, is_day=hour is None)
        if _DAY.fullmatch(text):
            return _aware(datetime.combine(date.fromisoformat(text), time()), zone, is_day=True)
        return _aware(datetime.fromisoformat(text.replace(" +", "+").replace(" Z", "Z")), zone, is_day=False)
    except (ValueError, OverflowError):
        raise ValueError(f"date illisible : « {text[:40]} »") from None


@functools.lru_cache(maxsize=_KEPT)
def day_end(at: datetime, zone: str) -> datetime:
    """The end of the local day in which `at` falls, UTC."""
    local = at.astimezone(ZoneInfo(zone))
    following = datetime.combine(local.date() + timedelta(days=1), time(), tzinfo=ZoneInfo(zone))
    return following.astimezone(UTC)


@functools.lru_cache(maxsize=_KEPT)
def local_moment(day: date, clock: time, zone: str) -> datetime:
    """That hour of that day at the place, UTC."""
    return _aware(datetime.combine(day, clock), zone, is_day=False).at


def in_zone(moment: datetime, zone: str) -> datetime:
    """`moment` in UTC, by `zone`'s clock where it is naive. Raises ValueError outside the format's years."""
    return _aware(moment, zone, is_day=False).at


def _aware(moment: datetime, zone: str, *, is_day: bool) -> Told:
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError("hors du calendrier")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return Told(moment.astimezone(UTC), is_day)

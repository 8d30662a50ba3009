"""The components of one UID into its dates: the one it has, or those its rules make, changed and cancelled ones in it.

recurring-ical-events does the arithmetic of RFC 5545 (RRULE, RDATE, EXDATE, RECURRENCE-ID, RANGE, SEQUENCE). A series
that ends by itself is told whole; one without end from yesterday to so many days ahead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from connectors.icalendar_rules import MAX_INSTANCES, check, is_finite
from connectors.local_times import in_zone
from connectors.times import zulu
from connectors.told import DAY, Dated, period

_RULES = ("RRULE", "RDATE", "EXDATE")
_TIMED = frozenset({"DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", *_RULES})
_CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when dates of series without end are told."""

    first: datetime
    last: datetime


def components(text: str) -> list[Any]:
    """The VEVENTs of a calendar's text. Raises ValueError naming what of their times cannot be read."""
    calendar = icalendar.Calendar.from_ical(text)
    found = list(calendar.walk("VEVENT"))
    for one in found:
        for name, why in one.errors:
            if name is None or str(name).upper() in _TIMED:
                raise ValueError(f"{name or 'événement'} illisible : {str(why)[:120]}")
    return found


def newest(found: list[Any]) -> list[Any]:
    """Of several words on one instance the last: by SEQUENCE, then by when it was written, then by its place."""
    best: dict[str, tuple[tuple[int, str], Any]] = {}
    for one in found:
        instance = one.get("RECURRENCE-ID")
        key = "" if instance is None else str(instance.dt) + str(instance.params.get("RANGE", ""))
        written = one.get("LAST-MODIFIED") or one.get("DTSTAMP")
        sequence = one.get("SEQUENCE")
        rank = (sequence if isinstance(sequence, int) else 0, str(getattr(written, "dt", "")))
        if key not in best or rank >= best[key][0]:
            best[key] = (rank, one)
    return [one for _, one in best.values()]


def dates(found: list[Any], zone: str, window: Window, *, is_cancelled: bool) -> Iterator[Dated]:
    """The dates of one UID's components, of which the first is the master where there is one.

    A series' date bears its RECURRENCE-ID as part, in UTC: moved, it stays the same one. Raises ValueError.
    """
    for one in found:
        if one.get("DTSTART") is None:
            raise ValueError("DTSTART manque")
        begins, ends = one["DTSTART"].dt, one.get("DTEND")
        if ends is not None and _moment(ends.dt, zone) < _moment(begins, zone):
            raise ValueError("DTEND précède DTSTART")
    if len(found) == 1 and not _repeats(found[0]) and "RECURRENCE-ID" not in found[0]:
        yield _dated(found[0], zone, part="", is_cancelled=is_cancelled)
        return
    for rule, master in _rules(found):
        check(rule, master["DTSTART"].dt)
    parts: set[str] = set()
    for one in _expanded(found, window):
        instance = one.get("RECURRENCE-ID")
        begins = one["DTSTART"].dt
        part = _part(begins if instance is None else instance.dt, zone)
        if part in parts:  # all of a RANGE bear the one identifier it began with
            part = _part(begins, zone)
        if part in parts:
            continue
        parts.add(part)
        if len(parts) > MAX_INSTANCES:
            raise ValueError(f"plus de {MAX_INSTANCES} dates")
        yield _dated(one, zone, part=part, is_cancelled=is_cancelled)


def _repeats(component: Any) -> bool:
    return any(name in component for name in _RULES)


def _rules(found: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Each rule with the component it is of; a changed instance repeats its series' rule to no effect."""
    for one in found:
        if "RECURRENCE-ID" not in one:
            value = one.get("RRULE", [])
            yield from ((rule, one) for rule in (value if isinstance(value, list) else [value]))


def _expanded(found: list[Any], window: Window) -> list[Any]:
    calendar = icalendar.Calendar()
    for one in found:
        calendar.add_component(one)
    series = recurring_ical_events.of(calendar)
    if all(is_finite(rule, master["DTSTART"].dt) for rule, master in _rules(found)):
        told = series.between(_FIRST, _LAST)
    else:
        told = series.between(window.first, window.last)
    return sorted(told, key=lambda one: str(one["DTSTART"].dt))


def _dated(component: Any, zone: str, *, part: str, is_cancelled: bool) -> Dated:
    begins = component["DTSTART"].dt
    ends = component.get("DTEND")
    begins_at = _moment(begins, zone)
    is_day = not isinstance(begins, datetime)
    ends_at: datetime | None = None
    if ends is not None:
        ends_at = _moment(ends.dt, zone)
    elif (lasts := component.get("DURATION")) is not None and lasts.dt >= timedelta():
        ends_at = begins_at + lasts.dt
    elif is_day:
        ends_at = _moment(begins + timedelta(days=1), zone)
    features = period(begins_at, ends_at, is_day=is_day, longest=timedelta(days=1, hours=1) if is_day else _NIGHT)
    if is_day and ends_at == begins_at:
        ends_at, features = None, (DAY,)
    status = str(component.get("STATUS", "")).upper()
    return Dated(begins_at, ends_at, part=part, features=features, cancelled=is_cancelled or status == _CANCELLED)


def _moment(told: date | datetime, zone: str) -> datetime:
    if not isinstance(told, datetime):
        told = datetime.combine(told, time(), tzinfo=ZoneInfo(zone))
    return in_zone(told, zone)


def _part(told: date | datetime, zone: str) -> str:
    return zulu(_moment(told, zone), timespec="seconds")


_NIGHT = timedelta(hours=36)
_FIRST, _LAST = datetime(1971, 1, 2, tzinfo=UTC), datetime(2198, 1, 1, tzinfo=UTC)

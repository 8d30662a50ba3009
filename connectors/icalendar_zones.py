"""The zones of a calendar, by the IANA name each stands for, and moments without a zone given theirs.

A TZID may be an IANA name, Windows's or Outlook's word for a zone, an old vendor's path that ends in one, or a name of
the calendar's own that its VTIMEZONE explains.
"""

from __future__ import annotations

import functools
import re
import zoneinfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from connectors.icalendar_blocks import Block, Calendar, split
from schemas.zones import is_zone

_DATES = frozenset({"DTSTART", "DTEND", "RDATE", "EXDATE", "RECURRENCE-ID"})
_READ = frozenset(
    name[:3] for name in ("UID", "SUMMARY", "DESCRIPTION", "LOCATION", "GEO", "URL", "CATEGORIES", "STATUS", "SEQUENCE",
                          "LAST-MODIFIED", "RRULE", "DURATION")
)  # fmt: skip
_TZID = re.compile(r";TZID=(\"[^\"]*\"|[^;:]*)", re.IGNORECASE)
_FLOATING = re.compile(r"\d{8}T\d{4,6}")
_BARE_DAYS = re.compile(r"\d{8}(?:,\d{8})*")
_TOWNS = {
    "eastern": "America/New_York",
    "central": "America/Chicago",
    "mountain": "America/Denver",
    "pacific": "America/Los_Angeles",
    "brussels": "Europe/Brussels",
    "paris": "Europe/Paris",
    "amsterdam": "Europe/Amsterdam",
    "london": "Europe/London",
    "romance": "Europe/Paris",
}
"""Words in the display names that Outlook writes: « (UTC+01:00) Brussels, Copenhagen, Madrid, Paris »."""


@functools.cache
def _by_lower_case() -> dict[str, str]:
    names = {name.lower(): name for name in zoneinfo.available_timezones() if is_zone(name)}
    return names | {name.lower(): zone for name, zone in WINDOWS_TO_OLSON.items()}


@functools.lru_cache(maxsize=4096)
def zone_named(tzid: str) -> str | None:
    """The IANA zone that a TZID names by itself; None where only its VTIMEZONE can tell."""
    name = tzid.strip().strip('"').strip()
    if is_zone(name):
        return name
    known = _by_lower_case()
    lower = name.lower()
    if (found := known.get(lower)) is not None:
        return found
    steps = lower.strip("/").split("/")
    for length in (3, 2, 1):
        if len(steps) > length and (found := known.get("/".join(steps[-length:]))) is not None:
            return found
    words = re.findall(r"[a-z]+", lower)
    if lower.startswith(("(utc", "(gmt", "utc", "gmt")) or "time" in words:
        towns = [_TOWNS[word] for word in words if word in _TOWNS]
        # Of the towns that share an offset Paris is the likeliest here; all of them show the same hour.
        return "Europe/Paris" if "Europe/Paris" in towns else next(iter(towns), None)
    return _TOWNS.get(lower)


def zone_of(tzid: str, calendar: Calendar) -> str | None:
    """The IANA zone of a TZID in its calendar, by its name or by what its VTIMEZONE says of itself."""
    found = zone_named(tzid)
    if found is None:
        for line in calendar.zones.get(tzid.strip('"'), ()):
            parsed = split(line)
            if parsed is not None and parsed[0] in ("X-LIC-LOCATION", "TZID-ALIAS-OF"):
                return zone_named(parsed[2])
    return found


def calendar_zone(calendar: Calendar, default: str) -> str:
    """The zone of moments that have none: X-WR-TIMEZONE (Google, Apple), else the source's own."""
    told = calendar.properties.get("X-WR-TIMEZONE") or calendar.properties.get("TIMEZONE-ID") or ""
    return zone_of(told, calendar) or default


def zoned(block: Block, default: str, *, needs_stamp: bool) -> tuple[list[str], set[str]]:
    """The event's lines with IANA zones, and the TZIDs that only a VTIMEZONE explains.

    A moment without zone gets `default`; a bare day without `VALUE=DATE` is called one; a rule or a list of dates that
    says nothing is left out. `needs_stamp`: there are other words on the same event. Raises ValueError for a zone
    nobody knows.
    """
    unknown: set[str] = set()
    lines: list[str] = []
    for line in block.lines:
        if line[:2].upper() not in ("DT", "RD", "EX", "RE"):
            # What nobody asks for need not be parsed: that is what reading a calendar costs.
            if line[:3].upper() in _READ and line.strip().upper() != "RRULE:":
                lines.append(line)
            continue
        parsed = split(line)
        if parsed is None or parsed[0] not in _DATES:
            if parsed is not None and (parsed[0] != "DTSTAMP" or needs_stamp):
                lines.append(line)
            continue
        if not parsed[2].strip() and parsed[0] != "DTSTART":
            continue
        name, parameters, value = parsed
        value = value.strip()
        is_day = _BARE_DAYS.fullmatch(value) is not None
        tzid = _TZID.search(parameters)
        if tzid is not None:
            named = tzid[1].strip('"')
            zone = zone_of(named, block.calendar)
            if zone is None and named in block.calendar.zones:
                unknown.add(named)
            elif zone is None and not (is_day or value.endswith("Z")):
                raise ValueError(f"fuseau inconnu : « {named[:60]} »")
            parameters = parameters.replace(tzid[0], "", 1)
            if not is_day and not value.endswith("Z"):
                parameters += f';TZID="{named}"' if zone is None else f";TZID={zone}"
        elif not is_day and _FLOATING.match(value) and not value.endswith("Z"):
            parameters += f";TZID={default}"
        if is_day and "VALUE=" not in parameters.upper():
            parameters += ";VALUE=DATE"
        lines.append(f"{name}{parameters}:{value}")
    return lines, unknown

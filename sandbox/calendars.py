"""A hall's calendar over HTTP, as the software it keeps its dates in exports it: `GET /calendriers/{uid}.ics`.

RFC 5545, with `ETag` and 304. Several dates of an event are RDATEs of one VEVENT. Lines are folded at 75 octets,
wherever that falls in a character.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from sandbox.faults import Faults
from sandbox.listings import CANCELLED, Agenda, Listing

_WINDOWS = {"Europe/Paris": "Romance Standard Time"}
"""Halves of the events name their zone as Outlook does."""


def build(agenda: Agenda, faults: Faults) -> web.Application:
    """Returns the application over one agenda."""

    async def calendar(request: web.Request) -> web.Response:
        if request.match_info["uid"] != str(agenda.uid):
            return web.Response(status=404, text="Calendrier inconnu")
        body = export(agenda)
        etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(body=body, content_type="text/calendar", charset="utf-8", headers={"ETag": etag})

    app = web.Application(middlewares=[faults.middleware()])
    app.router.add_get("/calendriers/{uid}.ics", calendar)
    return app


def export(agenda: Agenda) -> bytes:
    """The calendar of everything listed now."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Exemple//Bac a sable//FR", "X-WR-TIMEZONE:Europe/Paris"]
    for listing in agenda.listings.values():
        if not listing.removed:
            lines += ["BEGIN:VEVENT", *_event(listing), "END:VEVENT"]
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def _event(listing: Listing) -> Iterator[str]:
    begin, end = listing.timings[0]
    zone = listing.zone
    named = _WINDOWS.get(zone, zone) if listing.uid % 2 else zone
    yield f"UID:{listing.uid}@exemple.fr"
    yield f"DTSTAMP:{_stamp(listing.updated_at, 'UTC')}Z"
    yield f"SUMMARY:{_escaped(next(iter(listing.title.values())))}"
    yield f"DESCRIPTION:{_escaped(next(iter(listing.description.values())))}"
    yield f"CATEGORIES:{','.join(_escaped(word) for word in listing.keywords)}"
    yield f"DTSTART;TZID={named}:{_stamp(begin, zone)}"
    yield f"DTEND;TZID={named}:{_stamp(end, zone)}"
    if len(listing.timings) > 1:
        yield f"RDATE;TZID={named}:{','.join(_stamp(one, zone) for one, _ in listing.timings[1:])}"
    if listing.status == CANCELLED:
        yield "STATUS:CANCELLED"
    if listing.location is not None:
        place = listing.location.place
        told = [listing.location.name, place.street, f"{place.postal_code} {place.city}"]
        yield "LOCATION:" + _escaped(", ".join(part for part in told if part))
        yield f"GEO:{place.latitude};{place.longitude}"
    elif listing.link:
        yield f"URL:{listing.link}"
    yield "BEGIN:VALARM"
    yield "TRIGGER:-PT15M"
    yield "END:VALARM"


def _stamp(moment: datetime, zone: str) -> str:
    return moment.astimezone(UTC if zone == "UTC" else ZoneInfo(zone)).strftime("%Y%m%dT%H%M%S")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> bytes:
    octets = line.encode()
    pieces = [octets[:75], *(octets[at : at + 74] for at in range(75, len(octets), 74))]
    return b"\r\n ".join(pieces) + b"\r\n"

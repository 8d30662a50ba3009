"""An agenda over HTTP: OpenAgenda's API v2, `GET /v2/agendas/{uid}/events` (developers.openagenda.com).

`key` in the query or as a header (else 403), `size` (20, at most 300), `after[]` the cursor of the page
before, `detailed=1` for timings and places, `updatedAt[gte|lte]`, `sort=updatedAt.asc|updatedAt.desc`,
`removed=1` for the numbers of removed events only (`null`: mixed in). All published events are listed, past
ones too.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.clock import zulu
from sandbox.faults import Faults
from sandbox.listings import Agenda, Listing, Location
from sandbox.stock_paging import answer

DEFAULT_SIZE, MAX_SIZE = 20, 300
_PUBLISHED = 2
# OpenAgenda rounds coordinates its own way: some ten metres beside ours.
_OFFSET = 0.0001


def build(agenda: Agenda, faults: Faults) -> web.Application:
    """Returns the application over one agenda."""

    async def events(request: web.Request) -> web.Response:
        if agenda.key not in (request.query.get("key"), request.headers.get("key")):
            return answer({"success": False, "error": "key"}, status=403)
        if request.match_info["uid"] != str(agenda.uid):
            return answer({"success": False, "error": "agenda not found"}, status=404)
        try:
            first, last = (_instant(request.query.get(f"updatedAt[{end}]")) for end in ("gte", "lte"))
            size = min(int(request.query.get("size", str(DEFAULT_SIZE))), MAX_SIZE)
            cursor = tuple(int(part) for part in request.query.getall("after[]", []))
        except ValueError:
            return answer({"success": False, "error": "bad request"}, status=400)
        removed = request.query.get("removed")
        found = [
            listing
            for listing in agenda.listings.values()
            if (removed == "null" or listing.removed == (removed == "1"))
            and (first is None or listing.updated_at >= first)
            and (last is None or listing.updated_at <= last)
        ]
        sort = request.query.get("sort", "updatedAt.desc")
        backwards = sort == "updatedAt.desc"
        found.sort(key=_cursor, reverse=backwards)
        if cursor:
            found = [one for one in found if (_cursor(one) < cursor if backwards else _cursor(one) > cursor)]
        page = found[:size]
        return answer(
            {
                "success": True,
                "total": len(found),
                "events": [_shown(one, detailed=request.query.get("detailed") == "1") for one in page],
                "after": list(_cursor(page[-1])) if len(found) > size else None,
                "sort": sort,
            }
        )

    app = web.Application(middlewares=[faults.middleware()])
    app.router.add_get("/v2/agendas/{uid}/events", events)
    return app


def _cursor(listing: Listing) -> tuple[int, ...]:
    return int(listing.updated_at.timestamp() * 1000), listing.uid


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(text)
    return instant


def _shown(listing: Listing, *, detailed: bool) -> dict[str, Any]:
    if listing.removed:
        return {"uid": listing.uid, "updatedAt": zulu(listing.updated_at)}
    shown: dict[str, Any] = {
        "uid": listing.uid,
        "title": listing.title,
        "description": listing.description,
        "keywords": {"fr": listing.keywords},
        "status": listing.status,
        "attendanceMode": listing.attendance_mode,
        "updatedAt": zulu(listing.updated_at),
    }
    if not detailed:
        return shown
    timings = [{"begin": begin.isoformat(), "end": end.isoformat()} for begin, end in listing.timings]
    return shown | {
        "state": _PUBLISHED,
        "timezone": listing.zone,
        "timings": timings,
        "firstTiming": timings[0],
        "lastTiming": timings[-1],
        "onlineAccessLink": listing.link,
        "location": _located(listing.location) if listing.location else None,
        "originAgenda": {"uid": 48_353_001, "title": "Sorties des départements pilotes"},
    }


def _located(location: Location) -> dict[str, Any]:
    place = location.place
    return {
        "uid": location.uid,
        "name": location.name,
        "address": ", ".join(part for part in (place.street, f"{place.postal_code} {place.city}") if part),
        "postalCode": place.postal_code,
        "city": place.city,
        "insee": place.insee,
        "department": place.department,
        "countryCode": "FR",
        "latitude": place.latitude + _OFFSET,
        "longitude": place.longitude - _OFFSET,
        "timezone": place.zone,
    }

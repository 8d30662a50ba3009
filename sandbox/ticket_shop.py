"""The agenda's evenings as a seller of tickets lists them: Ticketmaster's Discovery API v2 (document read in 2026).

`GET /discovery/v2/events.json` with `apikey` (else 401), `size` (20, at most 200), `page`, `startDateTime` and
`endDateTime` (both inclusive), `countryCode`. Nothing beyond the thousandth event: `size` times `page` must stay below.
Each date is an event of its own; what nobody has an hour for says `timeTBA`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from sandbox.faults import Faults
from sandbox.listings import CANCELLED, Agenda, Listing
from sandbox.stock_paging import answer

KEY = "cle-discovery"
_DEFAULT, _MOST = 20, 200
_SEGMENTS = {"concert": "Music", "cinéma": "Film"}


def build(agenda: Agenda, faults: Faults, *, deepest: int = 1000) -> web.Application:
    """Returns the application over one agenda; `deepest` is how far paging leads."""

    async def events(request: web.Request) -> web.Response:
        if request.query.get("apikey") != KEY:
            return answer({"fault": {"faultstring": "Invalid ApiKey"}}, status=401)
        size, page = int(request.query.get("size", _DEFAULT)), int(request.query.get("page", 0))
        if size > _MOST or size * page >= deepest:
            why = "Max paging depth exceeded"
            return answer({"errors": [{"code": "DIS1035", "detail": why, "status": "400"}]}, status=400)
        first, last = (_instant(request.query.get(name)) for name in ("startDateTime", "endDateTime"))
        dated = [
            (begin, number, one)
            for one in agenda.listings.values()
            for number, (begin, _) in enumerate(one.timings)
            if not one.removed and one.location and request.query.get("countryCode", "FR") == "FR"
        ]
        dated = [row for row in dated if (first is None or row[0] >= first) and (last is None or row[0] <= last)]
        dated.sort(key=lambda row: (row[0], row[2].uid, row[1]))
        listed = [shown(one, begin, number) for begin, number, one in dated[page * size : (page + 1) * size]]
        told: dict[str, Any] = {"_embedded": {"events": listed}} if listed else {}
        counts = {"size": size, "totalElements": len(dated), "totalPages": -(-len(dated) // size), "number": page}
        return answer(told | {"page": counts, "_links": {"self": {"href": request.path}}})

    app = web.Application(middlewares=[faults.middleware()])
    app.router.add_get("/discovery/v2/events.json", events)
    return app


def shown(one: Listing, begin: datetime, number: int) -> dict[str, Any]:
    assert one.location is not None
    place = one.location.place
    is_timed = one.uid % 5 != 0
    start: dict[str, Any] = {"localDate": begin.date().isoformat(), "timeTBA": not is_timed, "dateTBD": False}
    if is_timed:
        at = begin.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        start |= {"localTime": begin.time().isoformat(), "dateTime": at}
    segment = next((_SEGMENTS[word] for word in one.keywords if word in _SEGMENTS), "Arts & Theatre")
    return {
        "name": next(iter(one.title.values())),
        "type": "event",
        "id": f"Z{one.uid:x}x{number}",
        "test": False,
        "url": f"https://exemple.fr/billets/{one.uid}",
        "locale": "fr-fr",
        "dates": {
            "start": start,
            "timezone": place.zone,
            "status": {"code": "canceled" if one.status == CANCELLED else "onsale"},
        },
        "classifications": [{"primary": True, "segment": {"name": segment}, "genre": {"name": "Undefined"}}],
        "priceRanges": [{"type": "standard", "currency": "EUR", "min": 12.5, "max": 28.0}],
        "_embedded": {
            "venues": [
                {
                    "name": one.location.name,
                    "type": "venue",
                    "id": f"K{one.location.uid:x}",
                    "postalCode": place.postal_code,
                    "timezone": place.zone,
                    "city": {"name": place.city},
                    "country": {"name": "France", "countryCode": "FR"},
                    "address": {"line1": place.street},
                    "location": {"longitude": str(place.longitude), "latitude": str(place.latitude)},
                }
            ]
        },
    }


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)

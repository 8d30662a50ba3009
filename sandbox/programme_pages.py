"""A hall's web pages, with its programme in schema.org's words: `GET /programme` and `GET /programme/{page}`.

Each page holds ten events, as JSON-LD on even pages and as microdata on odd ones; the halls stand in a script of their
own and are named by `@id`. Dates have the local hour, on some pages without its offset.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from sandbox.faults import Faults
from sandbox.listings import CANCELLED, Agenda, Listing

SIZE = 10
_TYPES = {"concert": "MusicEvent", "théâtre": "TheaterEvent", "danse": "DanceEvent", "exposition": "ExhibitionEvent"}


def build(agenda: Agenda, faults: Faults) -> web.Application:
    """Returns the application over one agenda."""

    async def page(request: web.Request) -> web.Response:
        number = int(request.match_info.get("page", "0"))
        listed = [one for one in agenda.listings.values() if not one.removed and one.zone == "Europe/Paris"]
        shown = listed[number * SIZE : (number + 1) * SIZE]
        if number and not shown:
            return web.Response(status=404, text="Page inconnue")
        body = "".join(_scripts(shown)) if number % 2 == 0 else "".join(_items(shown))
        text = f"<!DOCTYPE html><html lang=fr><head><title>Programme</title></head><body>{body}</body></html>"
        return web.Response(text=text, content_type="text/html")

    app = web.Application(middlewares=[faults.middleware()])
    app.router.add_get("/programme", page)
    app.router.add_get(r"/programme/{page:\d{1,3}}", page)
    return app


def pages(agenda: Agenda) -> int:
    """How many pages there are."""
    listed = sum(not one.removed and one.zone == "Europe/Paris" for one in agenda.listings.values())
    return -(-listed // SIZE)


def _scripts(shown: list[Listing]) -> Iterator[str]:
    halls = {one.location.uid: one.location for one in shown if one.location}
    for uid, location in halls.items():
        place = location.place
        hall = {
            "@context": "https://schema.org",
            "@type": "PerformingArtsTheater",
            "@id": f"https://exemple.fr/lieux/{uid}",
            "name": location.name,
            "address": {
                "@type": "PostalAddress",
                "streetAddress": place.street or None,
                "postalCode": place.postal_code,
                "addressLocality": place.city,
                "addressCountry": "FR",
            },
            "geo": {"@type": "GeoCoordinates", "latitude": place.latitude, "longitude": place.longitude},
        }
        yield _script(hall)
    for one in shown:
        dated = [
            {"@type": "Event", "startDate": begin.replace(tzinfo=None).isoformat(), "endDate": end.isoformat()}
            for begin, end in one.timings
        ]
        event: dict[str, Any] = {
            "@context": "http://www.schema.org",
            "@type": next((_TYPES[word] for word in one.keywords if word in _TYPES), "Event"),
            "@id": f"https://exemple.fr/evenements/{one.uid}",
            "name": next(iter(one.title.values())),
            "description": next(iter(one.description.values())),
            "location": {"@id": f"https://exemple.fr/lieux/{one.location.uid}"}
            if one.location
            else {"@type": "VirtualLocation", "url": one.link},
            "subEvent": dated,
        }
        yield _script(event)


def _items(shown: list[Listing]) -> Iterator[str]:
    for one in shown:
        title = html.escape(next(iter(one.title.values())))
        place = one.location.place if one.location else None
        for begin, _ in one.timings:
            status = "EventCancelled" if one.status == CANCELLED else "EventScheduled"
            yield (
                f'<div itemscope itemtype="https://schema.org/Event" itemid="https://exemple.fr/evenements/{one.uid}">'
                f'<span itemprop="name">{title}</span><time itemprop="startDate" datetime="{begin.isoformat()}"></time>'
                f'<link itemprop="eventStatus" href="https://schema.org/{status}">'
            )
            if place and one.location:
                yield (
                    '<div itemprop="location" itemscope itemtype="https://schema.org/Place">'
                    f'<b itemprop="name">{html.escape(one.location.name)}</b>'
                    '<p itemprop="address" itemscope itemtype="https://schema.org/PostalAddress">'
                    f'<span itemprop="postalCode">{place.postal_code}</span> '
                    f'<span itemprop="addressLocality">{html.escape(place.city)}</span></p></div>'
                )
            yield "</div>"


def _script(node: dict[str, Any]) -> str:
    told = json.dumps(node, ensure_ascii=False).replace("</", "<\\/")
    return f'<script type="application/ld+json">{told}</script>'

"""The agenda as DATAtourisme re-publishes it: a zip of one JSON object each, with its index (ontology 3).

`GET /webservice/{flux}/{key}`: `index.json`, `context.jsonld`, `objects/x/xx/{producer}-{uuid}.json`. Built anew each
time; what was removed is in neither index nor archive. An hour of opening is told for half of the events only.
"""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import Any

from aiohttp import web

from sandbox.clock import zulu
from sandbox.faults import Faults
from sandbox.listings import Agenda, Listing

PRODUCER = 48
KEY = "cle-du-flux"
_TYPES = {
    "concert": ["CulturalEvent", "ShowEvent", "Concert", "schema:MusicEvent"],
    "exposition": ["CulturalEvent", "Exhibition", "schema:ExhibitionEvent"],
    "théâtre": ["CulturalEvent", "ShowEvent", "TheaterEvent", "schema:TheaterEvent"],
    "danse": ["CulturalEvent", "ShowEvent", "DanceEvent", "schema:DanceEvent"],
    "conférence": ["CulturalEvent", "Conference"],
}


def build(agenda: Agenda, faults: Faults) -> web.Application:
    """Returns the application over one agenda."""

    async def flux(request: web.Request) -> web.Response:
        if request.match_info["key"] != KEY:
            return web.Response(status=403, text="Accès refusé")
        return web.Response(body=archive(agenda), content_type="application/zip")

    app = web.Application(middlewares=[faults.middleware()])
    app.router.add_get("/webservice/flux/{key}", flux)
    return app


def archive(agenda: Agenda) -> bytes:
    """The zip of everything listed now."""
    made = io.BytesIO()
    index: list[dict[str, str]] = []
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for listing in agenda.listings.values():
            if listing.removed or listing.location is None:
                continue
            name = f"{PRODUCER}-{_uuid(listing)}"
            file = f"{name[3]}/{name[3:5]}/{name}.json"
            label = next(iter(listing.title.values()))
            index.append({"label": label, "lastUpdateDatatourisme": zulu(listing.updated_at), "file": file})
            packed.writestr(f"objects/{file}", json.dumps(_object(listing), ensure_ascii=False))
        packed.writestr("index.json", json.dumps(index, ensure_ascii=False))
        packed.writestr("context.jsonld", json.dumps({"@context": {"schema": "http://schema.org/"}}))
    return made.getvalue()


def _uuid(listing: Listing) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"https://exemple.fr/{listing.uid}")


def _object(listing: Listing) -> dict[str, Any]:
    assert listing.location is not None
    place = listing.location.place
    kinds = next((_TYPES[word] for word in listing.keywords if word in _TYPES), ["CulturalEvent"])
    return {
        "@id": f"https://data.datatourisme.fr/{PRODUCER}/{_uuid(listing)}",
        "dc:identifier": f"EVT{listing.uid}",
        "@type": ["schema:Event", "EntertainmentAndEvent", "PointOfInterest", *kinds],
        "rdfs:label": {language: [text] for language, text in listing.title.items()},
        "hasDescription": [{"shortDescription": {name: [text] for name, text in listing.description.items()}}],
        "isLocatedAt": [
            {
                "schema:address": [
                    {
                        "schema:streetAddress": [listing.location.name],
                        "schema:postalCode": place.postal_code,
                        "schema:addressLocality": place.city,
                        "hasAddressCity": [{"@id": f"kb:{place.insee}", "insee": place.insee}],
                    }
                ],
                "schema:geo": {"schema:latitude": str(place.latitude), "schema:longitude": str(place.longitude)},
            }
        ],
        "lastUpdateDatatourisme": zulu(listing.updated_at),
        "takesPlaceAt": [_period(begin, end, timed=listing.uid % 2 == 0) for begin, end in listing.timings],
    }


def _period(begin: Any, end: Any, *, timed: bool) -> dict[str, str]:
    period = {"startDate": begin.date().isoformat(), "endDate": begin.date().isoformat()}
    hours = {"startTime": begin.time().isoformat(), "endTime": end.time().isoformat()}
    return period | hours if timed else period

"""A ticketing that serves the common provider API in its finished form (docs/apib/provider.apib).

`GET /stocks/{siret}`, `/events/{siret}`, `/films/{siret}`, `/sessions/{siret}` with `cursor` and `limit`. Its tables
come from a theatre's season, or are a small cinema's; whoever tests may change them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from sandbox.clock import zulu
from sandbox.faults import Faults
from sandbox.provider_answers import PAGES, Event, Film, Person, Price, Session, Stock, Timing
from sandbox.provider_tables import CursorExpired, CursorUnknown, Table
from sandbox.season import Season
from schemas.taxonomy import EVENT_CATEGORIES_2018

CAP = 1000
PROBLEMS: Mapping[str, tuple[int, str]] = {
    "token-refused": (401, "Jeton absent ou refusé"),
    "venue-unknown": (404, "Lieu inconnu"),
    "invalid-parameter": (400, "Paramètre invalide"),
    "cursor-expired": (410, "Curseur périmé"),
}
"""The refusals of the API: status and title by the end of their type."""


@dataclass(slots=True)
class Venue:
    """One venue's tables, by route, and the token that opens them."""

    siret: str
    token: str
    tables: dict[str, Table] = field(default_factory=lambda: {name: Table(name) for name in PAGES})


def of_season(season: Season, siret: str, token: str) -> Venue:
    """A theatre: its shows whose category is known, and the places of their dates, all prices of one together."""
    venue = Venue(siret, token)
    for show in season.shows:
        if show.category not in EVENT_CATEGORIES_2018:
            continue
        timings = [
            Timing(uid=one.uid, begins_at=one.starts_at.isoformat(), ends_at=one.ends_at.isoformat())
            for one in show.timings
            if not one.naive
        ]
        event = Event(
            uid=show.uid,
            title=show.title,
            subcategory=EVENT_CATEGORIES_2018[show.category],
            timings=timings,
            updated_at=zulu(show.updated_at),
            people=[Person(name=show.author, role="author")] if show.author else None,
        )
        venue.tables["events"].put(show.uid, event)
        for timing in show.timings:
            rows = season.rows_of(timing)
            prices = [
                Price(id=str(row.price), available=row.available, price_cents=int((row.price or 0) * 100))
                for row in rows
            ]
            if prices and not timing.naive:
                venue.tables["stocks"].put(
                    timing.uid, Stock(ref=timing.uid, prices=prices, updated_at=event.updated_at)
                )
    return venue


def build(venues: Mapping[str, Venue], faults: Faults) -> web.Application:
    """Returns the application over `venues`, by SIRET."""

    def route(name: str) -> web.RouteDef:
        async def page(request: web.Request) -> web.Response:
            venue = venues.get(request.match_info["siret"])
            if venue is None:
                return _problem("venue-unknown", "Ce SIRET n'est pas le nôtre.")
            if request.headers.get("Authorization") != f"Bearer {venue.token}":
                return _problem("token-refused", "Ce jeton n'ouvre pas ce lieu.", {"WWW-Authenticate": "Bearer"})
            limit = request.query.get("limit", str(CAP))
            if not limit.isdecimal() or int(limit) < 1:
                return _problem("invalid-parameter", "limit est un nombre entier, au moins 1.")
            try:
                told = venue.tables[name].page(request.query.get("cursor"), min(int(limit), CAP))
            except CursorUnknown:
                return _problem("invalid-parameter", "cursor n'est pas un curseur de cette adresse.")
            except CursorExpired:
                return _problem("cursor-expired", "Ce qui a été retiré depuis n'est plus connu : relire sans cursor.")
            rows, deleted, cursor, more, total = told
            shape = PAGES[name](**{name: rows, "deleted": deleted, "cursor": cursor, "more": more, "total": total})
            return web.Response(body=msgspec.json.encode(shape), content_type="application/json")

        return web.get(f"/{name}/{{siret}}", page)

    app = web.Application(middlewares=[faults.middleware()])
    app.add_routes([route(name) for name in PAGES])
    return app


def a_cinema(siret: str, token: str) -> Venue:
    """A small cinema: two films, three sessions, one of them cancelled and one sold out."""
    venue = Venue(siret, token)
    at = "2026-11-20T09:00:00.000Z"
    films = (
        Film(id="F1", title="Orfeu Negro", updated_at=at, year=1959, duration_minutes=105, directors=["Marcel Camus"]),
        Film(id="F2", title="Les Parapluies de Cherbourg", updated_at=at, visa="27399", year=1964, duration_minutes=91),
    )
    for film in films:
        venue.tables["films"].put(film.id, film)
    for number, (film_id, version, places) in enumerate((("F1", "VOST", 80), ("F1", "VOST", 0), ("F2", "VF", 120)), 1):
        session = Session(
            id=f"S{number}",
            film_id=film_id,
            begins_at=f"2026-12-0{number}T20:30:00+01:00",
            prices=[
                Price(id="plein", available=places, price_cents=850, label="Plein tarif"),
                Price(id="jeune", available=places, price_cents=500, label="Moins de 26 ans"),
            ],
            updated_at=at,
            hall=f"Salle {number}",
            version=version,
            cancelled=True if number == 2 else None,
        )
        venue.tables["sessions"].put(session.id, session)
    return venue


def _problem(slug: str, detail: str, headers: Mapping[str, str] | None = None) -> web.Response:
    status, title = PROBLEMS[slug]
    body = {"type": f"/problems/{slug}", "title": title, "status": status, "detail": detail}
    return web.Response(
        status=status, body=msgspec.json.encode(body), content_type="application/problem+json", headers=headers
    )

"""A cinema's site made by Webedia Movies Pro, by the calls its pages make (2025–2026): the schedule, then its films."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.box_office import BoxOffice
from sandbox.clock import Clock
from sandbox.facts.reading import Film
from sandbox.faults import Faults
from sandbox.programme import Programme, Showtime
from sandbox.stock_paging import answer

THEATER = "P9999"
_API = "/api/gatsby-source-boxofficeapi"
_VERSIONS = {"VF": "Localization.Language.French", "VO": "Localization.Version.Original"}


class BoxofficeSite:
    """The handlers of one theatre. Films that Allociné does not number bear the site's own, such as c301."""

    def __init__(self, programme: Programme, office: BoxOffice, clock: Clock) -> None:
        self._programme = programme

    def build(self, faults: Faults) -> web.Application:
        """Returns the application."""
        app = web.Application(middlewares=[faults.middleware()])
        app.router.add_get(f"{_API}/schedule", self.schedule)
        app.router.add_get(f"{_API}/movies", self.movies)
        return app

    async def schedule(self, request: web.Request) -> web.Response:
        try:
            theater = json.loads(request.query["theaters"])
            first, last = (datetime.fromisoformat(request.query[name]) for name in ("from", "to"))
        except (KeyError, ValueError):
            return answer({"error": "Bad Request"}, status=400)
        if theater != {"id": THEATER, "timeZone": self._programme.place.zone}:
            return answer({"error": "Unknown theater"}, status=404)
        found: dict[str, dict[str, list[Any]]] = {}
        for show in sorted(self._programme.showtimes.values(), key=lambda show: show.id):
            local = show.starts_at.replace(tzinfo=None)
            if first <= local < last:
                film = found.setdefault(_film_id(show.film), {})
                film.setdefault(local.date().isoformat(), []).append(_shown(show, _film_id(show.film)))
        return answer({THEATER: {"schedule": found, "moviesTags": {}, "showtimesDates": []}})

    async def movies(self, request: web.Request) -> web.Response:
        wanted = set(request.query.getall("ids", []))
        films = {_film_id(show.film): show.film for show in self._programme.showtimes.values()}
        return answer([_shown_film(film) for key, film in films.items() if key in wanted])


def _shown(show: Showtime, film: str) -> dict[str, Any]:
    tags = ["Format.Projection.3D" if show.three_d else "Format.Projection.Digital", _VERSIONS[show.version]]
    return {
        "id": f"{film}-{show.starts_at:%Y-%m-%d %H:%M:%S}-{tags[0]}-{show.screen.number}",
        "startsAt": f"{show.starts_at:%Y-%m-%dT%H:%M:%S}",
        "tags": tags,
        "isExpired": False,
        "screen": {"name": show.screen.name},
        "data": {"ticketing": []},
        "occupancy": {"rate": 100 - 100 * show.seats // show.screen.capacity},
    }


def _shown_film(film: Film) -> dict[str, Any]:
    persons = [name.partition(" ") for name in film.directors]
    return {
        "id": _film_id(film),
        "title": film.title,
        "originalTitle": film.title,
        "runtime": film.minutes * 60,
        "synopsis": "",
        "directors": {"nodes": [{"person": {"firstName": first, "lastName": last}} for first, _, last in persons]},
        "release": f"{film.year}-01-01",
    }


def _film_id(film: Film) -> str:
    return str(film.allocine) if film.allocine is not None else f"c{film.id}"

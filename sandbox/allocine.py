"""Allociné's partner API for one theatre, as pass Culture's connector of 2019–2024 speaks it: showtimes without an id,
in local time, and the list of films in pages.
"""

from __future__ import annotations

import base64
from typing import Any

from aiohttp import web

from sandbox.box_office import BoxOffice
from sandbox.clock import Clock
from sandbox.facts.reading import Film
from sandbox.faults import Faults
from sandbox.programme import Programme
from sandbox.stock_paging import answer

THEATER, PAGE = "P9998", 3
_VERSIONS = {"VF": "DUBBED", "VO": "ORIGINAL"}


class Allocine:
    """The handlers. The token is the programme's password."""

    def __init__(self, programme: Programme, office: BoxOffice, clock: Clock) -> None:
        self._programme = programme

    def build(self, faults: Faults) -> web.Application:
        """Returns the application."""
        app = web.Application(middlewares=[faults.middleware()])
        app.router.add_get("/api/query/movieShowtimeList", self.showtimes)
        app.router.add_get("/api/query/movieList", self.movies)
        return app

    async def showtimes(self, request: web.Request) -> web.Response:
        self._check(request)
        if request.query.get("theater") != base64.b64encode(f"Theater:{THEATER}".encode()).decode():
            return answer({"movieShowtimeList": {"totalCount": 0, "edges": []}})
        edges = []
        for film in self._films():
            shows = [show for show in self._programme.showtimes.values() if show.film.id == film.id]
            rows = [
                {
                    "startsAt": f"{show.starts_at:%Y-%m-%dT%H:%M:%S}",
                    "diffusionVersion": _VERSIONS[show.version],
                    "projection": ["DIGITAL_3D" if show.three_d else "DIGITAL"],
                    "experience": "ICE" if show.screen.ice else None,
                    "languages": [],
                }
                for show in shows
            ]
            edges.append({"node": {"movie": _shown(film), "showtimes": rows}})
        return answer({"movieShowtimeList": {"totalCount": len(edges), "edges": edges}})

    async def movies(self, request: web.Request) -> web.Response:
        self._check(request)
        after = request.query.get("after", "")
        start = int(base64.b64decode(after).decode().rpartition(":")[2]) + 1 if after else 0
        films = self._films()
        page = films[start : start + PAGE]
        last = base64.b64encode(f"arrayconnection:{start + len(page) - 1}".encode()).decode()
        return answer(
            {
                "movieList": {
                    "totalCount": len(films),
                    "pageInfo": {"hasNextPage": start + PAGE < len(films), "endCursor": last},
                    "edges": [{"node": _shown(film)} for film in page],
                }
            }
        )

    def _check(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self._programme.password}":
            raise web.HTTPUnauthorized(text='{"error": "unauthorized"}', content_type="application/json")

    def _films(self) -> list[Film]:
        films = {show.film.id: show.film for show in self._programme.showtimes.values()}
        return [films[number] for number in sorted(films)]


def _shown(film: Film) -> dict[str, Any]:
    names = [name.partition(" ") for name in film.directors]
    visa = {} if film.visa is None else {"visa_number": str(film.visa)}
    return {
        "id": base64.b64encode(f"Movie:{film.allocine}".encode()).decode(),
        "internalId": film.allocine,
        "title": film.title,
        "originalTitle": film.title,
        "type": "FEATURE_FILM",
        "runtime": f"PT{film.minutes // 60}H{film.minutes % 60}M0S",
        "synopsis": "",
        "data": {"eidr": None, "productionYear": film.year},
        "releases": [{"name": "Released", "releaseDate": {"date": f"{film.year}-01-01"}, "data": visa}],
        "credits": {
            "edges": [
                {
                    "node": {
                        "person": {"firstName": first, "lastName": last},
                        "position": {"name": "DIRECTOR"},
                    }
                }
                for first, _, last in names
            ]
        },
        "cast": {"edges": []},
        "countries": [],
        "genres": [],
    }

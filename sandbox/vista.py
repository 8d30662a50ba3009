"""A cinema that runs Vista, by its OCAPI v1 as cinemas' own sites called it in 2025: the business dates, then a day's
showtimes with the films and halls they refer to.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from aiohttp import web

from sandbox.box_office import BoxOffice
from sandbox.clock import Clock
from sandbox.facts.reading import Film
from sandbox.faults import Faults
from sandbox.programme import Programme, Showtime
from sandbox.stock_paging import answer

_ATTRIBUTES = {"0000000001": "VF", "0000000002": "VO", "0000000003": "3D"}


class Vista:
    """The handlers. The token is the programme's password, the site its place's id."""

    def __init__(self, programme: Programme, office: BoxOffice, clock: Clock) -> None:
        self._programme = programme

    def build(self, faults: Faults) -> web.Application:
        """Returns the application."""
        app = web.Application(middlewares=[faults.middleware()])
        app.router.add_get("/ocapi/v1/film-screening-dates", self.dates)
        app.router.add_get("/ocapi/v1/showtimes/by-business-date/{day}", self.showtimes)
        return app

    async def dates(self, request: web.Request) -> web.Response:
        self._check(request)
        days: dict[str, set[int]] = {}
        for show in self._programme.showtimes.values():
            days.setdefault(show.starts_at.date().isoformat(), set()).add(show.film.id)
        rows = [
            {
                "businessDate": day,
                "filmScreenings": [
                    {"filmId": _film_id(number), "sites": [self._site_id()]} for number in sorted(films)
                ],
            }
            for day, films in sorted(days.items())
        ]
        return answer({"filmScreeningDates": rows, "relatedData": {}})

    async def showtimes(self, request: web.Request) -> web.Response:
        self._check(request)
        try:
            day = date.fromisoformat(request.match_info["day"])
        except ValueError:
            return answer({"errors": [{"code": "invalidDate"}]}, status=400)
        shows = self._programme.between(day, day)
        films = {show.film.id: show.film for show in shows}
        place = self._programme.place
        site = {
            "id": place.id,
            "name": {"text": place.name, "translations": []},
            "location": {"latitude": place.latitude, "longitude": place.longitude},
            "contactDetails": {"address": {"line1": place.street, "line2": "", "city": place.city}},
            "ianaTimeZoneName": place.zone,
        }
        screens = {show.screen.number: show.screen.name for show in shows}
        beside = {
            "sites": [site],
            "films": [_shown_film(film) for film in films.values()],
            "screens": [
                {"id": f"{place.id}-{number}", "name": {"text": name, "translations": []}}
                for number, name in screens.items()
            ],
            "attributes": [
                {"id": key, "name": {"text": word, "translations": []}} for key, word in _ATTRIBUTES.items()
            ],
            "castAndCrew": [],
            "genres": [],
        }
        rows = [_shown(show, place.id) for show in shows]
        return answer({"businessDate": day.isoformat(), "showtimes": rows, "relatedData": beside})

    def _check(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self._programme.password}":
            raise web.HTTPUnauthorized(text='{"errors": []}', content_type="application/json")
        if request.query.get("siteIds") not in (None, self._programme.place.id):
            raise web.HTTPNotFound(text='{"errors": []}', content_type="application/json")

    def _site_id(self) -> dict[str, Any]:
        return {"siteId": self._programme.place.id, "showtimeAttributeIds": []}


def _shown(show: Showtime, site: str) -> dict[str, Any]:
    begins, ends = (at.isoformat(timespec="seconds") for at in (show.starts_at, show.ends_at))
    words = {show.version, *(["3D"] if show.three_d else [])}
    return {
        "id": f"{site}-{show.id}",
        "schedule": {
            "businessDate": show.starts_at.date().isoformat(),
            "startsAt": begins,
            "endsAt": ends,
            "filmStartsAt": begins,
            "filmEndsAt": ends,
        },
        "isSoldOut": show.online <= 0,
        "filmId": _film_id(show.film.id),
        "siteId": site,
        "screenId": f"{site}-{show.screen.number}",
        "attributeIds": [key for key, word in _ATTRIBUTES.items() if word in words],
        "requires3dGlasses": show.three_d,
        "restrictions": [],
    }


def _shown_film(film: Film) -> dict[str, Any]:
    return {
        "id": _film_id(film.id),
        "title": {"text": film.title, "translations": []},
        "synopsis": {"text": "", "translations": []},
        "runtimeInMinutes": film.minutes,
        "castAndCrew": [],
        "genreIds": [],
    }


def _film_id(number: int) -> str:
    return f"HO{number:08d}"

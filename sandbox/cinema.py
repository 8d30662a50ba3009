"""A cinema's software over HTTP: the Boost API as pass Culture's connector of 2022–2024 speaks it (their
recorded answers).

Login gives a token for 24 hours; collections come in pages of a fixed envelope; a sale takes two calls;
refusals are English sentences. Times carry the offset of the cinema; amounts are whole euros or one decimal.
"""

from __future__ import annotations

import base64
import json
from datetime import date, datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox.box_office import BoxOffice, SaleError
from sandbox.clock import Clock, draw
from sandbox.faults import Faults
from sandbox.programme import CREDIT, Pricing, Programme, Showtime
from sandbox.stock_paging import answer, euros

TOKEN_LIFE = timedelta(hours=24)
ATTRIBUTES = [{"id": 24, "title": "ICE"}, {"id": 35, "title": "Fauteuils premium"}]
_VERSIONS = {
    "VF": {"id": 3, "title": "Film Etranger en Langue Française", "code": "VF"},
    "VO": {"id": 2, "title": "Film Etranger en Langue Etrangère", "code": "VO"},
}


class Cinema:
    """The handlers of one cinema."""

    def __init__(self, programme: Programme, office: BoxOffice, clock: Clock) -> None:
        self._programme = programme
        self._office = office
        self._clock = clock
        self._tokens: dict[str, datetime] = {}

    def build(self, faults: Faults) -> web.Application:
        """Returns the application."""
        app = web.Application(middlewares=[faults.middleware()])
        app.router.add_post("/api/vendors/login", self.login)
        app.router.add_post("/api/vendors/logout", self.logout)
        app.router.add_get("/api/cinemas/attributs", self.attributes)
        app.router.add_get("/api/showtimes/between/{first}/{last}", self.between)
        app.router.add_get("/api/showtimes/{id:[0-9]+}", self.showtime)
        app.router.add_post("/api/sale/complete", self.complete)
        app.router.add_put("/api/sale/orderCancel", self.order_cancel)
        return app

    def revoke_tokens(self) -> None:
        """Forgets all logins, as a restart of the software does."""
        self._tokens.clear()

    async def login(self, request: web.Request) -> web.Response:
        body = await _object(request)
        given = (body.get("username"), body.get("password"), body.get("stationName"))
        if given != (self._programme.username, self._programme.password, self._programme.station):
            return _refused(401, "Invalid credentials.")
        token = _token(self._programme.username, self._clock())
        self._tokens[token] = self._clock() + TOKEN_LIFE
        return answer({"code": 200, "message": "Login successful", "token": token})

    async def logout(self, request: web.Request) -> web.Response:
        self._check(request)
        self._tokens.pop(_bearer(request), None)
        return answer({"code": 200, "message": "Logout successful"})

    async def attributes(self, request: web.Request) -> web.Response:
        self._check(request)
        return answer({"message": "OK", "data": ATTRIBUTES})

    async def between(self, request: web.Request) -> web.Response:
        self._check(request)
        self._office.lapse()
        try:
            first, last = (date.fromisoformat(request.match_info[name]) for name in ("first", "last"))
            page, size = int(request.query.get("page", "1")), int(request.query.get("per_page", "30"))
        except ValueError:
            return _refused(400, "Bad Request")
        if page < 1 or size < 1:
            return _refused(400, "Bad Request")
        shows = self._programme.between(first, last)
        if request.query.get("hideFullReservation") == "1":
            shows = [show for show in shows if show.online > 0]
        if request.query.get("film"):
            shows = [show for show in shows if str(show.film.id) == request.query["film"]]
        if request.query.get("paymentMethod"):
            shows = [show for show in shows if any(p.payment == request.query["paymentMethod"] for p in show.pricings)]
        pages = max(1, -(-len(shows) // size))
        return answer(
            {
                "message": "OK",
                "page": page,
                "previousPage": max(1, page - 1),
                "nextPage": min(pages, page + 1),
                "totalPages": pages,
                "totalCount": len(shows),
                "data": [_shown(show) for show in shows[(page - 1) * size : page * size]],
            }
        )

    async def showtime(self, request: web.Request) -> web.Response:
        self._check(request)
        self._office.lapse()
        show = self._programme.showtimes.get(int(request.match_info["id"]))
        if show is None:
            return _refused(404, "No showtime found")
        return answer({"message": "OK", "data": _shown(show)})

    async def complete(self, request: web.Request) -> web.Response:
        self._check(request)
        body = await _object(request)
        try:
            if body.get("codePayment") != CREDIT:
                raise SaleError(400, "Unknown payment method")
            if body.get("idsBeforeSale"):
                code, cents = self._office.confirm(_integer(body["idsBeforeSale"]))
                sale = {
                    "id": int(code.removeprefix("sale-")),
                    "code": code,
                    "amountTaxesIncluded": euros(cents),
                }
                return answer({"code": 201, "message": "Created", "data": sale}, status=201)
            basket = [
                (_integer(item.get("idShowtimePricing")), _integer(item.get("quantity")))
                for item in body.get("basketItems") or []
            ]
            if not basket:
                raise SaleError(400, "Bad Request")
            sale_id = self._office.prepare(basket)
        except SaleError as error:
            return _refused(error.status, error.message)
        return answer({"code": 202, "message": "Accepted", "data": [{"id": sale_id}]}, status=202)

    async def order_cancel(self, request: web.Request) -> web.Response:
        self._check(request)
        body = await _object(request)
        try:
            for sale in body.get("sales") or []:
                self._office.cancel(str(sale.get("code")))
        except SaleError as error:
            return _refused(error.status, error.message)
        return answer({"code": 200, "message": "Sale cancelled"})

    def _check(self, request: web.Request) -> None:
        until = self._tokens.get(_bearer(request))
        if until is None or until <= self._clock():
            body = json.dumps({"code": 401, "message": "Expired JWT Token" if until else "JWT Token not found"})
            raise web.HTTPUnauthorized(text=body, content_type="application/json")


def _bearer(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _token(username: str, now: datetime) -> str:
    """Three parts as a JSON Web Token has; nobody but this application reads it."""
    head = {"typ": "JWT", "alg": "RS256"}
    claims = {"username": username, "iat": int(now.timestamp()), "exp": int((now + TOKEN_LIFE).timestamp())}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, claims)]
    return ".".join([*parts, f"{draw(*parts):x}"])


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text='{"code": 400, "message": "Bad Request"}', content_type="application/json")
    return body


def _integer(value: object) -> int:
    try:
        return int(str(value))
    except ValueError as error:
        raise SaleError(400, "Bad Request") from error


def _refused(status: int, message: str) -> web.Response:
    return answer({"code": status, "message": message}, status=status)


def _shown(show: Showtime) -> dict[str, Any]:
    film = show.film
    return {
        "id": show.id,
        "showDate": show.starts_at.isoformat(timespec="seconds"),
        "showEndDate": show.ends_at.isoformat(timespec="seconds"),
        "soldOut": show.online <= 0,
        "authorizedAccess": False,
        "numberSeatsRemaining": show.seats,
        "numberRemainingSeatsForOnlineSale": show.online,
        "attributs": show.attributes,
        "film": {
            "id": film.id,
            "titleCnc": film.title.upper(),
            "numVisa": film.visa or film.filed_as or 0,
            "duration": film.minutes,
            "idFilmAllocine": film.allocine,
        },
        "format": {"id": 2, "title": "3D"} if show.three_d else {"id": 1, "title": "2D"},
        "version": _VERSIONS[show.version],
        "screen": {
            "id": show.screen.number,
            "auditoriumNumber": show.screen.number,
            "name": show.screen.name,
            "capacity": show.screen.capacity,
            "ice": show.screen.ice,
            "seatingAllowed": False,
        },
        "showtimePricing": [_priced(pricing) for pricing in show.pricings],
    }


def _priced(pricing: Pricing) -> dict[str, Any]:
    return {
        "id": pricing.id,
        "title": pricing.title,
        "amountTaxesIncluded": euros(pricing.amount_cents),
        "pricingCode": pricing.code,
        "typePayment": pricing.payment,
        "onlineSale": pricing.payment == CREDIT,
    }

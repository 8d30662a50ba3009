"""A cinema that runs CDS (Ciné Office) over HTTP, as pass Culture's connector of 2022–2026 speaks it.

Each resource is one list, `shows` without any filter; the token stands in the query. A sale is one call that names the
seats; there is no reference of the caller's, and nothing to look a sale up by. What is answered to a seat that is
taken is nowhere documented; here it is refused by 409.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.box_office import BoxOffice, SaleError
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.programme import CREDIT, Pricing, Programme, Showtime
from sandbox.stock_paging import answer, euros

CODE, PAYMENT, COLUMNS = "PSCULTURE", 31, 12
_OPTIONS = {1: "VF", 2: "VO", 3: "3D", 4: "ICE"}
_TARIFFS = {690: 96, 1200: 97}
"""Tariffs of the pass Culture by their price in cents."""
_PLAIN = 2


class CineOffice:
    """The handlers of one cinema. Each hall is a grid of rows of twelve seats, sold from the front at first."""

    def __init__(self, programme: Programme, office: BoxOffice, clock: Clock) -> None:
        self._programme, self._office, self._clock = programme, office, clock
        self._taken: dict[int, set[int]] = {
            show.id: set(range(show.screen.capacity - show.seats)) for show in programme.showtimes.values()
        }
        self._tickets: dict[str, tuple[str, int, int | None]] = {}
        """By barcode: the sale's code, the show and the seat."""

    def build(self, faults: Faults) -> web.Application:
        """Returns the application."""
        app = web.Application(middlewares=[faults.middleware()])
        for resource, rows in (
            ("cinemas", self._cinemas),
            ("shows", self._shows),
            ("media", self._media),
            ("mediaoptions", self._options),
            ("vouchertype", self._vouchers),
            ("paiementtype", self._payments),
            ("screens", self._screens),
        ):
            app.router.add_get(f"/vad/{resource}", self._listing(rows))
        app.router.add_get("/vad/shows/{id:[0-9]+}/seatmap", self.seatmap)
        app.router.add_post("/vad/transaction/create", self.create)
        app.router.add_put("/vad/transaction/cancel", self.cancel)
        return app

    async def seatmap(self, request: web.Request) -> web.Response:
        self._check(request)
        show = self._programme.showtimes.get(int(request.match_info["id"]))
        if show is None:
            return answer({"error": "Show not found"}, status=404)
        places = show.screen.capacity
        rows = [
            [0 if seat >= places else 3 if seat in self._taken[show.id] else 1 for seat in range(row, row + COLUMNS)]
            for row in range(0, places, COLUMNS)
        ]
        return answer(rows)

    async def create(self, request: web.Request) -> web.Response:
        self._check(request)
        body = await _object(request)
        try:
            sales = [row for row in body["ticketsaleCollection"] if isinstance(row, dict)]
            show = self._programme.showtimes[int(sales[0]["showid"]["id"])]
            pricing = _credit(show)
            if pricing is None or {row["tariffid"]["id"] for row in sales} != {_TARIFFS[pricing.amount_cents]}:
                return answer({"error": "Unknown tariff"}, status=400)
            if [row["amount"] for row in body["paiementCollection"]] != [float(euros(pricing.amount_cents))] * len(
                sales
            ):
                return answer({"error": "Wrong amount"}, status=400)
            seats = [row["seatrow"] * COLUMNS + row["seatcol"] for row in sales]
        except (KeyError, TypeError, ValueError, IndexError):
            return answer({"error": "Bad request"}, status=400)
        taken = self._taken[show.id]
        if len(set(seats)) < len(seats) or any(seat in taken or seat >= show.screen.capacity for seat in seats):
            return answer({"error": "SEAT_NOT_AVAILABLE"}, status=409)
        try:
            codes = self._office.sell(pricing.id, len(seats))
        except SaleError as error:
            return answer({"error": error.message}, status=error.status)
        taken.update(seats)
        tickets = []
        for code, seat, row in zip(codes, seats, sales, strict=True):
            barcode = f"{int(code.removeprefix('sale-')):012d}"
            self._tickets[barcode] = (code, show.id, seat)
            tickets.append({"barcode": barcode, "seatnumber": row["seatnumber"]})
        return answer({"id": len(self._tickets), "invoiceid": f"F{len(self._tickets)}", "tickets": tickets})

    async def cancel(self, request: web.Request) -> web.Response:
        self._check(request)
        body = await _object(request)
        wrong = {}
        for number in body.get("barcodes") or []:
            barcode = f"{number:012d}"
            code, show_id, seat = self._tickets.get(barcode, ("", 0, None))
            try:
                self._office.cancel(code)
                self._taken[show_id].discard(seat if seat is not None else -1)
            except SaleError as error:
                known = error.status == 400
                wrong[barcode] = "TICKET_ALREADY_CANCELED" if known else "BARCODE_NOT_FOUND"
        return answer(wrong) if wrong else web.Response(status=200)

    def _listing(self, rows: Any) -> Any:
        async def listing(request: web.Request) -> web.Response:
            self._check(request)
            self._office.lapse()
            return answer(rows())

        return listing

    def _check(self, request: web.Request) -> None:
        if request.query.get("api_token") != self._programme.password:
            raise web.HTTPUnauthorized(text='{"error": "Invalid token"}', content_type="application/json")

    def _cinemas(self) -> list[Any]:
        return [{"id": self._programme.place.id, "internetsalegaugeactive": True, "cinemaParameters": []}]

    def _shows(self) -> list[Any]:
        return [_shown(show) for show in sorted(self._programme.showtimes.values(), key=lambda show: show.id)]

    def _media(self) -> list[Any]:
        films = {show.film.id: show.film for show in self._programme.showtimes.values()}
        return [
            {
                "id": film.id,
                "title": film.title,
                "duration": film.minutes * 60,
                "posterpath": None,
                "storyline": "",
                "visanumber": None if film.visa is None else str(film.visa),
                "allocineid": None if film.allocine is None else str(film.allocine),
            }
            for film in films.values()
        ]

    def _options(self) -> list[Any]:
        return [{"id": key, "label": word, "ticketlabel": word} for key, word in _OPTIONS.items()]

    def _payments(self) -> list[Any]:
        return [
            {"id": 30, "internalcode": "CB", "active": True},
            {"id": PAYMENT, "internalcode": "VCH", "active": True},
        ]

    def _vouchers(self) -> list[Any]:
        def tariff(key: int, cents: int, label: str) -> dict[str, Any]:
            return {"id": key, "price": euros(cents), "active": True, "labeltariff": label}

        sold = [
            {"id": 60 + key, "code": CODE, "tariffid": tariff(key, cents, "Pass Culture")}
            for cents, key in _TARIFFS.items()
        ]
        return [{"id": 1, "code": "CE", "tariffid": tariff(3, 500, "Comité")}, *sold, {"id": 9, "code": CODE}]

    def _screens(self) -> list[Any]:
        numbers = sorted({show.screen.number for show in self._programme.showtimes.values()})
        flags = {"seatmapfronttoback": True, "seatmaplefttoright": True, "seatmapskipmissingseats": False}
        return [{"id": number} | flags for number in numbers]


def _shown(show: Showtime) -> dict[str, Any]:
    pricing = _credit(show)
    tariffs = [_PLAIN] if pricing is None else [_PLAIN, _TARIFFS[pricing.amount_cents]]
    options = [1 if show.version == "VF" else 2, *([3] if show.three_d else []), *([4] if show.screen.ice else [])]
    stamp = show.starts_at.isoformat(timespec="milliseconds")
    return {
        "id": show.id,
        "showtime": stamp[:-3] + stamp[-2:],
        "canceled": False,
        "deleted": False,
        "disableseatmap": False,
        "seatmap": "[[1,1],[1,1]]",
        "remainingplace": show.seats,
        "internetremainingplace": show.online,
        "showsTariffPostypeCollection": [{"tariffid": {"id": key}} for key in tariffs],
        "screenid": {"id": show.screen.number},
        "mediaid": {"id": show.film.id},
        "showsMediaoptionsCollection": [{"mediaoptionsid": {"id": key}} for key in options],
    }


def _credit(show: Showtime) -> Pricing | None:
    return next((pricing for pricing in show.pricings if pricing.payment == CREDIT), None)


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text='{"error": "Bad request"}', content_type="application/json")
    return body

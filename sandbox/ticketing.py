"""A ticketing that is called when somebody books: the other side of the pass Culture's ticketing webhook.

It sells one performance's seats at one address, takes tickets back at another and tells of a sale at a third. In the
`current` form it knows bookings by their key and sells each once; in the `legacy` form it knows no booking at all,
and sells as often as it is asked. Signatures are checked in both.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.clock import Clock
from sandbox.faults import Faults

TOLERANCE_SECONDS = 300
"""How old a signature may be: what comes later is a replay."""


class _Refused(Exception):
    def __init__(self, status: int, error: str, remaining: int | None = None) -> None:
        super().__init__(error)
        self.status, self.error, self.remaining = status, error, remaining


@dataclass(slots=True)
class TicketDesk:
    """The seats of the performances, by their key. `key` is the secret shared with the platform."""

    key: str = field(repr=False)
    clock: Clock
    legacy: bool = False
    seats: dict[str, int] = field(default_factory=dict)
    tickets: dict[str, str] = field(default_factory=dict)
    """Each ticket that stands, and its performance."""
    orders: list[dict[str, Any]] = field(default_factory=list)
    """Every sale that was made, as it was asked for."""
    _answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    _of_booking: dict[str, list[str]] = field(default_factory=dict)

    def sold(self) -> int:
        """Returns how many seats are sold for good."""
        return len(self.tickets)

    def build(self, faults: Faults) -> web.Application:
        """Returns the application."""
        app = web.Application(middlewares=[faults.middleware()])
        app.router.add_post("/book", self.book)
        app.router.add_post("/cancel", self.cancel)
        app.router.add_get("/status", self.status)
        return app

    async def book(self, request: web.Request) -> web.Response:
        try:
            return web.json_response(self._sell(request, *await self._checked(request)))
        except _Refused as refused:
            return _said(refused)

    async def cancel(self, request: web.Request) -> web.Response:
        try:
            body, _ = await self._checked(request)
            return web.json_response(self._take_back(body))
        except _Refused as refused:
            return _said(refused)

    async def status(self, request: web.Request) -> web.Response:
        booking = request.query.get("bookingId", "")
        try:
            self._check_signature(request, booking.encode())
        except _Refused as refused:
            return _said(refused)
        standing = [code for code in self._of_booking.get(booking, []) if code in self.tickets]
        if not standing:
            return web.json_response({"error": "unknown_booking"}, status=404)
        return web.json_response({"tickets": [{"barcode": code} for code in standing]})

    def _sell(self, request: web.Request, body: dict[str, Any], booking: str | None) -> dict[str, Any]:
        key = request.headers.get("Idempotency-Key")
        if not self.legacy and (key is None or booking is None):
            raise _Refused(400, "idempotency_key_missing")
        if key is not None and key in self._answers:
            return self._answers[key]
        place, wanted = str(body.get("stock_id_at_provider")), body.get("booking_quantity")
        if place not in self.seats or wanted not in (1, 2):
            raise _Refused(404, "unknown_stock")
        left = self.seats[place]
        if left < wanted:
            raise _Refused(409, "not_enough_seats" if left else "sold_out", left)
        self.seats[place] -= wanted
        self.orders.append(body)
        codes = [f"{place}-{len(self.orders):05d}-{n + 1}" for n in range(wanted)]
        self.tickets.update(dict.fromkeys(codes, place))
        tickets = [{"barcode": code, "seat": f"B{n + 1}"} for n, code in enumerate(codes)]
        said = {"remainingQuantity": self.seats[place], "tickets": tickets}
        if key is not None and booking is not None:
            self._answers[key] = said
            self._of_booking[booking] = codes
        return said

    def _take_back(self, body: dict[str, Any]) -> dict[str, Any]:
        codes = [str(code) for code in body.get("barcodes") or []]
        standing = [code for code in codes if code in self.tickets]
        if not standing:
            raise _Refused(409, "already_cancelled")
        for code in standing:
            place = self.tickets.pop(code)
            self.seats[place] += 1
        return {"remainingQuantity": self.seats[place]}

    async def _checked(self, request: web.Request) -> tuple[dict[str, Any], str | None]:
        """(the body, the booking's id where it is told)."""
        text = await request.text()
        try:
            said = json.loads(text) if self.legacy else text
            self._check_signature(request, said.encode() if isinstance(said, str) else b"")
            body = json.loads(said)
        except ValueError:
            raise _Refused(400, "bad_request") from None
        if not isinstance(body, dict):
            raise _Refused(400, "bad_request")
        return body, body.get("bookingId")

    def _check_signature(self, request: web.Request, said: bytes) -> None:
        proof = hmac.new(self.key.encode(), said, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(proof, request.headers.get("PassCulture-Signature", "")):
            raise _Refused(401, "bad_signature")
        if self.legacy:
            return
        name, at = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
        signed = hmac.new(self.key.encode(), f"{name}.{at}.".encode() + said, hashlib.sha256).digest()
        expected = f"v1,{base64.b64encode(signed).decode()}"
        if not hmac.compare_digest(expected, request.headers.get("webhook-signature", "")):
            raise _Refused(401, "bad_signature")
        if not at.isdecimal() or abs(int(at) - self.clock().timestamp()) > TOLERANCE_SECONDS:
            raise _Refused(401, "too_old")


def _said(refused: _Refused) -> web.Response:
    body: dict[str, Any] = {"error": refused.error}
    if refused.remaining is not None:
        body["remainingQuantity"] = refused.remaining
    return web.json_response(body, status=refused.status)

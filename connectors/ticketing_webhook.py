"""Sells seats in a ticketing that is called at addresses of its own: the pass Culture's ticketing webhook (2023).

Document: pass Culture, "Ticketing: connect your ticketing system" (2024), and `docs/ticketing.md` for what we add.
`POST booking_url` sells in one call, `POST cancel_url` gives back; the answers hold the tickets and what is left.
409 says why not: `sold_out`, `not_enough_seats`, `already_cancelled`, with `remainingQuantity`.

- `current` is our contract: a JSON object with its `schemaVersion` and our booking's id, which is also the
  `Idempotency-Key`: the ticketing sells once however often it is asked, so a lost answer is simply asked for again.
  Signed twice: `PassCulture-Signature`, and the Standard Webhooks headers, whose timestamp makes a replay visible.
- `legacy` is what ticketings built for the pass Culture expect today: a JSON text within a JSON text, without any
  id of the booking. Nothing can be asked again there, so a lost answer is left to a person.
- `status_url`, an addition, looks a sale up: `GET {status_url}?bookingId=b_…`; 404 where there is none.
- Of the person, first name, last name and e-mail leave; the other fields of the document are there and null.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal, NoReturn

from pydantic import Field, SecretStr, field_validator

from connectors.selling import Hold, Left, NotSold, Order, SaleRefused, Sold, Ticket
from connectors.settings import Settings, address
from connectors.times import zulu
from net.client import Answer, Http
from net.errors import FeedChanged, ProviderUnavailable

SCHEMA_VERSION = "1"
_SAYS = frozenset({"sold_out", "not_enough_seats", "already_cancelled"})
_TOLD = frozenset({200, 201, 204, 400, 404, 409, 410, 422})
_MOST_SEATS = 1_000_000


class TicketingSettings(Settings):
    """Where a ticketing is called, and the key it checks us by."""

    booking_url: str = Field(title="Adresse de réservation")
    cancel_url: str = Field(title="Adresse d'annulation")
    status_url: str | None = Field(default=None, title="Adresse de suivi d'une vente")
    hmac_key: SecretStr = Field(title="Clé de signature (hmacKey)")
    form: Literal["current", "legacy"] = Field(default="current", title="Forme des appels")

    @field_validator("booking_url", "cancel_url", "status_url")
    @classmethod
    def _address(cls, text: str | None) -> str | None:
        return None if text is None else address(text)


class TicketingWebhook:
    """The port by which `bookings` sells there. Raises `SaleRefused` and the failures of `net.errors`."""

    def __init__(self, settings: TicketingSettings, http: Http, *, clock: Callable[[], datetime]) -> None:
        self._settings, self._http, self._clock = settings, http, clock
        self._key = settings.hmac_key.get_secret_value().encode()

    @property
    def sells_once(self) -> bool:
        """The current form's key makes it so; the legacy form has none."""
        return self._settings.form == "current"

    async def hold(self, order: Order) -> Hold:
        """Nothing is kept there: it sells in one call."""
        return Hold(order.client_ref)

    async def confirm(self, hold: Hold, order: Order) -> Sold:
        """The tickets of the sale, made now or, in the current form, when it was first asked for."""
        answer = await self._call(self._settings.booking_url, _booking(order), order, "book")
        return _sold(answer)

    async def cancel(self, tickets: Sequence[Ticket], order: Order) -> Left | None:
        """The tickets given back by their barcodes."""
        body = {"barcodes": [ticket.barcode for ticket in tickets]}
        return _left(_read(await self._call(self._settings.cancel_url, body, order, "cancel")))

    async def remaining(self, *, session_key: str) -> int | None:
        """None: the protocol tells it with each answer, and not else."""
        return None

    async def status(self, order: Order, hold: Hold) -> Sold | NotSold | None:
        """What `status_url` says of the booking; None where the ticketing has none."""
        if self._settings.status_url is None:
            return None
        answer = await self._http.request(
            "GET",
            self._settings.status_url,
            params={"bookingId": order.client_ref},
            headers={"Accept": "application/json", **self._signed(order.client_ref.encode(), order, "status")},
            ok=(200, 404),
        )
        return NotSold() if answer.status == 404 else _sold(answer)

    async def _call(self, url: str, body: dict[str, Any], order: Order, what: str) -> Answer:
        if self._settings.form == "legacy":
            said = _text(body)
            sent = json.dumps(said).encode()
        else:
            said = _text({"schemaVersion": SCHEMA_VERSION, "bookingId": order.client_ref} | body)
            sent = said.encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        headers |= self._signed(said.encode(), order, what)
        answer = await self._http.request("POST", url, headers=headers, data=sent, ok=_TOLD)
        if answer.status >= 400:
            _refuse(answer)
        return answer

    def _signed(self, said: bytes, order: Order, what: str) -> dict[str, str]:
        old = {"PassCulture-Signature": hmac.new(self._key, said, hashlib.sha256).hexdigest()}
        if self._settings.form == "legacy":
            return old
        # The sale and a cancellation are two messages; only of the sale there is one.
        message, at = f"{order.client_ref}.{what}", str(int(self._clock().timestamp()))
        proof = hmac.new(self._key, f"{message}.{at}.".encode() + said, hashlib.sha256).digest()
        key = {"Idempotency-Key": f'"{order.client_ref}"'} if what == "book" else {}
        return (
            old
            | key
            | {
                "webhook-id": message,
                "webhook-timestamp": at,
                "webhook-signature": f"v1,{base64.b64encode(proof).decode()}",
            }
        )


def _booking(order: Order) -> dict[str, Any]:
    """The document's fields, under its names."""
    thing, who = order.thing, order.customer
    return {
        "booking_confirmation_date": None if order.cancellable_until is None else zulu(order.cancellable_until),
        "booking_creation_date": zulu(order.booked_at),
        "booking_quantity": order.quantity,
        "offer_ean": thing.ean,
        "offer_id": thing.offer_id,
        "offer_id_at_provider": None,
        "offer_name": thing.title,
        "offer_price": order.unit_price_cents,
        "price_category_id": None,
        "price_category_id_at_provider": order.price_part or None,
        "price_category_label": thing.price_label,
        "stock_id": thing.stock_id,
        "stock_id_at_provider": order.session_key,
        "user_birth_date": None,
        "user_email": who.email,
        "user_first_name": who.first_name,
        "user_last_name": who.last_name,
        "user_phone": None,
        "venue_address": None,
        "venue_department_code": thing.department,
        "venue_id": thing.venue_id,
        "venue_name": thing.venue_name,
    }


def _sold(answer: Answer) -> Sold:
    body = _read(answer)
    told = body.get("tickets")
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise _unclear("vente sans billets")
    tickets = []
    for one in told:
        barcode, seat = one.get("barcode"), one.get("seat")
        if not isinstance(barcode, str) or not (seat is None or isinstance(seat, str)):
            raise _unclear("billet sans code-barres")
        tickets.append(Ticket(barcode, seat=seat or None))
    return Sold(tickets, left=_left(body))


def _left(body: dict[str, Any]) -> Left | None:
    """What `remainingQuantity` says; null is without limit, and absent or absurd says nothing."""
    if "remainingQuantity" not in body:
        return None
    seats = body["remainingQuantity"]
    if seats is None:
        return Left(None)
    return Left(seats) if isinstance(seats, int) and not isinstance(seats, bool) and 0 <= seats <= _MOST_SEATS else None


def _refuse(answer: Answer) -> NoReturn:
    try:
        body = answer.json()
    except FeedChanged:
        body = {}
    body = body if isinstance(body, dict) else {}
    left, reason = _left(body), body.get("error")
    raise SaleRefused(
        reason if answer.status == 409 and isinstance(reason, str) and reason in _SAYS else "refused",
        remaining=None if left is None else left.seats,
    )


def _read(answer: Answer) -> dict[str, Any]:
    """The answer's object. It said yes, so one that cannot be read is of unknown outcome."""
    if answer.status == 204:
        return {}
    try:
        body = answer.json()
    except FeedChanged as failure:
        raise _unclear(failure.message) from failure
    if not isinstance(body, dict):
        raise _unclear("réponse sans objet JSON")
    return body


def _unclear(why: str) -> ProviderUnavailable:
    return ProviderUnavailable(why, place="billetterie", outcome_unknown=True)


def _text(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))

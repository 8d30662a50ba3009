"""Sells seats on a site of EMS, in one call; nothing is kept before it.

`num_cmde` is our reference: STATUT finds a sale by it, so that one whose answer was lost is looked up. Whether a second
VENTE of one reference would sell again is not known: it is never sent. A cancellation wants three numbers of a ticket,
which the sale answered; it takes the whole sale back. EMS tells no seats left, and never refuses by a number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from connectors.ems_booking import EmsBooking
from connectors.selling import Hold, Left, NotSold, Order, SaleRefused, Sold, Ticket
from connectors.texts import line
from net.errors import FeedChanged, ProviderUnavailable

_NUMBERS = ("num_caisse", "num_trans", "num_ope")
_REFUSALS = {104: "sold_out", 105: "unknown_session", 106: "sold_out"}
"""No session left for this film, session not found, session no longer on sale."""
_NOT_FOUND = re.compile(r"introuvable|pas\s+(?:\w+\s+)?trouv|inconnu|inexistant|aucun", re.IGNORECASE)
_SENTENCE = 300


class EmsSales:
    """The port by which `bookings` sells here. Raises `SaleRefused` and the failures of `net.errors`."""

    sells_once: ClassVar[bool] = False

    def __init__(self, booking: EmsBooking) -> None:
        self._booking = booking

    async def hold(self, order: Order) -> Hold:
        """Asks nobody. `price_part` is the price in cents that the programme told."""
        if not order.price_part.isdecimal():
            raise SaleRefused("unknown_price")
        return Hold(order.client_ref)

    async def confirm(self, hold: Hold, order: Order) -> Sold:
        """One ticket a seat, each with its barcode and the numbers that cancel it."""
        cents = int(order.price_part)
        found = await self._booking.ask(
            "VENTE",
            {
                "id_seance": order.session_key,
                "qte_place": order.quantity,
                "pass_culture_price": cents / 100,
                "total_price": cents * order.quantity / 100,
                "email": order.customer.email,
                "num_pass_culture": order.client_ref,
                "num_cmde": hold.reference,
            },
        )
        _refuse(found)
        return Sold(_tickets(found))

    async def cancel(self, tickets: Sequence[Ticket], order: Order) -> Left | None:
        """The sales of `tickets`. A refusal is looked into: what STATUT no longer finds was cancelled before."""
        sales = {tuple(ticket.more.get(name) for name in _NUMBERS) for ticket in tickets}
        if any(None in numbers for numbers in sales):
            sales = await self._standing(order)
            if not sales:
                raise SaleRefused("already_cancelled")
        gone = 0
        for numbers in sales:
            payload = dict(zip(_NUMBERS, numbers, strict=True))
            found = await self._booking.ask("ANNULATION", payload, retry=True)
            if not found or found.get("statut") == 1:
                continue
            if numbers in await self._standing(order):
                raise SaleRefused("refused")
            gone += 1
        if gone == len(sales):
            raise SaleRefused("already_cancelled")
        return None

    async def remaining(self, *, session_key: str) -> int | None:
        """None: EMS tells which sessions are still sold, never how many seats."""
        return None

    async def status(self, order: Order, hold: Hold) -> Sold | NotSold | None:
        """The sale by our reference."""
        found = await self._booking.ask("STATUT", {"num_cmde": hold.reference or order.client_ref}, retry=True)
        if found.get("statut") == 1:
            tickets = _tickets(found)
            return Sold(tickets) if tickets else NotSold()
        said = found.get("message_erreur")
        if isinstance(said, str) and _NOT_FOUND.search(said[:_SENTENCE]):
            return NotSold()
        raise ProviderUnavailable(f"STATUT ne répond pas : {line(said, longest=200)}", place="STATUT")

    async def _standing(self, order: Order) -> set[tuple[Any, ...]]:
        """The numbers of what is sold under our reference."""
        found = await self.status(order, Hold(order.client_ref))
        tickets = found.tickets if isinstance(found, Sold) else ()
        return {tuple(ticket.more.get(name) for name in _NUMBERS) for ticket in tickets}


def _refuse(found: dict[str, Any]) -> None:
    """Raises SaleRefused where EMS says no; ProviderUnavailable where it says neither."""
    if found.get("statut") == 1:
        return
    code = found.get("code_erreur")
    if found.get("statut") != 0 and code is None:
        raise ProviderUnavailable("réponse de vente incompréhensible", place="VENTE", outcome_unknown=True)
    if isinstance(code, str) and code.isdecimal():
        code = int(code[:9])
    reason = _REFUSALS.get(code, "refused") if isinstance(code, int) else "refused"
    raise SaleRefused(reason, remaining=0 if reason == "sold_out" else None)


def _tickets(found: dict[str, Any]) -> list[Ticket]:
    """Raises FeedChanged where the sale has none that can be read: it was made all the same."""
    rows = found.get("billets")
    if not isinstance(rows, list):
        raise FeedChanged("vente sans billets", place="billets")
    return [_ticket(row) for row in rows]


def _ticket(row: Any) -> Ticket:
    told = row if isinstance(row, dict) else {}
    barcode = told.get("code_barre")
    if not isinstance(barcode, str | int) or isinstance(barcode, bool) or not str(barcode):
        raise FeedChanged("billet sans code_barre", place="billets")
    more = {name: value for name in _NUMBERS if isinstance(value := told.get(name), str | int)}
    return Ticket(barcode=str(barcode), seat=line(told.get("num_place"), longest=100), more=more)

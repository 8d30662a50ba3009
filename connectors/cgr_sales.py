"""Sells seats in a CGR cinema, in one call; nothing is kept before it.

`pToken` takes our reference, yet no operation finds a sale by it, and whether it keeps a second reservation from
selling again is not known: none is ever sent after an answer was lost. One QR code opens for all seats of a sale.
Refusals come as French sentences; those we know are told by their reason, the others as `refused`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, ClassVar, NoReturn

from connectors.cgr_films import seats_of, tariff_of
from connectors.cgr_soap import CgrService, refusal_of
from connectors.money import cents
from connectors.rows import key_of
from connectors.selling import Hold, Left, NotSold, Order, SaleRefused, Sold, Ticket
from connectors.texts import line
from net.errors import FeedChanged, ProviderUnavailable

TIMEOUT = 8
"""Seconds the cinema may take to reserve before it gives up by itself."""
_TOO_FEW = re.compile(r"n'en reste que\s*:?\s*(-?\d{1,6})(?!\d)", re.IGNORECASE)
_SAYS = (
    (re.compile(r"n'en reste que|plus de places?|complet", re.IGNORECASE), "not_enough_seats"),
    (re.compile(r"s[ée]ance inconnue|idseance\(\d{0,20}\)\s*inconnu", re.IGNORECASE), "unknown_session"),
    (re.compile(r"d[ée]j[àa] annul", re.IGNORECASE), "already_cancelled"),
)
_PLACE = "GestionCinemaWS"


class CgrSales:
    """The port by which `bookings` sells here. Raises `SaleRefused` and the failures of `net.errors`."""

    sells_once: ClassVar[bool] = False

    def __init__(self, service: CgrService, *, cinema: int | None) -> None:
        self._service, self._cinema = service, cinema

    async def hold(self, order: Order) -> Hold:
        """Nothing is kept there: the programme is asked for the price to say and the seats left."""
        row, number = await self._showing(order.session_key)
        price = row.get("PrixUnitaire")
        if tariff_of(row) != order.price_part or price is None:
            raise SaleRefused("unknown_price")
        try:
            left, told = seats_of(row), cents(price)
        except ValueError as error:
            raise FeedChanged(str(error), place=_PLACE) from None
        if order.unit_price_cents and told != order.unit_price_cents:
            raise SaleRefused("unknown_price")
        if left < order.quantity:
            raise SaleRefused("not_enough_seats" if left else "sold_out", remaining=left)
        if order.quantity > 1 and row.get("bAvecDuo") is False:
            raise SaleRefused("not_enough_seats")
        cinema = self._cinema if self._cinema is not None else number
        if key_of(cinema) is None:
            raise FeedChanged("programme sans NumCine", place=_PLACE)
        return Hold(json.dumps({"cinema": cinema, "price": str(price)}, separators=(",", ":")))

    async def confirm(self, hold: Hold, order: Order) -> Sold:
        """One ticket a seat, all with the sale's QR code."""
        kept = json.loads(hold.reference)
        until = order.cancellable_until or order.booked_at
        result = await self._service.call(
            "ReservationPassCulture",
            {
                "pIDSeances": order.session_key,
                "pNumCinema": kept["cinema"],
                "pPUTTC": kept["price"],
                "pNBPlaces": order.quantity,
                "pNom": order.customer.last_name,
                "pPrenom": order.customer.first_name,
                "pEmail": order.customer.email,
                "pToken": order.client_ref,
                "pDateLimiteAnnul": until.isoformat(timespec="seconds"),
                "pTimeoutReservation": TIMEOUT,
            },
        )
        _refuse(result)
        code = line(result.get("QrCode"), longest=500)
        if code is None:
            raise ProviderUnavailable("vente sans QrCode", place=_PLACE, outcome_unknown=True)
        placed = result.get("Placement")
        seats = [line(seat, longest=100) for seat in placed.split(",")] if isinstance(placed, str) else []
        if len(seats) != order.quantity:
            seats = [None] * order.quantity
        return Sold([Ticket(barcode=code, seat=seat) for seat in seats])

    async def cancel(self, tickets: Sequence[Ticket], order: Order) -> Left | None:
        """The sales of `tickets`; one that was cancelled before is refused as such."""
        codes = list(dict.fromkeys(ticket.barcode for ticket in tickets))
        gone = 0
        for code in codes:
            result = await self._service.call("AnnulationPassCulture", {"pQrCode": code}, retry=True)
            if result.get("CodeErreur") == 1:
                gone += 1
            elif "CodeErreur" not in result:
                raise ProviderUnavailable("annulation sans réponse", place=_PLACE, outcome_unknown=True)
            else:
                _refuse(result)
        if codes and gone == len(codes):
            raise SaleRefused("already_cancelled")
        return None

    async def status(self, order: Order, hold: Hold) -> Sold | NotSold | None:
        """None: no operation of the service finds a sale."""
        return None

    async def remaining(self, *, session_key: str) -> int | None:
        """Seats left of the showing."""
        row, _ = await self._showing(session_key)
        try:
            return seats_of(row)
        except ValueError as error:
            raise FeedChanged(str(error), place=_PLACE) from None

    async def _showing(self, key: str) -> tuple[dict[str, Any], Any]:
        """The showing as the programme tells it now, and the cinema's number. SaleRefused when it is not there."""
        films, number = await self._service.programme()
        for film in films:
            rows = film.get("Seances") if isinstance(film, dict) else None
            for row in rows if isinstance(rows, list) else []:
                if isinstance(row, dict) and key_of(row.get("IDSeance")) == key:
                    return row, number
        raise SaleRefused("unknown_session")


def _refuse(result: dict[str, Any]) -> None:
    said = refusal_of(result, place=_PLACE)
    if said is not None:
        _refused(said)


def _refused(said: str) -> NoReturn:
    left = _TOO_FEW.search(said)
    if left is not None:
        count = max(0, int(left[1]))
        raise SaleRefused("not_enough_seats" if count else "sold_out", remaining=count)
    for pattern, reason in _SAYS:
        if pattern.search(said):
            raise SaleRefused(reason)
    raise SaleRefused("refused")

"""Sells seats in a CDS cinema, in one call that names the seats; nothing is kept before it.

The call takes no reference of ours, and no resource finds a sale: one whose answer was lost is left to a person. It is
never sent again, for in a hall without numbers it would sell a second time. Each seat is a ticket with a barcode.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, ClassVar

from connectors.cds_api import CdsApi
from connectors.cds_seats import chosen, given_name, is_free, map_of, seat_name
from connectors.cds_tables import Tables
from connectors.cds_tariffs import VOUCHER, is_off, seats_of, sells_by_gauge, tariff_of, tariffs
from connectors.rows import key_of
from connectors.selling import Hold, Left, NotSold, Order, SaleRefused, Sold, Ticket
from connectors.texts import line
from net.answers import Answer
from net.errors import FeedChanged, ProviderUnavailable

PAYMENT = "VCH"
_GONE = "TICKET_ALREADY_CANCELED"
_TRIES = 3
"""How often other seats are chosen when somebody else was quicker."""


class CdsSales:
    """The port by which `bookings` sells here. Raises `SaleRefused` and the failures of `net.errors`."""

    sells_once: ClassVar[bool] = False

    def __init__(self, api: CdsApi) -> None:
        self._api = api

    async def hold(self, order: Order) -> Hold:
        """Nothing is kept there: price, payment and seats are chosen, for `confirm` to say."""
        show, tables = await self._show(order.session_key)
        tariff = tariff_of(show, tariffs(await self._api.get("vouchertype")), order.price_part)
        if tariff is None or (order.unit_price_cents and tariff.cents != order.unit_price_cents):
            raise SaleRefused("unknown_price")
        left = _left(show, tables)
        if left < order.quantity:
            raise SaleRefused("not_enough_seats" if left else "sold_out", remaining=left)
        kept = {
            "show": show["id"],
            "tariff": tariff.row["tariffid"]["id"],
            "voucher": tariff.voucher,
            "cents": tariff.cents,
            "payment": await self._payment(),
            "seats": await self._seats(show, tables, order.quantity) if _is_numbered(show) else None,
        }
        return Hold(json.dumps(kept, separators=(",", ":")))

    async def confirm(self, hold: Hold, order: Order) -> Sold:
        """One ticket a seat. Seats that somebody took meanwhile are chosen anew: a refusal sold nothing."""
        kept = json.loads(hold.reference)
        for _ in range(_TRIES):
            answer = await self._api.send("POST", "transaction/create", self._sale(kept, order))
            if answer.status < 400:
                return Sold(_tickets(answer))
            show, tables = await self._show(order.session_key)
            if kept["seats"] is None or await self._are_free(kept):
                break
            kept["seats"] = await self._seats(show, tables, order.quantity)
        else:
            raise SaleRefused("refused")
        left = _left(show, tables)
        if left < order.quantity:
            raise SaleRefused("not_enough_seats" if left else "sold_out", remaining=left)
        raise SaleRefused("refused")

    async def cancel(self, tickets: Sequence[Ticket], order: Order) -> Left | None:
        """The tickets by their barcodes; those cancelled before are told as such, and harm nothing."""
        codes = list(dict.fromkeys(ticket.barcode for ticket in tickets))
        if not all(code.isascii() and code.isdecimal() for code in codes):
            raise SaleRefused("refused")
        body = {"barcodes": [int(code) for code in codes], "paiementtypeid": await self._payment()}
        answer = await self._api.send("PUT", "transaction/cancel", body, retry=True)
        if answer.status >= 400:
            raise SaleRefused("refused")
        wrong = answer.json() if answer.body.strip() else {}
        if not isinstance(wrong, dict):
            raise ProviderUnavailable("annulation sans réponse", place="transaction/cancel", outcome_unknown=True)
        if any(why != _GONE for why in wrong.values()):
            raise SaleRefused("refused")
        if wrong and len(wrong) >= len(codes):
            raise SaleRefused("already_cancelled")
        return None

    async def status(self, order: Order, hold: Hold) -> Sold | NotSold | None:
        """None: nothing in CDS finds a sale by any reference of ours."""
        return None

    async def remaining(self, *, session_key: str) -> int | None:
        """Seats that may still be sold online."""
        return _left(*await self._show(session_key))

    async def _show(self, key: str) -> tuple[dict[str, Any], Tables]:
        """The show as it is now, and how its cinema sells. SaleRefused when it is gone or off."""
        shows, cinemas = await asyncio.gather(self._api.get("shows"), self._api.get("cinemas"))
        show = next((row for row in shows if isinstance(row, dict) and key_of(row.get("id")) == key), None)
        if show is None or is_off(show):
            raise SaleRefused("unknown_session")
        return show, Tables(cinema=self._api.cinema, cinemas=cinemas)

    async def _payment(self) -> Any:
        for row in await self._api.get("paiementtype"):
            if isinstance(row, dict) and row.get("internalcode") == PAYMENT and row.get("active") is not False:
                return row.get("id")
        raise FeedChanged(f"pas de moyen de paiement {PAYMENT}", place="paiementtype")

    async def _are_free(self, kept: dict[str, Any]) -> bool:
        rows = map_of(await self._api.get(f"shows/{int(kept['show'])}/seatmap"))
        return rows is not None and all(is_free(rows, row, column) for row, column, _ in kept["seats"])

    async def _seats(self, show: dict[str, Any], tables: Tables, quantity: int) -> list[tuple[int, int, str]]:
        """(row, column, name) of seats side by side. SaleRefused when there are none."""
        rows = map_of(await self._api.get(f"shows/{_number(show['id'])}/seatmap"))
        if rows is None:
            raise FeedChanged("plan de salle illisible", place="seatmap")
        place = chosen(rows, quantity)
        if place is None:
            raise SaleRefused("not_enough_seats")
        hall = show.get("screenid")
        key = key_of(hall.get("id") if isinstance(hall, dict) else hall) or ""
        screens = await self._api.get("screens")
        screen: dict[str, Any] = next(
            (one for one in screens if isinstance(one, dict) and key_of(one.get("id")) == key), {}
        )
        row, first = place
        return [
            (
                row,
                column,
                given_name(tables.gauge_row(), key, row, column) or seat_name(rows, row, column, screen),
            )
            for column in range(first, first + quantity)
        ]

    def _sale(self, kept: dict[str, Any], order: Order) -> dict[str, Any]:
        at, cinema = order.booked_at.strftime("%Y-%m-%dT%H:%M:%S.%f%z"), self._api.cinema
        seats = kept["seats"] or [(None, None, None)] * order.quantity
        return {
            "cinemaid": cinema,
            "transactiondate": at,
            "canceled": False,
            "ticketsaleCollection": [
                {
                    # Below zero: the cinema gives the real ones.
                    "id": -number,
                    "cinemaid": cinema,
                    "operationdate": at,
                    "canceled": False,
                    "seatrow": row,
                    "seatcol": column,
                    "seatnumber": name,
                    "tariffid": {"id": kept["tariff"]},
                    "vouchertype": VOUCHER,
                    "showid": {"id": kept["show"]},
                    "disabledperson": False,
                }
                for number, (row, column, name) in enumerate(seats, 1)
            ],
            "paiementCollection": [
                {
                    "id": -number,
                    "amount": kept["cents"] / 100,
                    "paiementtypeid": {"id": kept["payment"]},
                    "vouchertypeid": {"id": kept["voucher"]},
                }
                for number in range(1, order.quantity + 1)
            ],
        }


def _is_numbered(show: dict[str, Any]) -> bool:
    """A map that is disabled, or without a figure (`[[],[]]`), has no seats to choose."""
    told = show.get("seatmap", show.get("is_empty_seatmap"))
    is_empty = told is True or (isinstance(told, str) and not any(char.isdigit() for char in told))
    return show.get("disableseatmap") is not True and not is_empty


def _left(show: dict[str, Any], tables: Tables) -> int:
    try:
        return seats_of(show, by_gauge=sells_by_gauge(tables.gauge_row()))
    except ValueError as error:
        raise FeedChanged(str(error), place="shows") from None


def _number(key: Any) -> int:
    try:
        return int(key)
    except (TypeError, ValueError):
        raise FeedChanged("numéro de séance illisible", place="shows") from None


def _tickets(answer: Answer) -> list[Ticket]:
    """Raises FeedChanged where the sale cannot be read: it was made all the same."""
    body = answer.json()
    rows = body.get("tickets") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise FeedChanged("vente sans billets", place="transaction/create")
    found = []
    for row in rows:
        barcode = key_of(row.get("barcode")) if isinstance(row, dict) else None
        if barcode is None:
            raise FeedChanged("billet sans code", place="transaction/create")
        found.append(Ticket(barcode=barcode, seat=line(row.get("seatnumber"), longest=100)))
    return found

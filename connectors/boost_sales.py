"""Sells seats in a Boost cinema, in its two calls: a preparation kept ten minutes, then the sale.

Boost has no key of ours in either call: a sale whose answer was lost cannot be looked up. Such a loss is told
as `ProviderUnavailable.outcome_unknown`, and what was prepared only lapses by itself. A preparation is sold at
most once, so that confirming it again is safe: it either sells it now, or is refused. Refusals come as
English sentences; those we know are told by their reason, the others as `refused`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, ClassVar, NoReturn

from connectors.boost_api import PAYMENT, BoostApi
from connectors.boost_showtimes import price_of, seats_of
from connectors.selling import Hold, Left, NotSold, Order, SaleRefused, Sold, Ticket
from net.client import Answer
from net.errors import FeedChanged, ProviderUnavailable

_PREPARED, _SOLD = 202, 201
_SENTENCE = 500
"""Characters of a refusal that are read: searching in an endless one would stop us for minutes."""
_TOO_FEW = re.compile(r"insufficient number of seats.*?remaining\D*(\d{1,6})(?!\d)", re.IGNORECASE | re.DOTALL)
_SAYS = (
    (re.compile(r"insufficient number of seats", re.IGNORECASE), "not_enough_seats"),
    (re.compile(r"no showtime found", re.IGNORECASE), "unknown_session"),
    (re.compile(r"already.*cancel", re.IGNORECASE), "already_cancelled"),
)


class BoostSales:
    """The port by which `bookings` sells here. Raises `SaleRefused` and the failures of `net.errors`."""

    sells_once: ClassVar[bool] = True

    def __init__(self, api: BoostApi) -> None:
        self._api = api

    async def hold(self, order: Order) -> Hold:
        """Seats kept for ten minutes. The price's own id is asked for now: an edited price has a new one."""
        showtime = await self._api.showtime(order.session_key)
        if showtime is None:
            raise SaleRefused("unknown_session")
        pricing = price_of(showtime, order.price_part)
        if pricing is None or not isinstance(pricing.get("id"), int):
            raise SaleRefused("unknown_price")
        basket = [{"idShowtimePricing": pricing["id"], "quantity": order.quantity}]
        body = await self._complete({"basketItems": basket}, expected=_PREPARED)
        return Hold(json.dumps({"basket": basket, "before": _preparation(body)}, separators=(",", ":")))

    async def confirm(self, hold: Hold, order: Order) -> Sold:
        """One ticket a seat; Boost gives them all the barcode of the sale."""
        kept = json.loads(hold.reference)
        body = await self._complete({"basketItems": kept["basket"], "idsBeforeSale": kept["before"]}, expected=_SOLD)
        data = body.get("data")
        code = data.get("code") if isinstance(data, dict) else None
        if not isinstance(code, str) or not code:
            raise ProviderUnavailable("vente sans code", place="sale/complete", outcome_unknown=True)
        return Sold([Ticket(barcode=code) for item in kept["basket"] for _ in range(item["quantity"])])

    async def cancel(self, tickets: Sequence[Ticket], order: Order) -> Left | None:
        """The sales of `tickets` cancelled; asking twice harms nothing, the second time is refused."""
        codes = list(dict.fromkeys(ticket.barcode for ticket in tickets))
        body = {"sales": [{"code": code, "refundType": "pcu"} for code in codes]}
        answer = await self._api.call("PUT", "/api/sale/orderCancel", json=body, retry=True)
        if answer.status >= 400:
            _refuse(answer)
        # A page of HTML under 200 cancels nothing: it must be Boost that answers.
        if not _body(answer):
            raise ProviderUnavailable("annulation sans réponse", place="sale/orderCancel", outcome_unknown=True)
        return None

    async def status(self, order: Order, hold: Hold) -> Sold | NotSold | None:
        """None: Boost answers nothing about a sale by any reference of ours."""
        return None

    async def remaining(self, *, session_key: str) -> int | None:
        """Seats that may still be sold online."""
        showtime = await self._api.showtime(session_key)
        if showtime is None:
            raise SaleRefused("unknown_session")
        try:
            return seats_of(showtime)
        except ValueError as error:
            raise FeedChanged(str(error), place=f"showtimes/{session_key}") from None

    async def _complete(self, order: dict[str, Any], *, expected: int) -> dict[str, Any]:
        answer = await self._api.call("POST", "/api/sale/complete", json={"codePayment": PAYMENT} | order)
        if answer.status >= 400:
            _refuse(answer)
        body = _body(answer)
        if body.get("code") != expected:
            # 200 without the code of this step: it may have sold.
            raise ProviderUnavailable("réponse de vente incompréhensible", place="sale/complete", outcome_unknown=True)
        return body


def _preparation(body: dict[str, Any]) -> str:
    """The ids of the preparation, as `idsBeforeSale` wants them: joined by commas."""
    data = body.get("data")
    ids = [item.get("id") for item in data if isinstance(item, dict)] if isinstance(data, list) else []
    if not ids or None in ids:
        raise FeedChanged("préparation de vente sans identifiant", place="sale/complete")
    joined = ",".join(str(number) for number in ids)
    if len(joined) > _SENTENCE:
        raise FeedChanged("préparation de vente sans mesure", place="sale/complete")
    return joined


def _refuse(answer: Answer) -> NoReturn:
    message = _body(answer).get("message")
    said = message[:_SENTENCE] if isinstance(message, str) else ""
    left = _TOO_FEW.search(said)
    if left is not None:
        count = int(left[1])
        raise SaleRefused("not_enough_seats" if count else "sold_out", remaining=count)
    for pattern, reason in _SAYS:
        if pattern.search(said):
            raise SaleRefused(reason)
    raise SaleRefused("unknown_session" if answer.status == 404 else "refused")


def _body(answer: Answer) -> dict[str, Any]:
    try:
        body = answer.json()
    except FeedChanged as failure:
        raise ProviderUnavailable(failure.message, place="sale", outcome_unknown=True) from failure
    return body if isinstance(body, dict) else {}

"""A ticketing that answers what no ticketing would: nothing is lost by it, and nobody else waits for it."""

from __future__ import annotations

import pytest

from bookings.external_claims import Outcome
from connectors.selling import Sold, Ticket


class Liar:
    """Sells, and says so in tickets that are none; with `crashes`, its connector has a defect."""

    def __init__(self, town_ticketing, *barcodes: str, seat: str | None = None, crashes: bool = False) -> None:
        self._honest = town_ticketing
        self._tickets = [Ticket(barcode, seat=seat) for barcode in barcodes]
        self._crashes = crashes

    def __getattr__(self, name: str):
        return getattr(self._honest, name)

    async def hold(self, order):
        if self._crashes:
            raise ZeroDivisionError
        return await self._honest.hold(order)

    async def confirm(self, hold, order):
        await self._honest.confirm(hold, order)
        return Sold(self._tickets)


@pytest.mark.parametrize(
    ("barcode", "seat"),
    [("A\0B", None), ("\ud800", None), ("", None), ("x" * 100_000, None), ("A1", "rang \0"), ("A1", "y" * 100_000)],
    ids=["NUL", "half a character", "empty", "endless", "NUL seat", "endless seat"],
)
async def test_tickets_nobody_can_keep_leave_the_sale_in_doubt(town, ticketing, barcode, seat) -> None:
    """It was sold there, so the place stays held and paid; the reconciler asks again, and a mended answer confirms."""
    show = await town.show(ticketing=ticketing)
    town.directory.sellers[show.source_id] = Liar(ticketing, barcode, seat=seat)
    person = await town.person()
    made = await town.bookings().book(person, show.stock_id, 1, "k1")
    assert made.is_pending
    assert await town.counts(show.stock_id) == (1, 0)
    assert await town.audit() == []
    town.directory.sellers[show.source_id] = ticketing
    town.clock.later(minutes=5)
    assert await town.reconciler().resolve_pending() == {Outcome.SOLD: 1}
    assert (await town.bookings().status(person, made.id)).status == "confirmed"
    assert await town.audit() == []


async def test_one_broken_connector_does_not_hold_up_the_others_sales(town, ticketing) -> None:
    """Its sale stays pending; a sale of another ticketing that fell due after it is resolved in the same turn."""
    broken, sound = await town.show(ticketing=ticketing), await town.show(ticketing=ticketing)
    ticketing.loses = ["hold", "hold"]
    first = await town.bookings().book(await town.person(), broken.stock_id, 1, "k1")
    second = await town.bookings().book(await town.person(), sound.stock_id, 1, "k2")
    assert first.is_pending
    assert second.is_pending
    town.directory.sellers[broken.source_id] = Liar(ticketing, crashes=True)
    town.clock.later(minutes=5)
    assert await town.reconciler().resolve_pending() == {Outcome.PENDING: 1, Outcome.SOLD: 1}
    town.directory.sellers[broken.source_id] = ticketing
    town.clock.later(minutes=5)
    assert await town.reconciler().resolve_pending() == {Outcome.SOLD: 1}
    assert await town.audit() == []

"""Every ticketing that sells, through every way of failing: in the end its books and ours agree, or people are told."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bookings import errors
from connectors.selling import NotSold, Order, SaleRefused, Sold, Ticket
from net.client import Limits, open_http
from sandbox.faults import Fault, FaultKind

sys.path.append(str(Path(__file__).parent))
from seller_proofs import STANDS, Stand

BREAKS = (FaultKind.STATUS, FaultKind.HANG, FaultKind.ERROR_PAGE, FaultKind.TRUNCATED, FaultKind.MALFORMED)


@dataclass
class Stage:
    """A stand, and a stock of ours that it sells."""

    stand: Stand
    town: Any
    show: Any

    async def agree(self, *, after: int = 4) -> None:
        """Lets the reconciler work for hours, then holds that both sides count the same seats."""
        self.stand.faults.clear()
        for _ in range(after):
            self.town.clock.later(hours=2)
            await self.town.reconciler().resolve_pending()
        here = await self.town.pool.fetchval(
            "select coalesce(sum(quantity), 0) from booking where status = 'confirmed'"
        )
        doubts = await self.town.reconciler().in_doubt()
        assert await self.town.counts(self.show.stock_id) == (0, here)
        assert here <= self.stand.sold() <= here + len(doubts), "a booking without a seat, or a seat nobody knows of"
        if doubts:
            assert not self.stand.looks_up
            assert all(doubt.booking_status == "cancelled" and doubt.state == "unknown" for doubt in doubts)
        assert await self.town.audit() == []


@pytest.fixture(params=sorted(STANDS))
async def stage(request: pytest.FixtureRequest, town) -> AsyncIterator[Stage]:
    limits = Limits(total_seconds=0.4, tries=2, first_backoff_seconds=0.01)
    async with open_http(limits, allow_private=True) as http, STANDS[request.param](http) as stand:
        show = await town.show(
            seats=stand.seats, price_cents=stand.price_cents, subcategory="SEANCE_CINE", is_duo=True,
            begins_in=timedelta(days=60),
            sales_seen="at_booking",
        )  # fmt: skip
        session_id = await town.pool.fetchval("select session_id from stock where id = $1", show.stock_id)
        await town.pool.execute(
            "insert into source_record (source_id, kind, key, part, hash, entity_id, generation)"
            " values ($1, 5, $2, '', '', $3, 1)",
            *(show.source_id, stand.session_key, session_id),
        )
        await town.pool.execute(
            "update supply set key = $2, part = $3 where stock_id = $1",
            *(show.stock_id, stand.session_key, stand.price_part),
        )
        town.directory.sellers[show.source_id] = stand.seller
        yield Stage(stand, town, show)


async def _renamed(stage: Stage, key: str) -> None:
    """As if the source called session and stock so."""
    for table in ("source_record", "supply"):
        await stage.town.pool.execute(f"update {table} set key = $1", key)


def order(stage: Stage, ref: str, **changed: Any) -> Order:
    return Order(
        **{
            "client_ref": ref,
            "session_key": stage.stand.session_key,
            "price_part": stage.stand.price_part,
            "quantity": 1,
        }
        | changed
    )


async def test_two_seats_are_sold_there_and_given_back(stage: Stage) -> None:
    """A duo is two tickets there and one booking here; cancelled, both come back, and saying so twice harms nothing."""
    town, person = stage.town, await stage.town.person()
    made = await town.bookings().book(person, stage.show.stock_id, 2, "k1")
    assert (made.status, len(made.tickets), stage.stand.sold()) == ("confirmed", 2, 2)
    if stage.stand.tells_left:
        supply = await town.pool.fetchrow(
            "select available, total from supply where stock_id = $1", stage.show.stock_id
        )
        assert tuple(supply) == (stage.stand.seats - 2, stage.stand.seats)
    await stage.agree(after=1)
    await town.bookings().cancel(person, made.id)
    assert stage.stand.sold() == 0
    tickets = [Ticket(ticket.barcode, ticket.seat) for ticket in made.tickets]
    with pytest.raises(SaleRefused) as refused:
        await stage.stand.seller.cancel(tickets, order(stage, made.public_id))
    assert refused.value.reason == "already_cancelled"
    await stage.agree(after=1)


async def test_whatever_step_breaks_nothing_is_lost(stage: Stage) -> None:
    """Said no, sold, or pending; once the ticketing is well again both sides agree, the cancellation included."""
    for step in stage.stand.spots:
        for kind in BREAKS:
            await _broken(stage, step, kind)


async def _broken(stage: Stage, step: str, kind: FaultKind) -> None:
    town, person = stage.town, await stage.town.person()
    path, after = stage.stand.spots[step]
    if step == "status":
        lost, already = stage.stand.spots["confirm"]
        stage.stand.faults.inject(Fault(FaultKind.TRUNCATED, path=lost, after=already))
    if step != "cancel":
        stage.stand.faults.inject(Fault(kind, path=path, after=after, seconds=2))
    made = None
    try:
        made = await town.bookings().book(person, stage.show.stock_id, 1, "k1")
    except (errors.ProviderDown, errors.ProviderRefused):
        assert await town.balance(person) == 500_00
    if made is not None and step == "status":
        town.clock.later(minutes=1)
        await town.reconciler().resolve_pending()
    if made is not None and step == "cancel":
        fault = Fault(kind, path=path, after=after, seconds=2, times=stage.stand.cancel_tries)
        stage.stand.faults.inject(fault)
        assert (await town.bookings().cancel(person, made.id)).status == "cancelled"
    await stage.agree()
    [ended] = await town.bookings().mine(person)
    assert ended.status in {"confirmed", "cancelled"}, (step, kind)
    paid = ended.amount_cents if ended.status == "confirmed" else 0
    assert await town.balance(person) == 500_00 - paid, (step, kind)


async def test_a_process_killed_at_any_step_is_carried_on(stage: Stage) -> None:
    """Killed before the request left, or after it was executed: somebody else ends it, without selling twice."""
    for step in ("hold", "confirm", "cancel"):
        for when in ("before", "after"):
            await _killed(stage, step, when)


async def _killed(stage: Stage, step: str, when: str) -> None:
    town, person = stage.town, await stage.town.person()
    there = stage.stand.sold()
    town.directory.sellers[stage.show.source_id] = _Dying(stage.stand.seller, step, when)
    if step != "cancel":
        with pytest.raises(asyncio.CancelledError):
            await town.bookings().book(person, stage.show.stock_id, 1, "k1")
    else:
        made = await town.bookings().book(person, stage.show.stock_id, 1, "k1")
        with pytest.raises(asyncio.CancelledError):
            await town.bookings().cancel(person, made.id)
    town.directory.sellers[stage.show.source_id] = stage.stand.seller
    assert await town.audit() == []
    town.clock.later(minutes=2)
    await town.reconciler().resolve_pending()
    await stage.agree()
    assert stage.stand.sold() - there <= (0 if step == "cancel" else 1), (step, when)


async def test_a_refusal_there_is_a_refusal_here(stage: Stage) -> None:
    """More than is left, and a session that is gone: refused with a reason, refunded, and nothing is sold."""
    town, person = stage.town, await stage.town.person()
    await _renamed(stage, "999999")
    with pytest.raises(errors.ProviderRefused) as refused:
        await town.bookings().book(person, stage.show.stock_id, 1, "k1")
    assert refused.value.reason in {"unknown_session", "refused"}
    assert await town.balance(person) == 500_00
    await _renamed(stage, stage.stand.session_key)
    taker = await town.person()
    for number in range(stage.stand.seats // 2):
        asked = order(stage, f"b_{number:013d}", quantity=2)
        await stage.stand.seller.confirm(await stage.stand.seller.hold(asked), asked)
    taken = stage.stand.sold()
    with pytest.raises((errors.ProviderRefused, errors.SoldOut)) as full:
        await town.bookings().book(taker, stage.show.stock_id, 2, "k2")
    assert getattr(full.value, "reason", "sold_out") in {"sold_out", "not_enough_seats"}
    assert stage.stand.sold() == taken
    assert await town.balance(taker) == 500_00
    assert await town.audit() == []


async def test_what_is_said_of_a_sale_is_so(stage: Stage) -> None:
    """The look-up knows nothing of what was not sold, and the tickets of what was; a confirmation said twice sells once
    where the seller says so."""
    seller, asked = stage.stand.seller, order(stage, "b_00000000look1")
    hold = await seller.hold(asked)
    before = await seller.status(asked, hold)
    sold = await seller.confirm(hold, asked)
    after = await seller.status(asked, hold)
    if stage.stand.looks_up:
        assert isinstance(before, NotSold)
        assert isinstance(after, Sold)
        assert [one.barcode for one in after.tickets] == [one.barcode for one in sold.tickets]
    else:
        assert before is None
        assert after is None
    if seller.sells_once:
        with contextlib.suppress(SaleRefused):
            assert (await seller.confirm(hold, asked)).tickets == sold.tickets
        assert stage.stand.sold() == 1


class _Dying:
    """The seller of a process that is killed at one step: before its request, or when its answer is there."""

    def __init__(self, seller: Any, step: str, when: str) -> None:
        self._seller, self._step, self._when = seller, step, when

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._seller, name)
        if name != self._step:
            return real

        async def dying(*args: Any) -> Any:
            if self._when == "after":
                await real(*args)
            raise asyncio.CancelledError

        return dying

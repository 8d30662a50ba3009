"""A Boost cinema that loses the answer to a sale it made: a person is told. `test_sellers.py` tries the other ways."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bookings.external_claims import Outcome
from connectors.base import Upsert
from connectors.boost import Boost, BoostSettings
from connectors.registry import build_seller
from net.client import Http, Limits, open_http
from sandbox.directory import sources
from sandbox.faults import Fault, FaultKind
from sandbox.serving import serve_world
from sandbox.world import build
from schemas.records import Session, Stock
from service.commands.house import doubt as said

SALE = "/api/sale/complete"


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with open_http(Limits(total_seconds=1, tries=2, first_backoff_seconds=0.01), allow_private=True) as opened:
        yield opened


@pytest.fixture
async def cinema(town, http):
    """A simulated Boost cinema's box office, what can be broken at it, and a stock of ours that it sells."""

    def clock() -> datetime:
        return datetime.now(UTC)

    world = build(clock().date(), clock)
    async with serve_world(world) as addresses:
        source = next(source for source in sources(world, addresses) if source.connector == "boost")
        reader = Boost(BoostSettings(**source.settings), http, account=source.account, clock=clock)
        told = [c.record async for c in reader.pull(None) if isinstance(c, Upsert)]
        # A show of today is not sold once it has begun.
        tomorrow = clock() + timedelta(days=1)
        later = {one.ref.key for one in told if isinstance(one, Session) and one.begins_at > tomorrow}
        stocks = [one for one in told if isinstance(one, Stock) and one.ref.key in later]
        stock = next(one for one in stocks if one.available and one.available > 9)
        show = await town.show(seats=stock.available, price_cents=stock.price_cents, subcategory="SEANCE_CINE")
        session_id = await town.pool.fetchval("select session_id from stock where id = $1", show.stock_id)
        await town.pool.execute(
            "insert into source_record (source_id, kind, key, hash, entity_id, generation)"
            " values ($1, 5, $2, '', $3, 1)",
            *(show.source_id, stock.ref.key, session_id),
        )
        await town.pool.execute(
            "update supply set key = $2, part = $3 where stock_id = $1", show.stock_id, stock.ref.key, stock.ref.part
        )
        town.directory.sellers[show.source_id] = build_seller("boost", source.settings, http)
        name = next(name for name, address in addresses.items() if address == source.settings["base_url"])
        yield world.offices[name], world.faults[name], show


ANSWER_LOST = (FaultKind.TRUNCATED, FaultKind.MALFORMED)
"""The cinema did it, and its answer did not arrive."""


@pytest.mark.parametrize("kind", ANSWER_LOST)
async def test_a_sale_whose_answer_was_lost_is_left_to_a_person(town, cinema, kind: FaultKind) -> None:
    """Boost has no key of ours to look the sale up by: the money goes back, and the doubt stays listed."""
    office, faults, show = cinema
    faults.inject(Fault(kind, path=SALE, after=1))
    person = await town.person()
    made = await town.bookings().book(person, show.stock_id, 1, "k1")
    assert made.is_pending
    for outcome in (Outcome.COMPENSATED, Outcome.PENDING):
        town.clock.later(days=2)
        assert await town.reconciler().resolve_pending() == {outcome: 1}
    assert office.sold() == 1
    assert (await town.counts(show.stock_id), await town.balance(person)) == ((0, 0), 500_00)
    [doubt] = await town.reconciler().in_doubt()
    assert (doubt.booking_id, doubt.state, doubt.booking_status) == (made.id, "unknown", "cancelled")
    assert "remboursée ici, peut-être vendue là-bas" in said(doubt)
    assert await town.audit() == []

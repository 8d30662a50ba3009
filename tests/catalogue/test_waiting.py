"""A till's books wait for their description, and none waits for one that is there."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from feeds import EANS, Desk, book, copies

from catalogue.database import Pool
from catalogue.kinds import KindCode
from catalogue.merging import Merge, source_info
from catalogue.stock_columns import merge_columns
from catalogue.stocks import merge_stocks
from connectors.base import Upsert
from sync.applying import apply
from sync.batch import Batch

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
WAITING = "select count(*) from supply u join product p on p.ean = u.ean where u.stock_id is null and u.gone_at is null"


@pytest.fixture
async def shop(pool: Pool) -> tuple[Pool, int, int]:
    """A till's source and a publisher's."""
    async with pool.acquire() as conn:
        desk = Desk(conn)
        return pool, await desk.source("till", venue_id=await desk.venue()), await desk.source("publisher")


async def describe(pool: Pool, source_id: int, *eans: str) -> None:
    """The publisher's batch, as a run applies it."""
    async with pool.acquire() as conn:
        desk = Desk(conn, {"publisher": source_id})
        run, _ = await desk.begin("publisher")
        batch = Batch()
        for ean in eans:
            batch.add(Upsert(book("publisher", ean, f"Le livre {ean}")))
        await apply(conn, run, batch)


async def merge(conn, source_id: int, ean: str, *, by_columns: bool) -> None:
    till = Merge(conn, await source_info(conn, source_id), NOW, 1)
    if by_columns:
        await merge_columns(till, [(ean, 3, 790, None)])
    else:
        await merge_stocks(till, [(0, copies("till", ean, 3))])


@pytest.mark.parametrize("by_columns", [False, True])
async def test_neither_misses_the_other(shop, by_columns) -> None:
    """While a till's batch is open its book cannot be described; once it is committed, the description finds it."""
    pool, till, publisher = shop
    async with pool.acquire() as conn:
        async with conn.transaction():
            await merge(conn, till, EANS[0], by_columns=by_columns)
            describing = asyncio.create_task(describe(pool, publisher, EANS[0]))
            await asyncio.sleep(0.3)
            assert not describing.done()
        await describing
        assert await conn.fetchval(WAITING) == 0
        assert await conn.fetchval("select count(*) from stock") == 1


@pytest.mark.parametrize("by_columns", [False, True])
async def test_a_till_waits_for_a_description_under_way(shop, by_columns) -> None:
    """The other way round: the till's batch looks once the description is committed, and finds it."""
    pool, till, publisher = shop

    async def count() -> None:
        async with pool.acquire() as other, other.transaction():
            await merge(other, till, EANS[0], by_columns=by_columns)

    async with pool.acquire() as conn:
        async with conn.transaction():
            desk = Desk(conn, {"publisher": publisher})
            run, _ = await desk.begin("publisher")
            batch = Batch()
            batch.add(Upsert(book("publisher", EANS[0], "La Peste")))
            await apply(conn, run, batch)
            counting = asyncio.create_task(count())
            await asyncio.sleep(0.3)
            assert not counting.done()
        await counting
        assert await conn.fetchval(WAITING) == 0
        assert await conn.fetchval("select count(*) from stock") == 1


async def test_many_at_once_leave_none_waiting(shop) -> None:
    """Tills and publishers speak of the same books at the same moments."""
    pool, till, publisher = shop

    async def count(ean: str) -> None:
        async with pool.acquire() as conn, conn.transaction():
            await merge(conn, till, ean, by_columns=True)

    await asyncio.gather(*[count(ean) for ean in EANS], describe(pool, publisher, *EANS))
    async with pool.acquire() as conn:
        assert await conn.fetchval(WAITING) == 0
        assert await conn.fetchval("select count(*) from stock") == len(EANS)


async def test_a_waiting_book_is_published_by_its_description(desk: Desk) -> None:
    """Nothing of it is in the change log before; with the description, its offer is, at every shop."""
    for name, siret in (("a", "21290232600011"), ("b", "55210055400013")):
        await desk.source(name, venue_id=await desk.venue(siret, f"Librairie {name}"))
        await desk.snapshot(name, copies(name, EANS[0], 3))
    offers = f"select count(distinct entity_id) from change_log where kind = {KindCode.OFFER.value}"
    assert await desk.one(offers) == 0
    await desk.described(EANS[0])
    assert await desk.one(offers) == 2


async def test_what_is_gone_is_not_taken_up(desk: Desk) -> None:
    """A book that a shop no longer has makes no offer there when it is described; back on the shelf, it does."""
    await desk.source("till", venue_id=await desk.venue(), guard=1.0)
    await desk.snapshot("till", copies("till", EANS[0], 3), copies("till", EANS[1], 3))
    await desk.snapshot("till", copies("till", EANS[1], 3))
    await desk.described(EANS[0])
    assert await desk.one("select count(*) from stock") == 0
    await desk.snapshot("till", copies("till", EANS[0], 3), copies("till", EANS[1], 3))
    assert await desk.one("select count(*) from stock where withdrawn_at is null") == 1

"""A merge and bookings of the very same stocks at the same time: neither waits for the other, nothing is oversold."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest
import storefront as s
from storefront import Clock, Directory, Storefront

from bookings import errors
from bookings.audit import violations
from bookings.booking import Bookings
from bookings.wallets import Wallets
from catalogue.merging import source_info
from connectors.base import Upsert
from sync import leases, runs
from sync.applying import apply
from sync.batch import Batch


@pytest.fixture
async def shop(pool) -> Storefront:
    made = Storefront(pool)
    port = await made.venue(s.BOOKSHOP, "Librairie du Port")
    await made.source("till", "stocks_api", venue_id=port)
    theatre = await made.venue(s.THEATRE, "Théâtre des Deux Rives")
    await made.source("tickets", "stocks_api", venue_id=theatre)
    await made.source("publisher", "onix", trust=80)
    await made.says("publisher", s.book("publisher", s.STRANGER, "L'Étranger"))
    await made.says("till", s.on_shelf("till", s.STRANGER, 30))
    await made.says("tickets", *s.show("tickets", "cid", "Le Cid", seats=30))
    return made


async def people(pool, clock: Clock, count: int) -> list:
    made = []
    for _ in range(count):
        pseudonym = await pool.fetchval("select gen_random_uuid()")
        await Wallets(pool, clock).open(pseudonym, "2018")
        made.append(pseudonym)
    return made


async def test_a_booking_does_not_wait_for_a_merge_of_its_stock(shop, pool) -> None:
    """While a batch that changed the stock, its offer and its session is not yet committed, they are booked."""
    clock = Clock()
    (person,) = await people(pool, clock, 1)
    book, seat = await shop.stock("till", s.STRANGER), await shop.stock("tickets", "cid-1")
    bookings = Bookings(pool, Directory(), clock)
    for name, said, stock in (
        ("till", [s.on_shelf("till", s.STRANGER, 25, 790)], book),
        (
            "tickets",
            s.show("tickets", "cid", "Le Cid !", seats=25, price_cents=1600, begins_in=timedelta(days=11)),
            seat,
        ),
    ):
        async with pool.acquire() as conn:
            source = await source_info(conn, shop.sources[name])
            fence = await leases.take(conn, source.id, "test")
            assert fence is not None
            run, _ = await runs.begin(conn, source, fence, full=False)
            batch = Batch()
            for one in said:
                batch.add(Upsert(one))
            async with conn.transaction():
                await apply(conn, run, batch)
                made = await asyncio.wait_for(bookings.book(person, stock, 1, name), 2)
        assert made.status == "confirmed"


async def test_a_merge_does_not_wait_for_a_booking_of_its_stock(shop, pool) -> None:
    """While a booking is not yet committed, the stock, its offer and its session are merged."""
    clock = Clock()
    (person,) = await people(pool, clock, 1)
    seat = await shop.stock("tickets", "cid-1")
    made = await Bookings(pool, Directory(), clock).book(person, seat, 1, "first")
    async with pool.acquire() as conn, conn.transaction():
        # What a booking locks in the référentiel, by its foreign keys, until it commits.
        await conn.execute(
            """
            insert into booking (countermark, wallet_id, stock_id, venue_id, offer_id, session_id, source_id, quantity,
                unit_price_cents, is_physical, is_digital, status, created_at, cancelled_at, cancellation_reason,
                snapshot)
            select 'AAAAAA', wallet_id, stock_id, venue_id, offer_id, session_id, source_id, quantity,
                unit_price_cents, is_physical, is_digital, 'cancelled', created_at, created_at, 'offerer', snapshot
            from booking where id = $1
            """,
            made.id,
        )
        said = s.show("tickets", "cid", "Le Cid !", seats=25, price_cents=1600, begins_in=timedelta(days=11))
        await asyncio.wait_for(shop.says("tickets", *said), 3)


async def test_merging_and_booking_at_once_never_deadlocks(shop, pool) -> None:
    """Forty people book and cancel while feeds restate the same stocks: no deadlock, no oversale, ledger in balance."""
    clock = Clock()
    stocks = [await shop.stock("till", s.STRANGER), await shop.stock("tickets", "cid-1")]
    bookings = Bookings(pool, Directory(), clock)
    done = asyncio.Event()

    async def one(person, seed: int, turn: int) -> None:
        draw = random.Random(f"{seed} {turn}")
        for stock in draw.sample(stocks, 2):
            try:
                made = await bookings.book(person, stock, 1, f"{turn} {stock}")
            except (errors.SoldOut, errors.AlreadyBooked):
                continue
            if draw.random() < 0.5:
                await bookings.cancel(person, made.id)

    fed = 0

    async def feeding() -> None:
        nonlocal fed
        while not done.is_set():
            await shop.says("till", s.on_shelf("till", s.STRANGER, 10 + fed % 3, 700 + fed))
            await shop.says("tickets", *s.show("tickets", "cid", "Le Cid", seats=12, price_cents=1500 + fed))
            fed += 1

    everybody = await people(pool, clock, 40)
    feed = asyncio.create_task(feeding())
    turn = 0
    while fed < 3 and not feed.done():
        await asyncio.gather(*(one(person, n, turn) for n, person in enumerate(everybody)))
        turn += 1
    done.set()
    await feed
    async with pool.acquire() as conn:
        await conn.execute("select pg_stat_force_next_flush()")
        assert await violations(conn) == []
    deadlocks = await pool.fetchval("select deadlocks from pg_stat_database where datname = current_database()")
    assert deadlocks == 0

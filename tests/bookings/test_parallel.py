"""At the same time, on connections that are really open."""

from __future__ import annotations

import asyncio
import random

import pytest

from bookings import errors, store
from bookings.transactions import LOCK_ORDER, in_transaction


async def test_two_hundred_people_on_ten_seats_are_ten(town, wide_pool) -> None:
    """Exactly ten win, everybody else is told that it is sold out, and nothing is off by a cent."""
    show, people = await town.show(seats=10), await town.people(200)
    bookings = town.bookings(wide_pool)
    answers = await asyncio.gather(
        *(bookings.book(person, show.stock_id, 1, "k1") for person in people), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, errors.SoldOut)]
    assert (len(answers) - len(refused), len(refused)) == (10, 190)
    assert await town.counts(show.stock_id) == (0, 10)
    assert len({answer.countermark for answer in answers if not isinstance(answer, BaseException)}) == 10
    assert await town.audit() == []


async def test_one_person_in_many_tabs_spends_no_more_than_they_have(town, wide_pool) -> None:
    """Thirty different offers at once, credit for five: five are booked."""
    person = await town.person()
    shows = [await town.show(price_cents=100_00) for _ in range(30)]
    answers = await asyncio.gather(
        *(town.bookings(wide_pool).book(person, show.stock_id, 1, f"k{n}") for n, show in enumerate(shows)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, errors.InsufficientCredit) for answer in answers) == 25
    assert await town.balance(person) == 0
    assert await town.audit() == []


async def test_one_person_in_many_tabs_books_an_offer_once(town, wide_pool) -> None:
    """The same offer under twenty keys: one booking."""
    person, show = await town.person(), await town.show()
    answers = await asyncio.gather(
        *(town.bookings(wide_pool).book(person, show.stock_id, 1, f"k{n}") for n in range(20)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, errors.AlreadyBooked) for answer in answers) == 19
    assert await town.audit() == []


async def test_fifty_tills_on_one_countermark_are_one(town, wide_pool) -> None:
    """Exactly one till wins; the others are told when it was."""
    book, key = await town.book(), await town.key()
    made = await town.bookings().book(await town.person(), book.stock_id, 1, "k1")
    desk = town.desk(wide_pool)
    answers = await asyncio.gather(
        *(desk.use(made.countermark, [book.venue_id], key, f"n{n}") for n in range(50)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, errors.AlreadyUsed)]
    won = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert (len(won), len(refused)) == (1, 49)
    assert {one.used_at for one in refused} == set(won)
    assert await town.pool.fetchval("select count(*) from acceptance where outcome = 'AlreadyUsed'") == 49
    assert await town.audit() == []


async def test_a_cancellation_racing_a_use_has_one_winner(town, wide_pool) -> None:
    """Either handed over and paid, or cancelled and refunded; never both."""
    bookings, desk, key = town.bookings(wide_pool), town.desk(wide_pool), await town.key()
    people, outcomes = await town.people(20), set()
    for person in people:
        book = await town.book()
        made = await bookings.book(person, book.stock_id, 1, "k1")
        both = [bookings.cancel(person, made.id), desk.use(made.countermark, [book.venue_id], key, "n1")]
        random.shuffle(both)
        answers = await asyncio.gather(*both, return_exceptions=True)
        refused = [answer for answer in answers if isinstance(answer, errors.Refusal)]
        assert len(refused) == 1
        assert isinstance(refused[0], errors.AlreadyUsed | errors.Cancelled)
        status = (await bookings.status(person, made.id)).status
        assert await town.balance(person) == {"used": 500_00 - 890, "cancelled": 500_00}[status]
        outcomes.add(status)
    assert await town.audit() == []


async def test_booking_and_cancelling_at_once_never_deadlocks(town, wide_pool, deadlocks) -> None:
    """Everybody books and cancels everything in their own order; no deadlock is seen by PostgreSQL."""
    shows = [await town.show(seats=40, price_cents=1000) for _ in range(4)]
    people = await town.people(24)
    bookings = town.bookings(wide_pool)

    async def one(person, seed: int) -> None:
        for n, show in enumerate(random.Random(seed).sample(shows, 4)):
            made = await bookings.book(person, show.stock_id, 1, f"k{n}")
            if n % 2:
                await bookings.cancel(person, made.id)

    await asyncio.gather(*(one(person, seed) for seed, person in enumerate(people)))
    assert await deadlocks() == 0
    assert sum([(await town.counts(show.stock_id))[1] for show in shows]) == 48
    assert await town.audit() == []


async def test_locks_are_taken_in_the_written_order(town, wide_pool) -> None:
    """Whoever holds a later lock is never waited for by somebody who then wants an earlier one.

    A booking that waits at the allotment already has the wallet, and not yet the booking; one that waits at
    the wallet has nothing.
    """
    assert LOCK_ORDER == ("wallet", "allotment", "booking", "external_sale")
    (one, two), show = await town.people(2), await town.show(seats=10)
    bookings = town.bookings(wide_pool)
    made = await bookings.book(one, show.stock_id, 1, "k1")
    async with wide_pool.acquire() as conn, conn.transaction():
        await conn.fetchrow(store.LOCK_ALLOTMENT, show.stock_id, show.venue_id)
        waiting = [
            asyncio.create_task(bookings.book(two, show.stock_id, 1, "k2")),
            asyncio.create_task(bookings.cancel(one, made.id)),
        ]
        await asyncio.sleep(0.3)
        assert not any(task.done() for task in waiting)
        free = await town.pool.fetch("select pseudonym from wallet for update skip locked")
        assert free == []
        unlocked = await town.pool.fetch("select id from booking for update skip locked")
        assert [row["id"] for row in unlocked] == [made.id]
    await asyncio.gather(*waiting)
    assert await town.audit() == []


async def test_supply_is_read_and_never_waited_for(town, wide_pool) -> None:
    """A sync that holds the supply's row does not hold up a booking of it, nor a booking the sync."""
    person, show = await town.person(), await town.show()
    async with wide_pool.acquire() as conn, conn.transaction():
        await conn.execute("update supply set available = 5 where stock_id = $1", show.stock_id)
        await conn.execute("update stock set price_label = 'x' where id = $1", show.stock_id)
        made = await asyncio.wait_for(town.bookings(wide_pool).book(person, show.stock_id, 1, "k1"), 2)
    assert made.status == "confirmed"


async def test_who_waits_too_long_is_told_to_come_back(town, wide_pool) -> None:
    """A lock that nobody lets go ends in `Busy` within seconds, with nothing done."""
    person, show = await town.person(), await town.show()
    async with wide_pool.acquire() as conn, conn.transaction():
        await conn.fetchrow(store.LOCK_WALLET, person)
        with pytest.raises(errors.Busy):
            await asyncio.wait_for(town.bookings(wide_pool).book(person, show.stock_id, 1, "k1"), 8)
    assert (await town.bookings().book(person, show.stock_id, 1, "k1")).status == "confirmed"


async def test_a_deadlock_is_tried_again(town, wide_pool, deadlocks) -> None:
    """Two transactions that lock two rows crosswise both end well."""
    one, two = await town.people(2)
    met = asyncio.Barrier(2)
    first_time = {one, two}

    def crosswise(mine, other):
        async def work(conn):
            await conn.fetchrow(store.LOCK_WALLET, mine)
            if mine in first_time:
                first_time.discard(mine)
                await met.wait()
            await conn.fetchrow(store.LOCK_WALLET, other)
            return mine

        return in_transaction(wide_pool, work)

    assert await asyncio.gather(crosswise(one, two), crosswise(two, one)) == [one, two]
    assert await deadlocks() >= 1

"""Sessions that are cancelled give everything back, moved ones a new limit; nobody is forgotten, nothing is doubled."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg

from bookings.withdrawals import TOGETHER, Withdrawals


async def cancel_session(pool: asyncpg.Pool, stock_id: int) -> int:
    """The session of a stock is cancelled, with its news, as sync writes both."""
    session_id: int = await pool.fetchval("select session_id from stock where id = $1", stock_id)
    await pool.execute("update session set cancelled_at = now() where id = $1", session_id)
    await pool.execute(
        "insert into session_news (session_id, what, noted_at) values ($1, 'cancelled', now())", session_id
    )
    return session_id


async def test_a_cancelled_session_gives_everything_back(town, clock) -> None:
    """Every person is refunded, every place is free, the reason stands, each is to be told once; used ones stay."""
    show, other = await town.show(seats=TOGETHER + 30), await town.show()
    people = await town.people(TOGETHER + 20)
    made = [await town.bookings().book(who, show.stock_id, 1, "k") for who in people]
    await town.bookings().book(people[0], other.stock_id, 1, "other")
    clock.later(hours=49)
    used = made[-1]
    await town.desk().use(used.countermark, [show.venue_id], await town.key())
    await cancel_session(town.pool, show.stock_id)

    assert await Withdrawals(town.pool, clock).settle() == TOGETHER + 19
    assert await town.counts(show.stock_id) == (0, 1)
    assert await town.counts(other.stock_id) == (0, 1)
    states = await town.pool.fetch("select status, cancellation_reason, count(*) from booking group by 1, 2 order by 1")
    assert [tuple(row) for row in states] == [
        ("cancelled", "event_cancelled", TOGETHER + 19),
        ("confirmed", None, 1),
        ("used", None, 1),
    ]
    assert await town.balance(people[1]) == 50_000
    assert await town.pool.fetchval("select count(*) from booking_notice") == TOGETHER + 19
    assert await town.audit() == []
    assert await Withdrawals(town.pool, clock).settle() == 0


async def test_several_workers_and_buyers_at_once(town, wide_pool, clock, deadlocks) -> None:
    """Two workers settle while the same people book and cancel elsewhere: each booking is refunded once."""
    show, other = await town.show(seats=80), await town.show(seats=80)
    people = await town.people(40)
    made = [await town.bookings().book(who, show.stock_id, 1, "k") for who in people]
    await cancel_session(town.pool, show.stock_id)
    bookings = town.bookings(wide_pool)

    async def lives(n: int) -> None:
        await bookings.book(people[n], other.stock_id, 1, "other")
        if n % 3 == 0:
            await asyncio.gather(bookings.cancel(people[n], made[n].id), return_exceptions=True)

    settled = await asyncio.gather(
        *(Withdrawals(wide_pool, clock).settle() for _ in range(3)), *(lives(n) for n in range(40))
    )
    assert sum(count or 0 for count in settled[:3]) >= 1
    await Withdrawals(wide_pool, clock).settle()
    assert await town.counts(show.stock_id) == (0, 0)
    assert await town.counts(other.stock_id) == (0, 40)
    assert await town.audit() == []
    assert await deadlocks() == 0


async def test_seats_sold_in_a_ticketing_are_cancelled_there(town, clock, ticketing) -> None:
    """What the provider sold is cancelled there by the reconciler; a sale still in doubt waits for its word."""
    show = await town.show(ticketing=ticketing)
    first, second = await town.people(2)
    await town.bookings().book(first, show.stock_id, 1, "a")
    ticketing.loses = ["confirm"]
    held = await town.bookings().book(second, show.stock_id, 1, "b")
    assert held.is_pending
    await cancel_session(town.pool, show.stock_id)

    assert await Withdrawals(town.pool, clock).settle() == 1
    assert await town.pool.fetchval("select settled_at is null from session_news")
    for _ in range(2):
        clock.later(minutes=10)
        await town.reconciler().resolve_pending()
        await Withdrawals(town.pool, clock).settle()
    clock.later(minutes=10)
    await town.reconciler().resolve_pending()
    assert ticketing.standing() == set()
    assert await town.counts(show.stock_id) == (0, 0)
    assert await town.pool.fetchval("select settled_at is not null from session_news")
    assert await town.audit() == []


async def test_a_moved_session_keeps_its_bookings_with_a_new_limit(town, clock) -> None:
    """People may cancel for two more days, or until it begins; who booked at the new time keeps their own limit."""
    show = await town.show(begins_in=timedelta(days=10))
    before, after = await town.people(2)
    old = await town.bookings().book(before, show.stock_id, 1, "a")
    clock.later(days=5)
    begins_at = clock.now + timedelta(days=20)
    session_id = await town.pool.fetchval(
        "update session set begins_at = $2 where id = (select session_id from stock where id = $1) returning id",
        show.stock_id,
        begins_at,
    )
    new = await town.bookings().book(after, show.stock_id, 1, "b")
    await town.pool.execute(
        "insert into session_news (session_id, what, begins_at, noted_at) values ($1, 'moved', $2, now())",
        session_id,
        begins_at,
    )
    clock.later(hours=1)
    assert await Withdrawals(town.pool, clock).settle() == 1
    assert (await town.bookings().status(before, old.id)).cancellable_until == clock.now + timedelta(hours=48)
    assert (await town.bookings().status(after, new.id)).cancellable_until == new.cancellable_until

    soon = clock.now + timedelta(hours=3)
    await town.pool.execute(
        "insert into session_news (session_id, what, begins_at, noted_at) values ($1, 'moved', $2, now())",
        session_id,
        soon,
    )
    assert await Withdrawals(town.pool, clock).settle() == 2
    assert (await town.bookings().status(before, old.id)).cancellable_until == soon
    assert [
        row[0] for row in await town.pool.fetch("select count(*) from booking_notice group by booking_id order by 1")
    ] == [1, 2]


async def test_what_was_booked_under_a_cancellation_is_found(town, clock) -> None:
    """A buyer who had read the session before it was cancelled, and committed after its news were settled."""
    show, other = await town.show(), await town.show()
    for placed in (show, other):
        await town.bookings().book(await town.person(), placed.stock_id, 1, "k")
    await town.pool.execute(
        "update session set cancelled_at = now() where id = (select session_id from stock where id = $1)", show.stock_id
    )
    withdrawals = Withdrawals(town.pool, clock)
    assert await withdrawals.settle() == 0
    assert (await withdrawals.note_late(), await withdrawals.note_late()) == (1, 0)
    assert await withdrawals.settle() == 1
    assert await withdrawals.note_late() == 0
    assert await town.counts(other.stock_id) == (0, 1)
    assert await town.audit() == []

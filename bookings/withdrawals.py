"""Carries out what became of booked sessions: cancelled ones give everything back, moved ones get a new limit.

Sync writes the news (`session_news`) in the transaction that changes the session; here they are settled, some bookings
at a time, each transaction in the room's lock order. Killed between, the next turn goes on where it stood.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING

from bookings import store
from bookings.rules import CANCELLABLE
from bookings.transactions import in_transaction

if TYPE_CHECKING:
    import asyncpg

    from bookings.transactions import Connection, Pool

TOGETHER = 100
"""Bookings given back in one transaction: their wallets are locked for as long."""
REASON = "event_cancelled"

# Booked while the session was being cancelled: read before that commit, written after the news were settled.
_LATE = """
insert into session_news (session_id, what, noted_at)
select distinct b.session_id, 'cancelled', $1::timestamptz
from booking b join session x on x.id = b.session_id
where b.session_id is not null and b.status = 'confirmed' and x.cancelled_at is not null
  and not exists (select from session_news n where n.session_id = b.session_id and n.settled_at is null)
"""
_OPEN = "select id from session_news where settled_at is null order by id limit $1"
# One worker settles a piece of news at a time; the others take the next.
_CLAIM = """
select n.id, n.session_id, n.what, n.begins_at, x.cancelled_at is not null as is_cancelled
from session_news n join session x on x.id = n.session_id
where n.id = $1 and n.settled_at is null for update of n skip locked
"""
_CONFIRMED = """
select id, wallet_id, stock_id, venue_id from booking
where session_id = $1 and status = 'confirmed' order by id limit $2
"""
_LOCK_ALLOTMENTS = """
select from allotment a join unnest($1::bigint[], $2::bigint[]) as t (stock_id, venue_id) using (stock_id, venue_id)
order by a.stock_id, a.venue_id for update of a
"""
_LOCK_BOOKINGS = "select id from booking where id = any($1::bigint[]) and status = 'confirmed' order by id for update"
# The wallets, allotments and bookings are locked. $1 bookings $2 now $3 reason $4 news
_GIVE_BACK = """
with before as (
    select id, stock_id, venue_id, quantity, is_physical, is_digital from booking where id = any($1::bigint[])
), places as (
    select stock_id, venue_id, sum(quantity)::int as quantity from before group by stock_id, venue_id
), taken as (
    select before.id as booking_id, entry.account_id, entry.amount_cents, before.is_physical, before.is_digital
    from before join ledger_journal j on j.booking_id = before.id and j.reason = 'booking'
    join ledger_entry entry on entry.journal_id = j.id
), purses as (
    select account_id, sum(amount_cents) as cents,
           coalesce(sum(amount_cents) filter (where is_physical), 0) as physical_cents,
           coalesce(sum(amount_cents) filter (where is_digital), 0) as digital_cents
    from taken group by account_id
), freed as (
    update allotment a set sold = a.sold - p.quantity from places p
    where a.stock_id = p.stock_id and a.venue_id = p.venue_id
), refunded as (
    update deposit d set balance_cents = d.balance_cents - p.cents,
        physical_spent_cents = d.physical_spent_cents + p.physical_cents,
        digital_spent_cents = d.digital_spent_cents + p.digital_cents, lapsed_at = null
    from purses p where d.account_id = p.account_id
), ended as (
    update booking b set status = 'cancelled', cancelled_at = $2, cancellation_reason = $3
    from before where b.id = before.id
), journal as (
    insert into ledger_journal (at, reason, booking_id)
    select $2, 'refund', id from before where id in (select booking_id from taken) returning id, booking_id
), entries as (
    insert into ledger_entry (journal_id, account_id, amount_cents)
    select journal.id, taken.account_id, - taken.amount_cents from journal join taken using (booking_id)
), unsold as (
    update external_sale x set state = 'cancelling', attempts = x.attempts + 1, next_try_at = $2, changed_at = $2
    from before where x.booking_id = before.id and x.state = 'sold'
)
insert into booking_notice (news_id, kind, booking_id, noted_at)
select $4, 'session_cancelled', id, $2 from before on conflict do nothing
"""
# What was booked after the session had moved was promised at its new time. $1 session $2 begin $3 limit $4 news $5 now
_MOVE = """
with live as (
    select id from booking where session_id = $1 and status in ('held', 'confirmed')
      and (snapshot ->> 'beginsAt')::timestamptz is distinct from $2
    order by id for update
), limited as (
    update booking b set cancellable_until = $3 from live where b.id = live.id
)
insert into booking_notice (news_id, kind, booking_id, noted_at)
select $4, 'session_moved', id, $5 from live on conflict do nothing
"""
_HELD = "select exists (select from booking where session_id = $1 and status = 'held')"
_SETTLED = "update session_news set settled_at = $2 where id = $1"


class Withdrawals:
    """The bookings of sessions that are cancelled or moved."""

    def __init__(self, pool: Pool, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._clock = clock

    async def settle(self, limit: int = 100) -> int:
        """Works through at most `limit` news, and tells how many bookings it cancelled or put off.

        A booking still held in the provider's ticketing waits for the reconciler's word; its news stay open.
        """
        done = 0
        for row in await self._pool.fetch(_OPEN, limit):
            while (touched := await in_transaction(self._pool, self._step(row["id"]))) is not None:
                done += touched
        return done

    async def note_late(self) -> int:
        """Writes news for sessions that were cancelled under somebody's hands; tells how many. Rare, and not urgent."""
        tag = await self._pool.execute(_LATE, self._clock())
        return int(tag.split()[-1])

    def _step(self, news_id: int) -> Callable[[Connection], Awaitable[int | None]]:
        async def work(conn: Connection) -> int | None:
            """How many bookings it touched; None where there is nothing more to do now."""
            news = await conn.fetchrow(_CLAIM, news_id)
            if news is None:
                return None
            now = self._clock()
            if news["what"] == "moved":
                touched = await _move(conn, news, now)
            else:
                # One that came back in the meantime keeps what is still booked of it.
                touched = await _give_back(conn, news, now) if news["is_cancelled"] else 0
                if touched:
                    return touched
                if news["is_cancelled"] and await conn.fetchval(_HELD, news["session_id"]):
                    return None
            await conn.execute(_SETTLED, news_id, now)
            return touched

        return work


async def _give_back(conn: Connection, news: asyncpg.Record, now: datetime) -> int:
    rows = await conn.fetch(_CONFIRMED, news["session_id"], TOGETHER)
    if not rows:
        return 0
    places = sorted({(row["stock_id"], row["venue_id"]) for row in rows})
    await conn.execute(store.TOUCH_WALLETS, sorted({row["wallet_id"] for row in rows}))
    await conn.execute(_LOCK_ALLOTMENTS, [stock for stock, _ in places], [venue for _, venue in places])
    # Used or cancelled while its wallet was waited for: the next step no longer finds it.
    ids = [row["id"] for row in await conn.fetch(_LOCK_BOOKINGS, [row["id"] for row in rows])]
    await conn.execute(_GIVE_BACK, ids, now, REASON, news["id"])
    return len(rows)


async def _move(conn: Connection, news: asyncpg.Record, now: datetime) -> int:
    limit = min(news["begins_at"], now + CANCELLABLE)
    tag = await conn.execute(_MOVE, news["session_id"], news["begins_at"], limit, news["id"], now)
    return int(tag.split()[-1])

"""What time does to bookings and credit: a warning, goods given back, events used, what is left of ended credit.

Each turn works on what is due, some rows at a time, in transactions of its own; several workers may do it at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bookings import store
from bookings.ledger import STATE_GRANT, account
from bookings.transactions import in_transaction

if TYPE_CHECKING:
    from bookings.transactions import Connection, Pool

WARNED, WARNED_BOOK = timedelta(days=7), timedelta(days=5)
"""Before goods nobody fetched are given back."""
USED_AFTER = timedelta(hours=48)
"""After its beginning an event counts as gone to."""

_WARN = """
insert into booking_notice (booking_id, kind, noted_at)
select b.id, 'expires_soon', $1::timestamptz from booking b
where b.status = 'confirmed' and b.expires_at is not null and b.expires_at > $1 and b.expires_at <= $1 + $2::interval
  and (b.snapshot ->> 'subcategory' <> 'LIVRE_PAPIER' or b.expires_at <= $1 + $3::interval)
  and not exists (select from booking_notice n where n.booking_id = b.id and n.kind = 'expires_soon')
order by b.expires_at limit $4
on conflict do nothing
"""
# An acceptance that the venue took back was an answer: nobody came. What it keeps is used when it says so again.
_USE = """
with due as (
    select b.id from booking b
    join session se0 on se0.id = b.session_id
    join session se on se.id = coalesce(se0.merged_into, se0.id)
    where b.session_id is not null and b.status = 'confirmed' and se.begins_at <= $1::timestamptz - $2::interval
      and se.cancelled_at is null
      and not exists (select from acceptance a
                      where a.booking_id = b.id and a.action = 'keep' and a.outcome = 'accepted')
    order by b.id limit $3 for update of b skip locked
)
update booking b set status = 'used', used_at = $1,
    told_at = case when s.sales_seen = 'at_acceptance' then $1 else b.told_at end
from due, source s where b.id = due.id and s.id = b.source_id
"""
_LAPSED = """
select id, wallet_id from deposit where lapsed_at is null and expires_at <= $1 order by expires_at limit $2
"""
# The wallets are locked. $1 deposits $2 now $3 the state's account
_LAPSE = """
with gone as (
    select d.id, d.account_id, d.balance_cents,
           case when d.local_credit_id is null then $3::bigint else f.id end as origin_id
    from deposit d left join local_credit c on c.id = d.local_credit_id
    left join ledger_account f on f.code = 'funder:' || c.code
    where d.id = any($1::bigint[]) and d.lapsed_at is null and d.expires_at <= $2
), lapsed as (
    update deposit d set balance_cents = 0, lapsed_at = $2 from gone where d.id = gone.id returning d.id
), numbered as (
    select account_id, balance_cents, origin_id, row_number() over (order by id) as n from gone where balance_cents > 0
), journal as (
    insert into ledger_journal (at, reason) select $2, 'expiry' from numbered order by n returning id
), journals as (
    select id, row_number() over (order by id) as n from journal
), entries as (
    insert into ledger_entry (journal_id, account_id, amount_cents)
    select j.id, side.account_id, side.cents
    from journals j join numbered d using (n),
         lateral (values (d.account_id, - d.balance_cents), (d.origin_id, d.balance_cents)) side (account_id, cents)
)
select count(*) from lapsed
"""


class Closing:
    """The clock's own turns."""

    def __init__(self, pool: Pool, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._clock = clock

    async def warn(self, limit: int = 1000) -> int:
        """Notes whose goods will be given back in seven days, paper books in five; once each. Returns how many."""
        return _count(await self._pool.execute(_WARN, self._clock(), WARNED, WARNED_BOOK, limit))

    async def use_past_events(self, limit: int = 1000) -> int:
        """Counts as used what was booked of events that began 48 hours ago; returns how many bookings."""
        return _count(await self._pool.execute(_USE, self._clock(), USED_AFTER, limit))

    async def lapse(self, limit: int = 500) -> int:
        """Takes back what is left of credit that has ended, refunds that came later too; returns how many deposits."""
        now = self._clock()
        due = await self._pool.fetch(_LAPSED, now, limit)
        if not due:
            return 0

        async def work(conn: Connection) -> int:
            state_id = await account(conn, STATE_GRANT)
            await conn.execute(store.TOUCH_WALLETS, sorted({row["wallet_id"] for row in due}))
            done: int = await conn.fetchval(_LAPSE, [row["id"] for row in due], now, state_id)
            return done

        return await in_transaction(self._pool, work)


def _count(tag: str) -> int:
    return int(tag.split()[-1])

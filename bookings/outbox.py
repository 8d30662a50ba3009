"""Makes what happened into what is told: deliveries to the endpoints that asked for it, mails to the people concerned.

Events are noted by triggers (`outbox_ddl.py`) in the transaction of their cause. One spreader works at a time, so that
the deliveries of a booking are numbered as its events are; what it made and that it made it are one transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from accounts.offerers import ACTS_FOR
from bookings.stock_news import note

if TYPE_CHECKING:
    from bookings.transactions import Connection, Pool

SPREADER_LOCK = 0x6F75_7462
"""The advisory lock of whoever spreads."""
TRIES = 11
TOGETHER = 500
TOLD_AT_ONCE = timedelta(seconds=30)
"""Whoever waited for the answer needs no mail about a refusal that came with it."""
KEPT = timedelta(days=30)
"""How long the delivery log is shown, and what was mailed is known."""
ROWS = 10_000

_TAKE = "select id from outbox_event where spread_at is null order by id limit $1"
_LISTENERS = "select exists (select from webhook_endpoint where disabled_at is null and 'stock.changed' = any(events))"
# A booking moves what is left of its stock: one word a stock, as it stands now.
_STOCKS = """
with touched as (
    select distinct b.stock_id, b.venue_id from outbox_event o join booking b on b.id = o.booking_id
    where o.id = any($1::bigint[]) and o.kind in ('booking.created', 'booking.cancelled', 'booking.expired')
)
select stock_id from touched
"""
_SUPERSEDE = """
update webhook_delivery d set state = 'superseded', ended_at = $2
from outbox_event o where o.id = any($1::bigint[]) and o.stock_id is not null
  and d.subject = 'stock:' || o.stock_id and d.state = 'waiting' and d.attempts = 0 and d.event_id < o.id
"""
_DELIVER = f"""
insert into webhook_delivery (endpoint_id, event_id, kind, subject, tries_left, next_try_at, waiting_since, created_at)
select w.id, o.id, o.kind,
       case when o.booking_id is not null then 'booking:' || o.booking_id
            when o.session_id is not null then 'session:' || o.session_id else 'stock:' || o.stock_id end,
       $3, $2, $2, $2
from outbox_event o
join ({ACTS_FOR}) acts on acts.venue_id = o.venue_id
join webhook_endpoint w on w.vendor_id = acts.vendor_id and o.kind = any(w.events) and w.disabled_at is null
where o.id = any($1::bigint[]) order by o.id, w.id
on conflict do nothing
"""  # noqa: S608 - constants of this module
_MAILS = """
insert into mail (key, kind, booking_id, details, next_try_at, created_at)
select o.kind || ':' || o.booking_id || case when o.kind = 'booking.moved' then ':' || o.id else '' end,
       o.kind, o.booking_id, o.details, $2, $2
from outbox_event o join booking b on b.id = o.booking_id
where o.id = any($1::bigint[])
  and (o.kind in ('booking.created', 'booking.cancelled', 'booking.expired', 'booking.expiring', 'booking.moved')
       or (o.kind = 'booking.refused' and o.at > b.created_at + $3::interval))
order by o.id on conflict (key) do nothing
"""
_SPREAD = "update outbox_event set spread_at = $2 where id = any($1::bigint[])"
_PURGES = (
    "delete from webhook_delivery where id in (select id from webhook_delivery where ended_at < $1 limit $2)",
    "delete from mail where id in (select id from mail where ended_at < $1 limit $2)",
    # Nobody to take them for a month: what they say is old.
    "delete from mail where id in (select id from mail where state = 'waiting' and created_at < $1 limit $2)",
    """
    delete from outbox_event where id in (
        select o.id from outbox_event o where o.spread_at < $1
          and not exists (select from webhook_delivery d where d.event_id = o.id) limit $2)
    """,
)


async def spread(pool: Pool, now: datetime, limit: int = TOGETHER) -> int:
    """Spreads at most `limit` events, oldest first; tells how many. 0 also where somebody else is at it."""
    async with pool.acquire() as conn, conn.transaction():
        if not await conn.fetchval("select pg_try_advisory_xact_lock($1)", SPREADER_LOCK):
            return 0
        ids = [row["id"] for row in await conn.fetch(_TAKE, limit)]
        if not ids:
            return 0
        told = ids + await _of_stocks(conn, ids, now)
        await conn.execute(_DELIVER, told, now, TRIES)
        await conn.execute(_SUPERSEDE, told, now)
        await conn.execute(_MAILS, ids, now, TOLD_AT_ONCE)
        await conn.execute(_SPREAD, told, now)
        return len(ids)


async def _of_stocks(conn: Connection, ids: list[int], now: datetime) -> list[int]:
    """The events that stocks changed by bookings make, where anybody listens."""
    if not await conn.fetchval(_LISTENERS):
        return []
    stocks = [row["stock_id"] for row in await conn.fetch(_STOCKS, ids)]
    return await note(conn, stocks, now)


async def purge(pool: Pool, now: datetime) -> int:
    """Forgets what was told `KEPT` ago, with its log; tells how many rows."""
    gone = 0
    for statement in _PURGES:
        gone += int((await pool.execute(statement, now - KEPT, ROWS)).split()[-1])
    return gone

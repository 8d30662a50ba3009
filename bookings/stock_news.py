"""`stock.changed`: what is left of a stock, or its price, is no longer what was last told.

What bookings change is noted while their events are spread. What sources change is read off the change log, which has
every change in the order of the commits, from a position that moves in the same transaction: none is missed, and a
merge pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from accounts.offerers import ACTS_FOR
from catalogue.kinds import KindCode

if TYPE_CHECKING:
    from bookings.transactions import Connection, Pool

LOCK = 0x7374_6F63
"""The advisory lock of whoever reads the change log for this."""
TOGETHER = 5_000

_LISTENING = """
select exists (select from webhook_endpoint where disabled_at is null and 'stock.changed' = any(events))
"""
_POSITION = """
insert into outbox_cursor (id, position) select 1, coalesce(max(position), 0) from change_log
on conflict (id) do update set position = outbox_cursor.position returning position
"""
_READ = "select position, kind, entity_id from change_log where position > $1 order by position limit $2"
_MOVE = "update outbox_cursor set position = $1"
_STOCKS_OF = f"""
select s.id from stock s
where s.offer_id = any($1::bigint[]) and exists (
    select from ({ACTS_FOR}) acts join webhook_endpoint w on w.vendor_id = acts.vendor_id
    where acts.venue_id = s.venue_id and w.disabled_at is null and 'stock.changed' = any(w.events))
order by s.id
"""  # noqa: S608 - constants of this house
# Only where it is not what was last told.
_NOTE = """
with now_is as (
    select s.id, s.venue_id, jsonb_strip_nulls(jsonb_build_object(
               'isUnlimited', su.stock_id is not null and su.total is null or null,
               'remaining', case when s.withdrawn_at is not null or su.stock_id is null then 0
                                 when su.total is not null
                                 then greatest(0, su.total - coalesce(a.held + a.sold, 0)) end,
               'priceCents', coalesce(s.price_cents, p.price_cents))) as details
    from stock s join offer o on o.id = s.offer_id left join product p on p.id = o.product_id
    left join supply su on su.stock_id = s.id and su.venue_id = s.venue_id
    left join allotment a on a.stock_id = s.id and a.venue_id = s.venue_id
    where s.id = any($1::bigint[])
)
insert into outbox_event (kind, stock_id, venue_id, at, details)
select 'stock.changed', n.id, n.venue_id, $2, n.details from now_is n
where n.details is distinct from (
    select e.details from outbox_event e where e.stock_id = n.id order by e.id desc limit 1)
order by n.id returning id
"""


async def note(conn: Connection, stock_ids: Sequence[int], now: datetime) -> list[int]:
    """The ids of the events made, one for each of these stocks that is not as it was last told."""
    if not stock_ids:
        return []
    return [row["id"] for row in await conn.fetch(_NOTE, list(stock_ids), now)]


async def read_changes(pool: Pool, now: datetime, limit: int = TOGETHER) -> int:
    """Notes what sources changed since the last turn; tells how many events it made. The first turn only marks where
    it begins, and while nobody listens the position just moves on."""
    async with pool.acquire() as conn, conn.transaction():
        if not await conn.fetchval("select pg_try_advisory_xact_lock($1)", LOCK):
            return 0
        if not await conn.fetchval(_LISTENING):
            await conn.execute("delete from outbox_cursor")
            return 0
        position = await conn.fetchval(_POSITION)
        rows = await conn.fetch(_READ, position, limit)
        if not rows:
            return 0
        offers = sorted({row["entity_id"] for row in rows if row["kind"] == KindCode.OFFER.value})
        stocks = [row["id"] for row in await conn.fetch(_STOCKS_OF, offers)] if offers else []
        made = await note(conn, stocks, now)
        await conn.execute(_MOVE, rows[-1]["position"])
        return len(made)

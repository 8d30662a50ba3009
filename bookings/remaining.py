"""How many of a stock could be booked now: what its provider would sell in all, less what is held and sold here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bookings.transactions import Connection

# No lock: a figure to show, old when it is read. Booking counts again under the allotment's lock.
REMAINING = """
select su.stock_id,
       case when su.total is not null then greatest(0, su.total - coalesce(a.held + a.sold, 0)) end as remaining
from supply su left join allotment a on a.stock_id = su.stock_id and a.venue_id = su.venue_id
where su.stock_id = any($1::bigint[])
"""


async def remaining(conn: Connection, stock_ids: Sequence[int]) -> dict[int, int | None]:
    """Per stock, what is left; None is unlimited. Stocks no provider ever gave a figure of are absent."""
    rows = await conn.fetch(REMAINING, list(stock_ids))
    return {row["stock_id"]: row["remaining"] for row in rows}

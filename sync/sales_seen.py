"""What of our sales the provider's figure already leaves out.

`supply.total` = available + seen bounds what we may have sold in all. Whether a provider takes our sales
into account is the source's policy (`sales_seen`); what it had seen is judged by when its answer was asked for.
"""

from __future__ import annotations

from catalogue.database import Connection
from sync.runs import RunContext


async def note_sales_seen(conn: Connection, run: RunContext) -> None:
    """Sets `seen` for the stocks of this batch, unchanged ones too: we may have sold since, and been heard."""
    if run.source.sales_seen == "never":
        return
    await conn.execute(
        """
        with told as (
            select s.stock_id, coalesce(sum(b.quantity), 0)::int as seen
            from stage_stock s left join booking b
              on b.stock_id = s.stock_id and b.told_at <= $1 and b.status in ('confirmed', 'used', 'reimbursed')
            where s.fault is null and s.stock_id is not null group by s.stock_id
        ), ordered as (
            select p.stock_id, told.seen from told join supply p on p.stock_id = told.stock_id
            where p.source_id = $2 and p.observed_at <= $1 and p.seen <> told.seen
            order by p.stock_id for update of p
        )
        update supply p set seen = o.seen, observed_at = $1 from ordered o where p.stock_id = o.stock_id
        """,
        run.asked_at,
        run.source.id,
    )

"""What a complete snapshot no longer names is gone, unless that is too much to be believed.

Rows that were rejected count as named. What lies in the past is no withdrawal.
"""

from __future__ import annotations

import asyncpg

from catalogue.changes import log
from catalogue.database import Connection
from catalogue.kinds import KindCode
from catalogue.merging import Merge
from catalogue.renaming import named_otherwise
from catalogue.withdrawals import withdraw
from connectors.base import Checkpoint
from sync.booked import Booked, note_news
from sync.expected import guard_expected
from sync.gone import forget_missed, sold_sessions
from sync.guard import TooMuchGone, guard_sweep
from sync.leases import renew
from sync.quarantine import forget_vanished
from sync.runs import RunContext, move_cursor
from sync.stock_pages import forget_earlier, forget_written

UNNAMED = """
select r.kind, r.key, r.part from source_record r
left join session x on r.kind = 5 and x.id = r.entity_id
where r.source_id = $1 and r.gone_at is null and not (r.kind = 1 and r.part = 'product')
  and (x.id is null or x.begins_at > $3)
  and not exists (
    select from seen s where s.source_id = $1 and s.generation = $2
      and s.kind = r.kind and s.key = r.key and s.part = r.part)
order by r.kind, r.key, r.part
"""
MISSING_STOCKS = """
with named as materialized (
    select unnest(keys) as key from stock_page where source_id = $1 and reading = $3
)
select u.key, u.part, u.stock_id, u.venue_id from supply u
where u.source_id = $1 and u.gone_at is null
  and not exists (select from named n where n.key = u.key and u.part = '')
  and not exists (
    select from seen s where s.source_id = $1 and s.generation = $2
      and s.kind = 6 and s.key = u.key and s.part = u.part)
"""
OF_NO_PAST_SESSION = """
select 6 as kind, m.key, m.part
from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) as m (key, part, stock_id, venue_id)
left join stock k on k.id = m.stock_id and k.venue_id = m.venue_id
left join session x on x.id = k.session_id
where x.id is null or x.begins_at > $5
order by m.key, m.part
"""


async def sweep(conn: Connection, run: RunContext, *, point: Checkpoint | None = None, released: bool = False) -> int:
    """Withdraws what the generation did not name, in one transaction with the cursor; tells how many records went.

    While rejected rows without a name could explain all that is missing, nothing is taken, and when more is
    missing a person is asked. `released`: a person has looked and lets it pass. Raises `TooMuchGone`; the
    cursor moves all the same, for what came was applied.
    """
    try:
        async with conn.transaction():
            withdrawn = await _sweep(conn, run, released=released)
            if point is not None:
                await move_cursor(conn, run, point)
    except TooMuchGone:
        if point is not None:
            async with conn.transaction():
                await move_cursor(conn, run, point)
        raise
    return withdrawn


async def _unnamed_stocks(conn: Connection, run: RunContext) -> list[asyncpg.Record]:
    # Names against names, by hash and in memory: the statistics of what this transaction's runs have just written
    # would have each looked up among all.
    await conn.execute("set local enable_nestloop = off; set local work_mem = '64MB'")
    missing = await conn.fetch(MISSING_STOCKS, run.source.id, run.generation, run.of_reading)
    await conn.execute("set local enable_nestloop = on; set local work_mem = default")
    if not missing:
        return []
    columns = [[row[n] for row in missing] for n in range(4)]
    return await conn.fetch(OF_NO_PAST_SESSION, *columns, run.asked_at)


async def _sweep(conn: Connection, run: RunContext, *, released: bool) -> int:
    await renew(conn, run.source.id, run.fence)
    gone = [
        (KindCode(row["kind"]), row["key"], row["part"])
        for row in (
            *await conn.fetch(UNNAMED, run.source.id, run.generation, run.asked_at),
            *await _unnamed_stocks(conn, run),
        )
    ]
    merge = Merge(conn, run.source, run.asked_at, run.generation, run.is_rehearsal)
    otherwise = await named_otherwise(merge, gone)
    if not released:
        await guard_expected(conn, run, run.asked_at)
        nameless: int = await conn.fetchval(
            "select count(*) from seen where source_id = $1 and generation = $2 and kind = 0",
            run.source.id,
            run.generation,
        )
        if len(gone) - len(otherwise) <= nameless:
            gone = [name for name in gone if name in otherwise]
        await guard_sweep(conn, run, gone, nameless, otherwise)
    sold = await sold_sessions(conn, run, gone)
    await forget_missed(conn, run.source.id, sold.names)
    outcome = await withdraw(merge, gone, spared_sessions=sold.spared)
    await note_news(conn, run, Booked(gone=list(sold.confirmed)), refusal=TooMuchGone, released=released)
    await forget_vanished(conn, run.source.id, run.run_id, run.generation)
    await conn.execute(
        "update run set withdrawn = withdrawn + $2, kept_sold = kept_sold + $3 where id = $1",
        run.run_id,
        outcome.withdrawn,
        len(sold.spared),
    )
    await conn.execute("delete from seen where source_id = $1", run.source.id)
    await forget_written(conn, run.source.id, [key for kind, key, _ in gone if kind is KindCode.STOCK])
    await forget_earlier(conn, run)
    await conn.execute("update feed set snapshot_open = false where source_id = $1", run.source.id)
    if not run.is_rehearsal:
        await log(conn, merge.touched)
    return outcome.withdrawn

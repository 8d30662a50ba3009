"""A source that stays silent is not believed for ever: what it sells is hidden, then emptied, and comes back.

Hiding is one row (`source.stale_since`), which search and booking look at; nothing is deleted, and an answer
undoes it at once. Emptying comes later and is written into each row, so that what reads `supply` alone knows: the
next reading then reads everything again, and finds each row that says more than 0 changed. What is booked stays booked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from catalogue.changes import LOG_LOCK
from catalogue.database import Connection, Pool
from catalogue.kinds import KindCode
from sync.alerts import alert
from sync.stock_pages import forget_all

ZEROED_AFTER = timedelta(days=2)
"""Hidden for so long, it is emptied."""
AT_ONCE = 100
"""Sources one turn looks at; the next turn takes the next ones."""

HIDE = """
update source s set stale_since = $2 from feed f
where s.id = $1 and f.source_id = s.id and s.stale_since is null and f.fresh_until <= $2
returning s.label, f.answered_at
"""
EMPTY = """
update supply u set available = 0
from (select key, part from supply
      where source_id = $1 and gone_at is null and available is distinct from 0 order by key, part for update) o
where u.source_id = $1 and u.key = o.key and u.part = o.part
"""
LOG = """
insert into change_log (position, kind, entity_id, op)
select nextval('change_position'), $2, offer_id, 1
from (select distinct k.offer_id
      from supply u join stock k on k.id = u.stock_id and k.venue_id = u.venue_id
      where u.source_id = $1 and u.gone_at is null order by 1) o
"""


async def look(pool: Pool, at: datetime) -> tuple[int, int]:
    """Hides and empties what has been silent for too long by `at`; tells how many sources of each."""
    async with pool.acquire() as conn:
        silent = await _ids(
            conn,
            """
            select f.source_id from feed f join source s on s.id = f.source_id
            where f.fresh_until <= $1 and s.stale_since is null order by f.fresh_until limit $2
            """,
            at,
        )
        hidden = [await _hide(conn, source_id, at) for source_id in silent]
        hushed = await _ids(
            conn,
            """
            select f.source_id from source s join feed f on f.source_id = s.id
            where s.stale_since <= $1 and f.zeroed_at is null order by s.stale_since limit $2
            """,
            at - ZEROED_AFTER,
        )
        zeroed = [await _empty(conn, source_id, at) for source_id in hushed]
    return sum(hidden), sum(zeroed)


async def come_back(conn: Connection, source_id: int, at: datetime) -> bool:
    """Shows again what was hidden, in the transaction that notes the good answer. False where nothing was."""
    row = await conn.fetchrow(
        "update source set stale_since = null where id = $1 and stale_since is not null returning label", source_id
    )
    if row is None:
        return False
    await conn.execute("update feed set zeroed_at = null where source_id = $1", source_id)
    message = f"{row['label']} répond de nouveau : ses stocks sont réservables"
    await alert(conn, "source_back", f"source:{source_id}", message, at)
    await _log(conn, source_id)
    return True


async def _hide(conn: Connection, source_id: int, at: datetime) -> bool:
    async with conn.transaction():
        row = await conn.fetchrow(HIDE, source_id, at)
        if row is None:
            return False
        message = f"{row['label']} n'a plus donné de bonne réponse depuis le {row['answered_at']:%d/%m/%Y à %H:%M} UTC"
        await alert(conn, "source_hidden", f"source:{source_id}", f"{message} : ses stocks sont masqués", at)
        await _log(conn, source_id)
    return True


async def _empty(conn: Connection, source_id: int, at: datetime) -> bool:
    async with conn.transaction():
        # Not while it is being read: the reading may be the answer that was waited for.
        row = await conn.fetchrow(
            """
            update feed f set zeroed_at = $2, cursor = null from source s
            where f.source_id = $1 and f.zeroed_at is null and s.id = f.source_id and s.stale_since is not null
              and (f.lease_until is null or f.lease_until < now())
            returning s.label
            """,
            source_id,
            at,
        )
        if row is None:
            return False
        status = await conn.execute(EMPTY, source_id)
        await forget_all(conn, source_id)
        count = status.removeprefix("UPDATE ")
        message = f"{row['label']} reste muette : {count} stocks sont mis à zéro jusqu'à sa prochaine réponse"
        await alert(conn, "source_zeroed", f"source:{source_id}", message, at)
        await _log(conn, source_id)
    return True


async def _log(conn: Connection, source_id: int) -> None:
    """Whoever follows the change log reads the offers again; the log's lock is the transaction's last."""
    await conn.execute("select pg_advisory_xact_lock($1)", LOG_LOCK)
    await conn.execute(LOG, source_id, KindCode.OFFER.value)


async def _ids(conn: Connection, statement: str, at: datetime) -> Sequence[int]:
    return [row["source_id"] for row in await conn.fetch(statement, at, AT_ONCE)]

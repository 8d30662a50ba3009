"""The change log: every change of a published thing, numbered in commit order.

A sequence alone is not commit order: a transaction that drew 7 may commit after the one that drew 8,
and a reader who has seen 8 would never ask for 7. So numbers are drawn under one transaction-level
advisory lock, taken as the *last* thing a transaction does: whoever holds it commits before the next
one draws. It is the last lock of every transaction, so it cannot be part of a deadlock; it is held
for one INSERT and one COMMIT. Under it nobody else draws, so a transaction's numbers are taken as one block.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from catalogue.database import Connection, Pool
from catalogue.kinds import KindCode

LOG_LOCK = 0x6C6F_6731
"""The advisory lock of the log's tail."""


KEPT = timedelta(days=7)
"""Every change can be read for so long, by whoever reads on from an older position."""
COMPACTED = 500_000


class Op(enum.IntEnum):
    """What happened to the entity."""

    UPDATED = 1
    WITHDRAWN = 2
    MERGED = 3


@dataclass(slots=True)
class Touched:
    """What a transaction has changed so far; written to the log once, at its end."""

    seen: dict[tuple[int, int], Op] = field(default_factory=dict)

    def add(self, kind: KindCode, ids: Iterable[int], op: Op = Op.UPDATED) -> None:
        """Notes changes; the last word on an entity counts."""
        code = kind.value
        for id_ in ids:
            self.seen[code, id_] = op


@dataclass(frozen=True, slots=True)
class LoggedChange:
    """One line of the log, as read."""

    position: int
    kind: KindCode
    entity_id: int
    op: Op
    changed_at: datetime


async def log(conn: Connection, touched: Touched) -> None:
    """Writes what the open transaction touched. Call it last: nothing may be locked after it."""
    if not touched.seen:
        return
    things = sorted(touched.seen)
    kinds, ids = zip(*things, strict=True)
    await conn.execute("select pg_advisory_xact_lock($1)", LOG_LOCK)
    await conn.execute(
        """
        with block as materialized (select nextval('change_position') as first),
             taken as materialized (
                 select setval('change_position', first + cardinality($1::smallint[]) - 1) as last from block)
        insert into change_log (position, kind, entity_id, op)
        select taken.last - cardinality($1::smallint[]) + n, kind, entity_id, op
        from taken, unnest($1::smallint[], $2::bigint[], $3::smallint[]) with ordinality as t (kind, entity_id, op, n)
        """,
        kinds,
        ids,
        [touched.seen[thing] for thing in things],
    )


async def compact(pool: Pool, now: datetime) -> int:
    """Forgets changes older than `KEPT` that a later one of the same thing has overtaken; tells how many.

    The last word on each thing stays, tombstones too: a reader who comes back after a year misses none, and the log
    never holds more than one old line a thing.
    """
    tag = await pool.execute(
        """
        delete from change_log where position in (
            select position from (
                select position, changed_at,
                       row_number() over (partition by kind, entity_id order by position desc) as n
                from change_log) lines
            where n > 1 and changed_at < $1 order by position limit $2)
        """,
        now - KEPT,
        COMPACTED,
    )
    return int(tag.split()[-1])


async def read(conn: Connection, after: int = 0, limit: int = 1000) -> Sequence[LoggedChange]:
    """Changes after a position, in commit order; reading on from the last position never misses one."""
    rows = await conn.fetch(
        """
        select position, kind, entity_id, op, changed_at from change_log
        where position > $1 order by position limit $2
        """,
        after,
        limit,
    )
    return [
        LoggedChange(r["position"], KindCode(r["kind"]), r["entity_id"], Op(r["op"]), r["changed_at"]) for r in rows
    ]


async def tail(conn: Connection) -> int:
    """The position of the last change that is committed; 0 while there is none."""
    position: int = await conn.fetchval("select coalesce(max(position), 0) from change_log")
    return position

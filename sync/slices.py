"""Readings that take several runs: where one goes on, how much one run may do, and when to begin anew.

A reading is one generation's: its slices share the set of what was seen, the guard's count and the watermark,
which stands in the connector's cursor. Only its end sweeps.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

from catalogue.database import Connection

RESUMED_WITHIN = timedelta(hours=24)
"""A full reading that is asked for goes on with one that stopped, unless nothing has been read for so long."""


@dataclass(frozen=True, slots=True)
class Slice:
    """How much one run may do before others have the worker: it stops at the next place after that."""

    seconds: float = 60.0
    rows: int = 200_000

    def is_over(self, began: float, rows: int) -> bool:
        """`began` as `time.monotonic()` told it."""
        return rows >= self.rows or time.monotonic() - began >= self.seconds


@dataclass(frozen=True, slots=True)
class Stopped:
    """A reading that stopped midway, and what its slices have done so far."""

    reading: int
    """Its first run."""
    mode: str
    taken: int
    zeroed: int
    is_released: bool


async def stopped(conn: Connection, source_id: int, *, full: bool) -> Stopped | None:
    """The reading that the next run goes on with, if it may; `full`: only a whole one that is not stale."""
    row = await conn.fetchrow(
        """
        select coalesce(reading, id) as reading, mode, coalesce(ended_at, started_at) > now() - $2::interval as is_fresh
        from run where source_id = $1 and exists (select from feed where source_id = $1 and is_midway)
        order by id desc limit 1
        """,
        source_id,
        RESUMED_WITHIN,
    )
    if row is None or (full and not (row["mode"] == "full" and row["is_fresh"])):
        return None
    [done] = await conn.fetch(
        """
        select sum(withdrawn - created)::int as taken, sum(zeroed)::int as zeroed, bool_or(is_released) as is_released
        from run where source_id = $1 and id >= $2
        """,
        source_id,
        row["reading"],
    )
    return Stopped(row["reading"], row["mode"], done["taken"], done["zeroed"], done["is_released"])


async def distrust_place(conn: Connection, source_id: int, fence: int, run_id: int) -> None:
    """After a feed that no longer makes sense: the second time in one reading the next run begins anew.

    Once may be a broken page; twice, the place itself may be what leads nowhere.
    """
    await conn.execute(
        """
        update feed set cursor = null, is_midway = false
        where source_id = $1 and fence = $2 and is_midway and exists (
            select from run earlier join run later on later.id = $3
            where earlier.source_id = $1 and earlier.id >= coalesce(later.reading, later.id) and earlier.id < later.id
              and earlier.failure = 'changed')
        """,
        source_id,
        fence,
        run_id,
    )

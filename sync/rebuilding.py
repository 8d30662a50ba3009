"""All that stands is matched anew, kind by kind: what would change, what hangs on it, and, when asked, the change.

Looking writes nothing: its transactions are read-only. The change is made some steps at a time, each batch a
transaction under the kind's lock, so that sources are read meanwhile; a rebuild that was interrupted is run again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from bookings.concerned import bookings_of
from catalogue.database import Pool
from catalogue.kinds import MATCHED, KindCode
from catalogue.offers_about import offers_about
from catalogue.rebuild import Done, Step, apply_some
from catalogue.rebuild_plan import Plan, judge_table, plan
from catalogue.record_columns import record_columns
from sync.reading import insisting

STEPS: Final = 25
"""Steps of one transaction: a source that waits for the lock waits for about half a second."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a rebuild would do to one kind, and what hangs on it."""

    plan: Plan
    offers: int
    bookings: int


async def foresee(pool: Pool, kinds: Sequence[KindCode] = MATCHED) -> AsyncIterator[Foreseen]:
    """Yields for each kind what would change, as if what comes before had been done; writes nothing."""
    venue_of: dict[int, int] = {}
    for kind in kinds:
        found = await _foreseen(pool, kind, venue_of)
        if kind is KindCode.VENUE:
            venue_of = found.plan.renamed()
        yield found


async def rebuild(pool: Pool, kind: KindCode, *, steps: int = STEPS) -> tuple[Foreseen, Done]:
    """Looks at one kind and makes what it finds. Venues come first: events are at them."""
    found = await _foreseen(pool, kind, {})
    done = Done()
    for all_, ask in ((found.plan.parts, False), (found.plan.joins, False), (found.plan.asks, True)):
        for at in range(0, len(all_), steps):
            made = await insisting(partial(_some, pool, kind, all_[at : at + steps], ask))
            done.made += made.made
            done.overtaken += made.overtaken
    return found, done


async def _some(pool: Pool, kind: KindCode, steps: Sequence[Step], ask: bool) -> Done:
    async with pool.acquire() as conn:
        return await apply_some(conn, kind, steps, ask=ask)


async def _foreseen(pool: Pool, kind: KindCode, venue_of: Mapping[int, int]) -> Foreseen:
    async with pool.acquire() as conn:
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            table = await record_columns(conn, kind, venue_of)
        judged = await asyncio.to_thread(judge_table, table)
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            planned = await plan(conn, table, judged)
            offers = await offers_about(conn, kind, planned.concerned())
            return Foreseen(planned, len(offers), await bookings_of(conn, offers))

"""Who runs what: leases with fencing tokens in PostgreSQL. Losing Redis, or a worker, loses nothing.

A lease is taken for some seconds and renewed with every batch. Its token, the fence, rises each time one
is taken: a worker that slept through its lease finds a higher fence and commits nothing. A source whose
runs kill their workers is taken over at once the first time, then ever more slowly.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from catalogue.database import Connection, Pool

SECONDS = 90.0

LOCK_PROVIDER = """
select from provider where name = (select provider from feed where source_id = $1) for update
"""
# A statement of its own, after the lock: it counts what others have taken meanwhile.
TAKE = """
with place as (
    select f.source_id, p.name, p.opened_at is not null as is_open
    from feed f left join provider p on p.name = f.provider
    where f.source_id = $1 and f.paused_why is null and (f.lease_until is null or f.lease_until < now())
      and (p.name is null or (p.stopped_at is null and p.most_runs > (
        select count(*) from feed o where o.provider = p.name and o.lease_until >= now())))
      and (not $4::bool or (f.due_at <= now() and (p.opened_at is null or (p.probe_at <= now() and not exists (
        select from feed o where o.provider = p.name and o.lease_until >= now())))))
    for update of f skip locked
), probing as (
    update provider p set probe_at = now() + make_interval(secs => $3) 
    from place where $4::bool and is_open and p.name = place.name
)
update feed f set lease_owner = $2, lease_until = now() + make_interval(secs => $3), fence = f.fence + 1,
    attempts = f.attempts + $4::bool::int,
    due_at = case when $4::bool and f.attempts > 0 then now() + make_interval(mins => 1 << least(f.attempts - 1, 10))
        else f.due_at end
from place where f.source_id = place.source_id
returning f.fence
"""


class LeaseLost(Exception):
    """Somebody else runs this source now; what this run had not committed is theirs to do."""


async def take(
    conn: Connection, source_id: int, owner: str, seconds: float = SECONDS, *, by_clock: bool = False
) -> int | None:
    """The fence of a new lease; None while another holds the source, while it is paused, or while its provider is
    stopped or has as many runs as it may.

    The leases are what a provider's runs are counted by: under its row's lock, so that two workers never take the
    last place. `by_clock`: nobody asked for this run by name, so the source must be due and the circuit closed;
    while it is open, one run alone goes there when a probe is due.
    """
    async with conn.transaction():
        await conn.execute(LOCK_PROVIDER, source_id)
        fence: int | None = await conn.fetchval(TAKE, source_id, owner, seconds, by_clock)
    return fence


async def renew(conn: Connection, source_id: int, fence: int, seconds: float = SECONDS) -> None:
    """Goes on holding it; in a batch's transaction it also keeps every other run from committing between."""
    status = await conn.execute(
        "update feed set lease_until = now() + make_interval(secs => $3) where source_id = $1 and fence = $2",
        source_id,
        fence,
        seconds,
    )
    if status != "UPDATE 1":
        raise LeaseLost(f"source {source_id}")


async def release(conn: Connection, source_id: int, fence: int) -> None:
    """Lets it go, unless it was lost already."""
    await conn.execute(
        "update feed set lease_owner = null, lease_until = null where source_id = $1 and fence = $2",
        source_id,
        fence,
    )


@asynccontextmanager
async def holding(pool: Pool, source_id: int, fence: int, seconds: float = SECONDS) -> AsyncIterator[None]:
    """Renews the lease while the provider makes us wait; a lost lease ends the block with `LeaseLost`."""

    async def keep() -> None:
        while True:
            await asyncio.sleep(seconds / 3)
            # Where the row is locked for long, our own sweep renews it and holds it until it commits.
            with contextlib.suppress(asyncpg.LockNotAvailableError):
                async with pool.acquire() as conn:
                    await renew(conn, source_id, fence, seconds)

    keeper = asyncio.create_task(keep())
    try:
        yield
        if keeper.done():
            await keeper
    finally:
        keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError, LeaseLost):
            await keeper

"""What a free worker reads next: decided in PostgreSQL, for all workers on all machines.

A source that was never read comes first (somebody waits for it at a screen), then the provider that is being
read least, then the longest due: a provider with ten thousand sources due does not make the others wait.
"""

from __future__ import annotations

from catalogue.database import Connection
from sync.leases import SECONDS, take

CANDIDATES = 8
"""Others may take the first ones meanwhile…"""
TRIES = 3
"""…and, when many workers are free at once, all of them."""

# By provider, so that the work depends on what is due, and on nothing else.
_CLAIMABLE = """
with due as (
    select f.source_id, f.provider, f.due_at, f.answered_at is null and f.failures = 0 and f.attempts = 0 as is_new
    from feed f
    where f.paused_why is null and f.due_at <= now() and (f.lease_until is null or f.lease_until < now())
), busy as (
    select provider, count(*) as running from feed
    where lease_until is not null and lease_until >= now() group by provider
), able as (
    select d.*, coalesce(b.running, 0) as running,
           case when p.name is null then null
                when p.opened_at is not null then 1
                else p.most_runs - coalesce(b.running, 0) end as places
    from due d left join provider p on p.name = d.provider left join busy b on b.provider = d.provider
    where p.name is null or (p.stopped_at is null and p.most_runs > coalesce(b.running, 0)
      and (p.opened_at is null or (p.probe_at <= now() and coalesce(b.running, 0) = 0)))
)
"""
NEXT = f"""{_CLAIMABLE}, best as (
    select distinct on (provider, case when provider is null then source_id end) source_id, is_new, running, due_at
    from able order by provider, case when provider is null then source_id end, is_new desc, due_at
)
select source_id from best order by is_new desc, running, due_at, source_id limit $1
"""  # noqa: S608 - our own words
HOW_MANY = f"""{_CLAIMABLE}
select coalesce(sum(least(sources, places)), 0)::int from (
    select count(*) as sources, coalesce(min(places), count(*)) as places from able group by provider) each
"""  # noqa: S608 - our own words


async def claim(conn: Connection, owner: str, seconds: float = SECONDS) -> tuple[int, int] | None:
    """A source to read now and the fence of its lease, or None where nothing can be begun."""
    for _ in range(TRIES):
        candidates = await conn.fetch(NEXT, CANDIDATES)
        for row in candidates:
            fence = await take(conn, row["source_id"], owner, seconds, by_clock=True)
            if fence is not None:
                return row["source_id"], fence
        if not candidates:
            break
    return None


async def claimable(conn: Connection) -> int:
    """How many sources could be begun now, within their providers' limits."""
    found: int = await conn.fetchval(HOW_MANY)
    return found

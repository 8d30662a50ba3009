"""Who answers for sources: limits shared by all workers, a circuit breaker, and a kill switch.

A provider is a protocol at a host. Its row is the one place where workers on all machines agree; nobody asks it
in a loop: a request is granted a moment, and waits until then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from catalogue.database import Connection, Pool
from connectors.registry import entry
from sync.alerts import alert

FAILURES = 3
"""So many runs in a row, of as many sources (or of all there are), make a provider one that is down."""
FIRST_PROBE = timedelta(minutes=1)
LONGEST_PROBE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A provider as lists show it."""

    name: str
    sources: int
    running: int
    due: int
    most_runs: int
    per_second: float | None
    failures: int
    opened_at: datetime | None
    probe_at: datetime | None
    stopped_at: datetime | None


def provider_of(connector: str, settings: Mapping[str, Any]) -> str:
    """`connector@host` of the first address in its settings; the connector alone where it reads files."""
    read = entry(connector).read_settings(settings)
    if read.path is not None:
        return connector
    for name in type(read).model_fields:
        value = getattr(read, name)
        if isinstance(value, str) and value.startswith(("http://", "https://")):
            parts = urlsplit(value)
            port = "" if parts.port is None else f":{parts.port}"
            return f"{connector}@{parts.hostname}{port}"
    return connector


async def listed(conn: Connection) -> Sequence[ProviderRow]:
    """All providers, those in trouble first."""
    rows = await conn.fetch(
        """
        select p.name, count(f.source_id) as sources,
               count(*) filter (where f.lease_until >= now()) as running,
               count(*) filter (where f.due_at <= now() and f.paused_why is null) as due,
               p.most_runs, p.per_second, p.failures, p.opened_at, p.probe_at, p.stopped_at
        from provider p left join feed f on f.provider = p.name
        group by p.name order by p.stopped_at is null, p.opened_at is null, p.name
        """
    )
    return [ProviderRow(**row) for row in rows]


async def stop(conn: Connection, name: str, at: datetime) -> int:
    """Pulls the kill switch: nothing of it is begun, and what runs ends at its next batch. Tells how many run.

    `LookupError` for a provider that is not there.
    """
    async with conn.transaction():
        if (
            await conn.execute("update provider set stopped_at = coalesce(stopped_at, $2) where name = $1", name, at)
            == "UPDATE 0"
        ):
            raise LookupError(f"aucun fournisseur « {name} »")
        # A higher fence is what ends a run wherever it is, and keeps it from committing.
        status = await conn.execute(
            """
            update feed set fence = fence + 1, lease_owner = null, lease_until = null
            where provider = $1 and lease_until is not null
            """,
            name,
        )
    return int(status.removeprefix("UPDATE "))


async def start(conn: Connection, name: str) -> None:
    """Releases the kill switch; what is due is read. `LookupError` for a provider that is not there."""
    if await conn.execute("update provider set stopped_at = null where name = $1", name) == "UPDATE 0":
        raise LookupError(f"aucun fournisseur « {name} »")


async def limit(conn: Connection, name: str, *, most_runs: int | None, per_second: float | None) -> None:
    """Sets what all its runs together may do; None leaves a limit as it is, 0 requests a second lifts theirs."""
    status = await conn.execute(
        """
        update provider set most_runs = coalesce($2, most_runs),
            per_second = nullif(coalesce($3::float8, per_second), 0)
        where name = $1
        """,
        name,
        most_runs,
        per_second,
    )
    if status == "UPDATE 0":
        raise LookupError(f"aucun fournisseur « {name} »")


async def is_stopped(conn: Connection, source_id: int) -> bool:
    """Whether the kill switch of the source's provider is pulled."""
    found: bool = await conn.fetchval(
        """
        select exists (select from provider p join feed f on f.provider = p.name
                       where f.source_id = $1 and p.stopped_at is not null)
        """,
        source_id,
    )
    return found


class Pace:
    """Waits until the provider's next request may be made. One statement a request, and none without a limit."""

    def __init__(self, pool: Pool, provider: str | None, per_second: float | None) -> None:
        self._pool, self._provider, self._per_second = pool, provider, per_second

    async def __call__(self) -> None:
        """Returns when it is this request's turn; turns are a provider's, not a process's."""
        if self._per_second is None:
            return
        seconds: float | None = await self._pool.fetchval(
            """
            update provider set next_request_at = greatest(next_request_at, clock_timestamp())
                + make_interval(secs => 1 / per_second)
            where name = $1 and per_second is not null
            returning extract(epoch from next_request_at - clock_timestamp())::float8 - 1 / per_second
            """,
            self._provider,
        )
        if seconds is not None and seconds > 0:
            await asyncio.sleep(seconds)


async def answered(conn: Connection, name: str, at: datetime) -> None:
    """It answered: the circuit closes, and where it was open one alert says so."""
    reopened = await conn.fetchval(
        """
        with old as (select name, opened_at from provider where name = $1 for update)
        update provider p set failures = 0, failing = '{}', opened_at = null, probe_at = null, probes = 0
        from old where p.name = old.name and (p.failures > 0 or p.opened_at is not null)
        returning old.opened_at
        """,
        name,
    )
    if reopened is not None:
        minutes = max(0, round((at - reopened).total_seconds() / 60))
        await alert(conn, "provider_up", f"provider:{name}", f"{name} répond de nouveau, après {minutes} minutes", at)


async def unavailable(
    conn: Connection, name: str, source_id: int, why: str, *, began_at: datetime, at: datetime
) -> None:
    """It did not: the circuit opens once enough of its sources say so, with one alert; a failed probe delays the next.

    A run that began before the circuit opened tells nothing new.
    """
    row = await conn.fetchrow(
        """
        update provider set failures = failures + 1,
            failing = case when $2::text = any(failing) or cardinality(failing) >= $3 then failing
                else failing || $2 end,
            probes = probes + (opened_at is not null)::int
        where name = $1 and (opened_at is null or opened_at <= $4)
        returning failures, cardinality(failing) as failing, probes, opened_at
        """,
        name,
        str(source_id),
        FAILURES,
        began_at,
    )
    if row is None:
        return
    if row["opened_at"] is None:
        if row["failures"] < FAILURES:
            return
        sources = await conn.fetchval(
            "select count(*) from (select from feed where provider = $1 and paused_why is null limit $2) s",
            name,
            FAILURES,
        )
        if row["failing"] < sources:
            return
        message = f"{name} ne répond plus ({why}) ; ses sources attendent, un essai est fait de temps en temps"
        await alert(conn, "provider_down", f"provider:{name}", message, at)
    wait = min(LONGEST_PROBE, FIRST_PROBE * 2 ** min(row["probes"], 20))
    await conn.execute(
        "update provider set opened_at = coalesce(opened_at, $2), probe_at = $3 where name = $1", name, at, at + wait
    )

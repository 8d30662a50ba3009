"""Releases that a venue's own people ask for: noted in PostgreSQL, done by a worker, found again if Redis forgets."""

from __future__ import annotations

from collections.abc import Collection

from accounts import audit
from catalogue.database import Connection, Pool
from sync.venue_reports import run_of

# A pushed batch waits however many came after it; a reading only while it is its source's last.
_WAITS = """
r.state = 'guarded' and (
    exists (select from push_job j where j.run_id = r.id and j.state = 'guarded')
    or not exists (select from push_job j where j.run_id = r.id)
       and r.id = (select max(id) from run l where l.source_id = r.source_id))
"""
_ASK = f"update run r set release_asked_at = now() where r.id = $1 and {_WAITS} returning r.id"  # noqa: S608
_ASKED = f"select r.id from run r where r.release_asked_at is not null and {_WAITS} order by r.id limit 100"  # noqa: S608


class RunNotWaiting(Exception):
    """No guard holds this run back, or a later one has taken its place."""

    def __init__(self) -> None:
        super().__init__("Cette exécution n'attend personne, ou une autre l'a suivie.")


async def ask_release(conn: Connection, run_id: int, venue_ids: Collection[int], *, actor: str) -> None:
    """Notes that a guarded run of these venues may pass, and who said so; asking again is harmless.

    Raises `sync.venue_reports.RunUnknown`, `RunNotWaiting`.
    """
    await run_of(conn, run_id, venue_ids)
    async with conn.transaction():
        if await conn.fetchval(_ASK, run_id) is None:
            raise RunNotWaiting
        await audit.record(conn, actor, "run.released", f"run:{run_id}")


async def asked_releases(conn: Connection | Pool) -> list[int]:
    """The runs that may pass and that nobody has released yet."""
    return [row["id"] for row in await conn.fetch(_ASKED)]

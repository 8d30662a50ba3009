"""What follows from how a run ended: when the source is read next, what is known of its provider, who is told."""

from __future__ import annotations

from datetime import datetime, timedelta

from catalogue.database import Connection
from sync.alerts import alert
from sync.freshness import come_back
from sync.providers import answered, unavailable
from sync.runs import RunContext
from sync.schedule import HOME_ZONE, Schedule

FRESH = timedelta(days=2)
"""What a source sells is believed for so long after its last good answer."""
GRACE = timedelta(days=1)
"""A source that is read less often has so long after its next turn."""
ANSWERED = frozenset({None, "guarded"})
"""Ends after which what was read stands: also a snapshot of which only the withdrawals wait for a person."""
GUARDED = frozenset({"guarded", "emptied"})


async def schedule_of(conn: Connection, source_id: int) -> Schedule:
    """How often the source is read, by its venue's clock."""
    row = await conn.fetchrow(
        """
        select f.every_minutes, f.cron, v.time_zone from feed f
        join source s on s.id = f.source_id left join venue v on v.id = s.venue_id where f.source_id = $1
        """,
        source_id,
    )
    if row is None:
        raise LookupError(f"aucune source {source_id}")
    every = timedelta(minutes=row["every_minutes"])
    return Schedule(source_id, every, row["cron"], row["time_zone"] or HOME_ZONE)


async def settle(
    conn: Connection,
    run: RunContext,
    failure: str | None,
    message: str | None,
    *,
    at: datetime,
    retry_after: float | None = None,
    is_partial: bool = False,
) -> None:
    """Writes all that follows in one transaction; nothing where the lease was lost, for another run decides then.

    A reading stopped midway is due at once, behind those who wait by now.
    """
    async with conn.transaction():
        feed = await conn.fetchrow(
            "select provider, failures, attempts from feed where source_id = $1 and fence = $2 for update",
            run.source.id,
            run.fence,
        )
        if feed is None:
            return
        schedule = await schedule_of(conn, run.source.id)
        failures = 0 if failure in ANSWERED else feed["failures"] + 1
        if failure in ("unavailable", "bug"):
            due = schedule.after_failures(at, failures, retry_after)
        else:
            due = at if is_partial else schedule.after(at)
        fresh_until = max(at + FRESH, due + GRACE) if failure in ANSWERED else None
        await conn.execute(
            """
            update feed set due_at = $2, failures = $3, attempts = 0,
                answered_at = case when $4::timestamptz is null then answered_at else $5 end,
                fresh_until = coalesce($4, fresh_until),
                paused_why = case when $6 then $7 else paused_why end
            where source_id = $1
            """,
            run.source.id,
            due,
            failures,
            fresh_until,
            at,
            failure == "denied",
            message,
        )
        if feed["provider"] is not None:
            if failure == "unavailable":
                await unavailable(conn, feed["provider"], run.source.id, message or "", began_at=run.asked_at, at=at)
            elif failure not in ("settings", "bug"):
                await answered(conn, feed["provider"], at)
        if failure == "denied":
            told = f"accès refusé à la source {run.source.id} ({run.source.connector}), mise en pause : {message}"
            await alert(conn, "source_denied", f"source:{run.source.id}", told, at)
        elif failure in GUARDED and not await _was_guarded(conn, run):
            told = f"source {run.source.id} ({run.source.connector}), lecture {run.run_id} : {message}"
            await alert(conn, "run_guarded", f"source:{run.source.id}", told, at)
        if fresh_until is not None:
            await come_back(conn, run.source.id, at)


async def _was_guarded(conn: Connection, run: RunContext) -> bool:
    """The source's reading before this one waited for a person too."""
    found: bool | None = await conn.fetchval(
        "select state = 'guarded' from run where source_id = $1 and id < $2 order by id desc limit 1",
        run.source.id,
        run.run_id,
    )
    return bool(found)

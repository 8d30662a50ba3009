"""The reports of runs: what was read, what changed, what was refused, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from catalogue.database import Connection
from catalogue.merging import Move, Outcome, SourceInfo
from connectors.base import Checkpoint, Cursor, Reject
from sync.leases import LeaseLost, renew
from sync.meter import Meter
from sync.slices import stopped

COUNTS = (
    "records, created, changed, unchanged, repeated, rejected, withdrawn, zeroed, kept_sold, cancelled_bookings, "
    "moved_bookings, moved, is_partial, pages, bytes_read, rows_read, rows_expected, seconds, first_errors, first_moves"
)
FIRST_ERRORS, FIRST_MOVES = 5, 20
"""So many refused rows, and moved sessions, are told in the report itself."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """One run under way: whose, in which generation, and the fence that lets it commit."""

    run_id: int
    source: SourceInfo
    fence: int
    generation: int
    asked_at: datetime
    """Before the first request: what the provider says is as of then, at the oldest."""
    is_rehearsal: bool = False
    """Everything will be rolled back: the change log's lock, which all writers share, is not taken."""
    is_released: bool = False
    """A person has looked: the source may empty itself."""
    is_full: bool = False
    """The reading names all that the source has."""
    taken_before: int = 0
    """Rows that earlier slices of this reading have taken, beyond those they brought; below 0 where they brought."""
    zeroed_before: int = 0
    reading: int | None = None
    """The first run of the reading that this one goes on with."""
    meter: Meter = field(default_factory=Meter)

    @property
    def of_reading(self) -> int:
        """The first run of its reading."""
        return self.reading or self.run_id


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run as its venue reads it."""

    id: int
    source_id: int
    mode: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    records: int
    created: int
    changed: int
    unchanged: int
    repeated: int
    rejected: int
    withdrawn: int
    zeroed: int
    kept_sold: int
    cancelled_bookings: int
    moved_bookings: int
    moved: int
    is_partial: bool
    pages: int
    bytes_read: int
    rows_read: int | None
    rows_expected: int | None
    seconds: dict[str, float]
    first_errors: list[dict[str, Any]]
    first_moves: list[dict[str, Any]]
    failure: str | None
    message: str | None


async def begin(
    conn: Connection,
    source: SourceInfo,
    fence: int,
    *,
    full: bool,
    is_rehearsal: bool = False,
    is_released: bool = False,
) -> tuple[RunContext, Cursor | None]:
    """Opens a run, and says from where to read: None for everything.

    A reading that stopped midway is gone on with, as the same reading in the same generation.
    """
    async with conn.transaction():
        await conn.execute(
            """
            update run set state = 'lost', failure = 'lost', ended_at = now()
            where source_id = $1 and state = 'running'
            """,
            source.id,
        )
        feed = await conn.fetchrow(
            "select cursor, generation, snapshot_open from feed where source_id = $1 and fence = $2 for update",
            source.id,
            fence,
        )
        if feed is None:
            raise LeaseLost(f"source {source.id}")
        goes_on = await stopped(conn, source.id, full=full) if not (full and is_rehearsal) else None
        from_start = feed["cursor"] is None or (full and goes_on is None)
        cursor = None if from_start else Cursor(feed["cursor"])
        is_released = is_released or (goes_on is not None and goes_on.is_released)
        generation: int = feed["generation"]
        # Any reading may turn out to be a whole snapshot: what it names is noted from its beginning.
        if cursor is None or not feed["snapshot_open"]:
            await conn.execute("delete from seen where source_id = $1", source.id)
        mode = goes_on.mode if goes_on else "full" if cursor is None else "incremental"
        if cursor is None:
            generation += 1
            await conn.execute(
                """
                update feed set generation = $2, snapshot_open = true, cursor = null, is_midway = false
                where source_id = $1
                """,
                source.id,
                generation,
            )
        [row] = await conn.fetch(
            """
            insert into run (source_id, mode, generation, fence, reading, is_released) values ($1, $2, $3, $4, $5, $6)
            returning id, clock_timestamp() as asked_at
            """,
            source.id,
            mode,
            generation,
            fence,
            goes_on.reading if goes_on else None,
            is_released,
        )
    run = RunContext(
        row["id"], source, fence, generation, row["asked_at"], is_rehearsal, is_released, is_full=mode == "full"
    )
    if goes_on is not None:
        run = replace(run, taken_before=goes_on.taken, zeroed_before=goes_on.zeroed, reading=goes_on.reading)
    return run, cursor


async def cursor_of(conn: Connection, source_id: int) -> Cursor | None:
    """From where the next incremental run reads on; None where it must read everything."""
    cursor: str | None = await conn.fetchval("select cursor from feed where source_id = $1", source_id)
    return None if cursor is None else Cursor(cursor)


async def move_cursor(conn: Connection, run: RunContext, point: Checkpoint) -> None:
    """Notes from where to read on, in the transaction of what was read; `LeaseLost` where another run has begun."""
    await renew(conn, run.source.id, run.fence)
    await conn.execute(
        "update feed set cursor = $2, is_midway = $3 where source_id = $1", run.source.id, point.cursor, point.midway
    )


async def reopen(conn: Connection, source: SourceInfo, run_id: int, fence: int) -> RunContext:
    """Takes up a guarded run again where it asked; `LookupError` where it does not wait, or others came after."""
    row = await conn.fetchrow(
        """
        update run set state = 'running', failure = null, ended_at = null, fence = $3
        where id = $2 and state = 'guarded' and failure = 'guarded'
          and id = (select max(id) from run where source_id = $1)
        returning id, generation, reading, started_at, pages, bytes_read, rows_read, rows_expected, seconds
        """,
        source.id,
        run_id,
        fence,
    )
    if row is None:
        raise LookupError(f"l'exécution {run_id} n'attend personne, ou une autre l'a suivie")
    meter = Meter.again(row["pages"], row["bytes_read"], row["rows_read"], row["rows_expected"], row["seconds"])
    return RunContext(
        row["id"], source, fence, row["generation"], row["started_at"], reading=row["reading"], meter=meter
    )


async def advance(
    conn: Connection, run: RunContext, *, records: int, repeated: int, rejects: Sequence[Reject], outcome: Outcome
) -> tuple[int, int]:
    """Adds a batch's figures to the report, in the batch's transaction, and holds the lease.

    Tells how many rows the reading has taken by now beyond those it has brought, and how many it has emptied.
    """
    await renew(conn, run.source.id, run.fence)
    [row] = await conn.fetch(
        """
        update run set records = records + $2, created = created + $3, changed = changed + $4,
            unchanged = unchanged + $5, repeated = repeated + $6, rejected = rejected + $7,
            withdrawn = withdrawn + $8, kept_sold = kept_sold + $9, zeroed = zeroed + $10, moved = moved + $11,
            pages = $12, bytes_read = $13, rows_read = $14, rows_expected = $15, seconds = $16
        where id = $1 returning withdrawn - created as taken, zeroed, first_errors, first_moves
        """,
        run.run_id,
        records,
        outcome.created,
        outcome.changed,
        outcome.unchanged,
        repeated,
        len(rejects),
        outcome.withdrawn,
        outcome.kept_sold,
        outcome.zeroed,
        len(outcome.moves),
        *_metered(run.meter),
    )
    errors = row["first_errors"] + [_error(one, run.meter.refused_on.get(id(one))) for one in rejects[:FIRST_ERRORS]]
    moves = row["first_moves"] + [_move(one) for one in outcome.moves[:FIRST_MOVES]]
    if len(errors) > len(row["first_errors"]) or len(moves) > len(row["first_moves"]):
        await conn.execute(
            "update run set first_errors = $2, first_moves = $3 where id = $1",
            run.run_id,
            errors[:FIRST_ERRORS],
            moves[:FIRST_MOVES],
        )
    return max(row["taken"] + run.taken_before, 0), row["zeroed"] + run.zeroed_before


def _metered(meter: Meter) -> tuple[int, int, int | None, int | None, dict[str, float]]:
    return meter.traffic.answers, meter.traffic.bytes, meter.read, meter.expected, meter.seconds


def _error(reject: Reject, page: int | None) -> dict[str, Any]:
    """A refused row as the report tells it; the row itself is in the quarantine."""
    ref = reject.ref
    told = {"why": reject.why, "kind": reject.kind and str(reject.kind), "key": ref and ref.key, "page": page or None}
    return {name: _storable(value)[:500] if isinstance(value, str) else value for name, value in told.items()}


def _storable(text: str) -> str:
    # PostgreSQL's text knows neither NUL nor half a character.
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _move(move: Move) -> dict[str, Any]:
    return {"key": move.key, "title": move.title, "from": move.was.isoformat(), "to": move.now.isoformat()}


async def end(
    conn: Connection,
    run: RunContext,
    state: str,
    failure: str | None = None,
    message: str | None = None,
    *,
    is_partial: bool = False,
) -> None:
    """Closes the run's report."""
    await conn.execute(
        """
        update run set state = $2, failure = $3, message = $4, is_partial = $5, ended_at = clock_timestamp(),
            pages = $6, bytes_read = $7, rows_read = $8, rows_expected = $9, seconds = $10
        where id = $1 and state = 'running'
        """,
        run.run_id,
        state,
        failure,
        message,
        is_partial,
        *_metered(run.meter),
    )


async def report(conn: Connection, run_id: int) -> RunReport:
    """The report of one run; `LookupError` when there is none."""
    row = await conn.fetchrow(
        f"select id, source_id, mode, state, started_at, ended_at, {COUNTS}, failure, message from run where id = $1",  # noqa: S608
        run_id,
    )
    if row is None:
        raise LookupError(f"aucune exécution {run_id}")
    return RunReport(**row)


async def latest(conn: Connection) -> dict[int, RunReport]:
    """The last run of every source that was ever read, by source."""
    rows = await conn.fetch(
        f"""
        select distinct on (source_id) id, source_id, mode, state, started_at, ended_at, {COUNTS}, failure, message
        from run order by source_id, id desc
        """  # noqa: S608 - names of our own columns
    )
    return {row["source_id"]: RunReport(**row) for row in rows}

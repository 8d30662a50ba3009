"""Refused rows tried again after a fault of ours was mended, without the provider.

What our own validation or merge refused is kept as a record, and goes through the merge again; what a connector
refused is kept as received, and its connector reads it again. Either way it says what it said when it came: what
the source has said since is not overwritten. Rows that are still refused stay, with the reason of today.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import groupby

import asyncpg
import msgspec

from catalogue.database import Connection, Pool
from catalogue.kinds import NAME
from catalogue.merging import SourceInfo, source_info
from connectors.base import Connector, Reject, Rereading, Upsert
from connectors.rows import key_of
from net.errors import SourceFailure
from schemas.records import KIND_OF, Kind, Record, SourceRef, Stock
from sync.applying import apply
from sync.batch import Batch
from sync.guard import TooMuchEmptied
from sync.leases import release, take
from sync.push_items import CONNECTOR as PUSHED
from sync.push_items import Unread, change_of, own_key
from sync.push_merge import remembered_stocks
from sync.quarantine import digest_of, refuse
from sync.reading import insisting
from sync.runs import RunContext, begin, end

ROWS = 500
"""Rows of one run that are tried in one transaction."""

Connect = Callable[[SourceInfo], AbstractAsyncContextManager[Connector]]

_WAITING = """
select q.id, q.run_id, coalesce(j.received_at, r.started_at) as said_at
from quarantine q join run r on r.id = q.run_id left join push_job j on j.run_id = r.id
where q.source_id = $1 and q.resolved_at is null and ($2::bigint[] is null or q.id = any($2))
order by 3, 2, 1
"""
_ROWS = """
select id, run_id, digest, kind, key, part, why, raw, times_seen, last_seen_at from quarantine
where id = any($1::bigint[]) and resolved_at is null order by id
"""
_REFUSED_NOW = "select id, digest, kind, key, part, why from quarantine where source_id = $1 and run_id = $2"
# A replay is no reading: when a row was last seen, and how often, stays.
_SETTLE = """
update quarantine set run_id = $2, times_seen = $3, last_seen_at = $4, why = $5,
    resolved_at = case when $6 then coalesce(resolved_at, now()) end
where id = $1
"""
_HAS_PARTS = """
select exists (select from supply where source_id = $1 and key = $2 and part <> '' and gone_at is null)
"""
_IS_HELD = "select state = 'guarded' from run where source_id = $1 order by id desc limit 1"


class ReplayHeld(Exception):
    """The source's last run waits for a person: that comes first."""

    def __init__(self, source_id: int) -> None:
        super().__init__(f"la dernière exécution de la source {source_id} attend d'être libérée : d'abord elle")


@dataclass(frozen=True, slots=True)
class Replayed:
    """How a replay went: rows that are well now, rows that are still refused, and the run it was."""

    run_id: int | None
    mended: int = 0
    still: int = 0


@dataclass(frozen=True, slots=True)
class _Said:
    """What a kept row says when it is read again; nothing where it cannot be."""

    row: asyncpg.Record
    changes: Sequence[Upsert | Reject]


async def sources_waiting(pool: Pool, ids: Sequence[int] | None = None) -> list[int]:
    """The sources of these refused rows, or of all that wait."""
    rows = await pool.fetch(
        "select distinct source_id from quarantine where resolved_at is null and ($1::bigint[] is null or id = any($1))"
        " order by 1",
        ids,
    )
    return [row["source_id"] for row in rows]


async def replay(
    pool: Pool, owner: str, connect: Connect, source_id: int, ids: Sequence[int] | None = None
) -> Replayed | None:
    """Tries a source's refused rows again, all or these; None where the source is busy.

    Raises `ReplayHeld`, `TooMuchEmptied` where the rows would empty the source, and what opening its settings raises.
    """
    async with pool.acquire() as conn:
        source = await source_info(conn, source_id)
        fence = await take(conn, source_id, owner)
        if fence is None:
            return None
        try:
            if source.connector != PUSHED and await conn.fetchval(_IS_HELD, source_id):
                raise ReplayHeld(source_id)
            waiting = await conn.fetch(_WAITING, source_id, ids)
            if not waiting:
                return Replayed(None)
            run, _ = await begin(conn, source, fence, full=False)
            try:
                mended = 0
                async for slice_, said_at, reading in _slices(conn, connect, source, waiting):
                    told = replace(run, asked_at=said_at)
                    mended += await insisting(partial(_replay, conn, told, slice_, reading))
            except TooMuchEmptied as stop:
                await end(conn, run, "failed", "emptied", str(stop))
                raise
            except Exception as error:
                await end(conn, run, "failed", "bug", f"rejeu interrompu : {type(error).__name__}")
                raise
            still = len(waiting) - mended
            await end(conn, run, "done", message=f"rejeu : {mended} lignes reprises, {still} encore refusées")
            return Replayed(run.run_id, mended, still)
        finally:
            await release(conn, source_id, fence)


async def _slices(
    conn: Connection, connect: Connect, source: SourceInfo, waiting: Sequence[asyncpg.Record]
) -> AsyncIterator[tuple[list[int], datetime, Connector | None]]:
    """The rows' ids, at most `ROWS` of one run at once, in the order they were said, and who can read them."""
    ids = [(row["said_at"], row["run_id"], row["id"]) for row in waiting]
    if source.connector == PUSHED:
        for one in _sliced(ids):
            yield *one, None
        return
    async with connect(source) as connector:
        for one in _sliced(ids):
            yield *one, connector


def _sliced(ids: Sequence[tuple[datetime, int, int]]) -> Iterable[tuple[list[int], datetime]]:
    for (said_at, _), group in groupby(ids, key=lambda one: one[:2]):
        of_run = [id_ for _, _, id_ in group]
        for begin_ in range(0, len(of_run), ROWS):
            yield of_run[begin_ : begin_ + ROWS], said_at


async def _replay(conn: Connection, run: RunContext, ids: Sequence[int], connector: Connector | None) -> int:
    """Tries these rows in one transaction; how many are well now."""
    async with conn.transaction():
        rows = await conn.fetch(_ROWS, ids)
        said = [_Said(row, await _read(conn, run.source, row, connector)) for row in rows]
        batch = Batch()
        for one in said:
            for change in one.changes:
                batch.add(change)
        await apply(conn, run, batch)
        return await _settle(conn, run, said)


async def _settle(conn: Connection, run: RunContext, said: Sequence[_Said]) -> int:
    refused = await conn.fetch(_REFUSED_NOW, run.source.id, run.run_id)
    kept = {one.row["id"] for one in said}
    # What was refused anew in another form is the same row, which is kept as it was received.
    anew = [row for row in refused if row["id"] not in kept]
    why_of = {row["digest"]: row["why"] for row in refused}
    mended = 0
    for one in said:
        digests = [one.row["digest"], *(digest for change in one.changes for digest in _digests(change))]
        why = next((why_of[digest] for digest in digests if digest in why_of), None)
        is_well = bool(one.changes) and why is None
        mended += is_well
        before = (one.row["run_id"], one.row["times_seen"], one.row["last_seen_at"], why or one.row["why"])
        await conn.execute(_SETTLE, one.row["id"], *before, is_well)
    await conn.execute("delete from quarantine where id = any($1::bigint[])", [row["id"] for row in anew])
    return mended


async def _read(
    conn: Connection, source: SourceInfo, row: asyncpg.Record, connector: Connector | None
) -> list[Upsert | Reject]:
    kind = Kind(NAME[row["kind"]]) if row["kind"] else None
    ref = None
    if row["key"] is not None:
        ref = SourceRef(connector=source.connector, account=source.account, key=row["key"], part=row["part"] or "")
    kept = Reject(row["why"], row["raw"], kind, ref)
    record = _record(kept, source)
    if record is not None:
        return [Upsert(record)]
    if source.connector == PUSHED:
        return await _pushed(conn, source, kept)
    if not isinstance(connector, Rereading):
        return []
    try:
        changes = [change for change in connector.reread(kept) if isinstance(change, Upsert | Reject)]
    except SourceFailure:
        return []
    for change in changes:
        # Alone, a row no longer tells which of the prices of its key it is.
        record = change.record if isinstance(change, Upsert) else None
        is_alone = isinstance(record, Stock) and not record.ref.part
        if record is not None and is_alone and await conn.fetchval(_HAS_PARTS, source.id, record.ref.key):
            return []
    return changes


def _record(kept: Reject, source: SourceInfo) -> Record | None:
    """The record that our own side refused, if it is one: no provider's row looks like it."""
    try:
        record: Record = msgspec.json.decode(kept.raw, type=Record)
    except msgspec.DecodeError:
        return None
    is_ours = (record.ref.connector, record.ref.account) == (source.connector, source.account)
    return record if is_ours and KIND_OF[type(record)] is kept.kind else None


async def _pushed(conn: Connection, source: SourceInfo, kept: Reject) -> list[Upsert | Reject]:
    try:
        document = msgspec.json.decode(kept.raw)
    except msgspec.DecodeError:
        return []
    if kept.kind is None:
        return []
    key = key_of(own_key(document))
    said = change_of(
        kept.kind, document, source.account, await remembered_stocks(conn, source.id, [key] if key else [])
    )
    if isinstance(said, Unread):
        return [Reject(said.why, kept.raw, kept.kind, said.ref)]
    return [said] if isinstance(said, Upsert) else []


def _digests(change: Upsert | Reject) -> list[bytes]:
    """As what the quarantine would know it: by its name, or without one that cannot be kept."""
    reject = change if isinstance(change, Reject) else refuse(change.record, "")
    return [digest_of(reject), digest_of(replace(reject, ref=None))]

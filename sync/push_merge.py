"""Merging what partners pushed: the way of a reading, one run for each batch, with a receipt for each item.

Rows, receipts and the job's end are one transaction: a worker that dies leaves the job waiting, and whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import asyncpg
import msgspec

from catalogue.database import Connection, Pool
from catalogue.kinds import NAME, KindCode
from catalogue.merging import SourceInfo, source_info
from connectors.base import Reject
from connectors.rows import key_of
from schemas.records import Kind
from sync.applying import apply
from sync.batch import Batch
from sync.guard import TooMuchEmptied, guard_run
from sync.leases import LeaseLost, release, take
from sync.push_items import Unread, change_of, own_key
from sync.reading import insisting
from sync.receipts import Said, standing, write_receipts
from sync.runs import RunContext, begin, end

_NEXT = """
select id, received_at from push_job where source_id = $1 and state = 'waiting' order by id limit 1
"""
_GUARDED = "select id, received_at from push_job where source_id = $1 and run_id = $2 and state = 'guarded'"
_ITEMS = "select n, kind, raw from push_item where job_id = $1 order by n"
_ENDED = """
update push_job set state = $2, run_id = $3, message = $4, ended_at = clock_timestamp() where id = $1
"""
_WAITING = """
select distinct j.source_id from push_job j join feed f on f.source_id = j.source_id
where j.state = 'waiting' and f.paused_why is null and (f.lease_until is null or f.lease_until < now()) limit 500
"""
# Of stocks of this vendor, what a till that names them by key alone need not repeat.
_REMEMBERED = """
select key, price_cents as "priceCents", price_label as "priceLabel", sellable_until as "sellableUntil", ean,
       case of_kind when 2 then of_key end as "productKey", case of_kind when 4 then of_key end as "eventKey",
       case of_kind when 5 then of_key end as "sessionKey"
from supply where source_id = $1 and part = '' and key = any($2::text[])
"""
# A till that empties a shop batch by batch empties it all the same; what a person let pass is not held against it.
_LATELY = """
select coalesce(sum(greatest(withdrawn - created, 0)), 0)::int as taken, coalesce(sum(zeroed), 0)::int as zeroed
from run where source_id = $1 and started_at > now() - interval '1 hour' and state in ('running', 'done')
  and message is null
"""
RELEASED = "retraits acceptés par une personne"


async def waiting_sources(conn: Connection | Pool) -> list[int]:
    """Sources with batches that nobody merges now."""
    return [row["source_id"] for row in await conn.fetch(_WAITING)]


async def merge_waiting(pool: Pool, owner: str, source_id: int) -> int | None:
    """Merges the batches of a source that wait, in the order they came; how many, or None where another does it.

    A batch that cannot be merged by a fault of ours ends as failed and is raised; the others go on at the next call.
    """
    merged = 0
    async with pool.acquire() as conn:
        source = await source_info(conn, source_id)
        # What came while the lease was let go is looked for once more: its bell found us busy.
        while (job := await conn.fetchrow(_NEXT, source_id)) is not None:
            fence = await take(conn, source_id, owner)
            if fence is None:
                return merged or None
            try:
                while job is not None:
                    await _merge(conn, source, fence, job, is_released=False)
                    merged += 1
                    job = await conn.fetchrow(_NEXT, source_id)
            finally:
                await release(conn, source_id, fence)
    return merged


async def merge_released(pool: Pool, owner: str, source: SourceInfo, run_id: int) -> int | None:
    """Merges the batch that a guard held back in this run; its new run, or None where the source is busy.

    Raises `LookupError` where no batch of that run waits for anybody.
    """
    async with pool.acquire() as conn:
        job = await conn.fetchrow(_GUARDED, source.id, run_id)
        if job is None:
            raise LookupError(f"l'exécution {run_id} n'attend personne")
        fence = await take(conn, source.id, owner)
        if fence is None:
            return None
        try:
            return await _merge(conn, source, fence, job, is_released=True)
        finally:
            await release(conn, source.id, fence)


async def _merge(conn: Connection, source: SourceInfo, fence: int, job: asyncpg.Record, *, is_released: bool) -> int:
    run, _ = await begin(conn, source, fence, full=False, is_released=is_released)
    # What a partner says is as of when it was said, however long it waited here.
    run = replace(run, asked_at=job["received_at"])
    try:
        await insisting(partial(_apply, conn, run, job["id"]))
    except TooMuchEmptied as stop:
        async with conn.transaction():
            await end(conn, run, "guarded", "emptied", str(stop))
            await conn.execute(_ENDED, job["id"], "guarded", run.run_id, str(stop))
    except LeaseLost:
        await end(conn, run, "lost", "lost", "une autre exécution a repris cette source")
        raise
    except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError):
        raise  # the database went away: the job waits, and whoever comes next begins anew
    except Exception as error:
        message = f"erreur interne : {type(error).__name__}"
        async with conn.transaction():
            await end(conn, run, "failed", "bug", message)
            await conn.execute(_ENDED, job["id"], "failed", run.run_id, message)
        raise
    else:
        await end(conn, run, "done", message=RELEASED if is_released else None)
    return run.run_id


async def _apply(conn: Connection, run: RunContext, job_id: int) -> None:
    async with conn.transaction():
        rows = await conn.fetch(_ITEMS, job_id)
        said = await _read(conn, run.source, rows)
        batch = Batch()
        for row in rows:
            one = said[row["n"]]
            batch.add(_rejected(row, one) if isinstance(one, Unread) else one)
        before = await standing(conn, run.source.id, said)
        await apply(conn, run, batch)
        await write_receipts(conn, run.source.id, run.run_id, job_id, said, before)
        await conn.execute(_ENDED, job_id, "done", run.run_id, None)
        if not run.is_released:
            [lately] = await conn.fetch(_LATELY, run.source.id)
            await guard_run(conn, run, lately["taken"], lately["zeroed"])


async def _read(conn: Connection, source: SourceInfo, rows: Sequence[asyncpg.Record]) -> dict[int, Said]:
    documents = {row["n"]: _document(row["raw"]) for row in rows}
    keys = {key for row in rows if row["kind"] == KindCode.STOCK and (key := key_of(own_key(documents[row["n"]])))}
    remembered = await remembered_stocks(conn, source.id, sorted(keys))
    return {row["n"]: change_of(_kind(row), documents[row["n"]], source.account, remembered) for row in rows}


async def remembered_stocks(conn: Connection, source_id: int, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What was pushed of these stocks before, in the form's own words."""
    remembered = {}
    for found in await conn.fetch(_REMEMBERED, source_id, keys):
        told = {name: msgspec.to_builtins(value) for name, value in found.items() if value is not None}
        remembered[told.pop("key")] = told
    return remembered


def _document(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return None  # too long to have been kept whole: refused as no object


def _kind(row: asyncpg.Record) -> Kind:
    return Kind(NAME[row["kind"]])


def _rejected(row: asyncpg.Record, one: Unread) -> Reject:
    return Reject(one.why, row["raw"], _kind(row), one.ref)

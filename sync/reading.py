"""A stream of changes, applied batch by batch as it comes: one is read while the one before it is applied."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import TypeVar

import asyncpg

from catalogue.database import Connections
from connectors.base import Change, Checkpoint
from connectors.pages import SamePage, StockPage
from net.errors import AccessDenied, FeedChanged, ProviderUnavailable
from sync.applying import apply
from sync.batch import Batch
from sync.runs import FIRST_ERRORS, RunContext
from sync.slices import Slice
from sync.sweep import sweep

Result = TypeVar("Result")

ROWS = 10_000
"""Changes applied in one transaction."""
PATIENCE = 5.0
"""Seconds after which what a slow provider has told is committed, however little: a crash loses no more."""
TRIES = 5
"""A transaction that lost a deadlock or waited too long for a lock is tried again."""


async def read_into(
    connections: Connections,
    run: RunContext,
    changes: AsyncIterator[Change | StockPage | SamePage],
    *,
    rows: int = ROWS,
    limit: Slice | None = None,
) -> bool:
    """Applies a stream of changes batch by batch; the cursor moves at checkpoints, with the rows before it.

    While a batch is applied the next one is read, and no more: at most two are in memory. At the end of a snapshot
    the cursor moves with the sweep: a run that dies before it reads that end again. When the stream ends by an
    error, what had come is applied all the same: those rows were whole. A place midway costs no transaction of its
    own: it is noted with the next batch. Tells whether it stopped at one, its `limit` being over: whoever gave the
    stream closes it. A connection is held while something is applied, and none while the stream is waited for.
    """
    batch, place, told = Batch(), None, 0
    began = committed = time.monotonic()
    applying = Applying(connections, run)

    async def commit(point: Checkpoint | None) -> None:
        nonlocal batch, place, told, committed
        full, batch, place = batch, Batch(), None
        told += full.records
        committed = time.monotonic()
        await applying.begin(full, point)

    try:
        async for change in changes:
            if not isinstance(change, Checkpoint):
                if not batch.has_room_for(change):
                    await commit(place)
                if isinstance(change, StockPage | SamePage):
                    batch.add_page(change)
                else:
                    batch.add(change)
                if batch.rejects and len(batch.rejects) <= FIRST_ERRORS:
                    run.meter.refused_on.setdefault(id(batch.rejects[-1]), run.meter.traffic.answers)
                if len(batch) >= rows:
                    await commit(place)
                continue
            run.meter.reached(change)
            if change.midway:
                place = change
                is_over = limit is not None and limit.is_over(began, told + batch.records)
                if is_over or time.monotonic() - committed >= PATIENCE:
                    await commit(place)
                if is_over:
                    await applying.end()
                    return True
            elif change.complete:
                await commit(None)
                await applying.end()
                with run.meter.stage("sweep"):
                    async with connections() as conn:
                        await insisting(partial(sweep, conn, run, point=change))
            else:
                await commit(change)
        await applying.end()
    except (ProviderUnavailable, AccessDenied, FeedChanged):
        await commit(place)
        await applying.end()
        raise
    finally:
        await applying.abandon()
    return False


class Applying:
    """One batch being applied beside the reading of the next; what it raises comes up at the next step."""

    def __init__(self, connections: Connections, run: RunContext) -> None:
        self._connections, self._run = connections, run
        self._task: asyncio.Task[None] | None = None

    async def begin(self, batch: Batch, point: Checkpoint | None) -> None:
        """Waits for the batch before, then applies this one."""
        await self.end()
        self._task = asyncio.create_task(self._apply(batch, point))

    async def end(self) -> None:
        """Returns when nothing is being applied any more."""
        task, self._task = self._task, None
        if task is not None:
            with self._run.meter.stage("held"):
                try:
                    await task
                finally:
                    task.cancel()

    async def abandon(self) -> None:
        """Lets what is being applied come to nothing; what it raises is not asked for any more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task

    async def _apply(self, batch: Batch, point: Checkpoint | None) -> None:
        with self._run.meter.stage("apply"):
            async with self._connections() as conn:
                await insisting(partial(apply, conn, self._run, batch, point))
        for reject in batch.rejects:
            self._run.meter.refused_on.pop(id(reject), None)


async def insisting(transaction: Callable[[], Awaitable[Result]]) -> Result:
    """Does it, again where it lost a deadlock or waited too long for a lock."""
    attempt = 1
    while True:
        try:
            return await transaction()
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError):
            if attempt == TRIES:
                raise
            await asyncio.sleep(0.05 * 2**attempt)
            attempt += 1

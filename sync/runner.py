"""One run of one source, from its lease to its report. Other sources' runs never notice how it ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, nullcontext
from datetime import UTC, datetime
from typing import cast

from bookings.errors import Busy
from bookings.withdrawals import Withdrawals
from catalogue.database import Connection, Pool
from catalogue.merging import SourceInfo, source_info
from connectors.base import Change, Connector, Cursor
from connectors.pages import Paged, SamePage, StockPage
from net.client import Aside, Limits
from sync.claims import claim
from sync.endings import Ending, ending_of
from sync.journal import began, ended, was_down
from sync.leases import SECONDS, holding, release, take
from sync.opening import Opener
from sync.outcomes import settle
from sync.providers import is_stopped
from sync.push_items import CONNECTOR as PUSHED
from sync.push_merge import merge_released, merge_waiting
from sync.reading import ROWS, read_into
from sync.rehearsal import Rehearsal, rehearse
from sync.replay import Replayed, replay
from sync.runs import RunContext, RunReport, begin, cursor_of, end, reopen, report
from sync.slices import Slice, distrust_place
from sync.stock_pages import forget_all, known_pages
from sync.sweep import sweep
from sync.vault import Vault


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


class SourceBusy(Exception):
    """Another run holds the source, it is paused, or its provider is stopped or as busy as it may be."""


class Runner:
    """Runs sources: `owner` names this process in the leases it takes; `limits` bound what a provider may cost.

    A run holds a connection while it writes, and none while it waits for its provider: `aside` is entered then.
    """

    def __init__(
        self,
        pool: Pool,
        vault: Vault,
        *,
        owner: str,
        clock: Callable[[], datetime] = now,
        rows: int = ROWS,
        limits: Limits | None = None,
        lease_seconds: float = SECONDS,
    ) -> None:
        self._pool, self._owner, self._clock, self._rows = pool, owner, clock, rows
        self._lease_seconds = lease_seconds
        self.opener = Opener(pool, vault, clock=clock, limits=limits)

    async def run(
        self,
        source_id: int,
        *,
        full: bool = False,
        released: bool = False,
        limit: Slice | None = None,
        aside: Aside = nullcontext,
    ) -> RunReport:
        """Reads the source and applies what it says; a failure is in the report, not raised.

        A reading that stopped midway is gone on with. `limit`: where it is over, so is the run, midway
        (`is_partial`). `released`: a person has looked, and the source may say that most of it is gone or sold
        out. Raises `SourceBusy` when another run holds it, `LookupError` when there is no such source.
        """
        async with self._pool.acquire() as conn:
            source = await source_info(conn, source_id)
            if source.connector == PUSHED:
                raise LookupError(f"la source {source_id} ne se lit pas : son logiciel envoie lui-même")
            fence = await self._take(conn, source_id)
        return await self._run(source, fence, full=full, released=released, limit=limit, aside=aside)

    async def run_next(self, *, limit: Slice | None = None, aside: Aside = nullcontext) -> RunReport | None:
        """Reads the source that is next, of all that are due; None where nothing can be begun now."""
        async with self._pool.acquire() as conn:
            claimed = await claim(conn, self._owner, self._lease_seconds)
            if claimed is None:
                return None
            source_id, fence = claimed
            source = await source_info(conn, source_id)
        return await self._run(source, fence, limit=limit, aside=aside)

    async def _take(self, conn: Connection, source_id: int) -> int:
        fence = await take(conn, source_id, self._owner, self._lease_seconds)
        if fence is None:
            if await is_stopped(conn, source_id):
                raise SourceBusy(f"le fournisseur de la source {source_id} est arrêté")
            raise SourceBusy(
                f"la source {source_id} est déjà en cours de lecture, ou en pause, ou son fournisseur est trop occupé"
            )
        return fence

    async def _run(
        self,
        source: SourceInfo,
        fence: int,
        *,
        full: bool = False,
        released: bool = False,
        limit: Slice | None,
        aside: Aside,
    ) -> RunReport:
        try:
            async with self._pool.acquire() as conn:
                is_down = await was_down(conn, source.id)
                run, cursor = await begin(conn, source, fence, full=full, is_released=released)
            began(run)
            try:
                await self._read_and_close(run, cursor, limit, aside)
            finally:
                async with self._pool.acquire() as conn:
                    told = await report(conn, run.run_id)
                ended(run, told, was_down=is_down)
            return await self._settled(told)
        finally:
            async with self._pool.acquire() as conn:
                await release(conn, source.id, fence)

    async def _read_and_close(self, run: RunContext, cursor: Cursor | None, limit: Slice | None, aside: Aside) -> None:
        try:
            async with (
                holding(self._pool, run.source.id, run.fence, self._lease_seconds),
                self.opener.connect(run.source, run.run_id, run.meter.traffic, aside) as connector,
                aclosing(await self._stream(run, connector, cursor)) as changes,
            ):
                is_partial = await read_into(self._pool.acquire, run, changes, rows=self._rows, limit=limit)
        except (Exception, asyncio.CancelledError) as error:
            ending = ending_of(error)
            await self._close(run, ending)
            if ending.failure == "bug" or isinstance(error, asyncio.CancelledError):
                raise
        else:
            await self._close(run, Ending("done"), is_partial=is_partial)

    async def _stream(
        self, run: RunContext, connector: Connector, cursor: Cursor | None
    ) -> AsyncGenerator[Change | StockPage | SamePage]:
        """What the connector tells: by whole pages, where it can and the source is one venue's own till.

        Where the provider hears of our sales, each of its rows must be looked at, changed or not (`sales_seen.py`).
        """
        if isinstance(connector, Paged) and run.source.venue_id is not None and run.source.sales_seen == "never":
            async with self._pool.acquire() as conn:
                known = await known_pages(conn, run.source.id)
            return cast(AsyncGenerator[Change | StockPage | SamePage], connector.pull_pages(cursor, known))
        return cast(AsyncGenerator[Change | StockPage | SamePage], connector.pull(cursor))

    async def _close(self, run: RunContext, ending: Ending, *, is_partial: bool = False) -> None:
        """Writes down how the run ended, and what follows from it."""
        state, failure, message = ending.state, ending.failure, ending.message
        async with self._pool.acquire() as conn:
            if failure == "changed":
                await forget_all(conn, run.source.id)
                await distrust_place(conn, run.source.id, run.fence, run.run_id)
            elif failure == "lost" and await is_stopped(conn, run.source.id):
                message = "le fournisseur a été arrêté"
            await end(conn, run, state, failure, message, is_partial=is_partial)
            if failure != "lost":
                at = self._clock()
                await settle(conn, run, failure, message, at=at, retry_after=ending.retry_after, is_partial=is_partial)

    async def rehearse(self, source_id: int, *, full: bool = False) -> Rehearsal:
        """What a run would do, said and then undone.

        It holds the source while it lasts; raises as `run` does, and, unlike it, what ends the reading. All is
        read before anything is tried, so that nobody waits for the provider.
        """
        async with self._pool.acquire() as conn:
            source = await source_info(conn, source_id)
            fence = await self._take(conn, source_id)
            try:
                since = None if full else await cursor_of(conn, source_id)
                async with (
                    holding(self._pool, source_id, fence, self._lease_seconds),
                    self.opener.connect(source) as connector,
                ):
                    changes = [change async for change in connector.pull(since)]
                return await rehearse(conn, source, fence, changes, full=full, rows=self._rows)
            finally:
                await release(conn, source_id, fence)

    async def release(self, run_id: int) -> RunReport:
        """Lets a guarded run's sweep pass: a person has looked. Only while it is its source's last run.

        Where the source itself said that too much is gone, it is read again and believed. Raises `LookupError`
        for a run that does not wait for anybody, `SourceBusy` as `run` does.
        """
        async with self._pool.acquire() as conn:
            waiting = await report(conn, run_id)
            source = await source_info(conn, waiting.source_id)
            newest: int = await conn.fetchval("select max(id) from run where source_id = $1", source.id)
        if source.connector == PUSHED:
            released = await merge_released(self._pool, self._owner, source, run_id)
            if released is None:
                raise SourceBusy(f"la source {source.id} est en cours de lecture, ou en pause")
            async with self._pool.acquire() as conn:
                return await report(conn, released)
        if waiting.failure == "emptied" and newest == run_id:
            return await self.run(source.id, released=True)
        async with self._pool.acquire() as conn:
            fence = await self._take(conn, source.id)
            try:
                run = await reopen(conn, source, run_id, fence)
                await sweep(conn, run, released=True)
                await end(conn, run, "done", message="retraits acceptés par une personne")
                return await self._settled(await report(conn, run_id))
            finally:
                await release(conn, source.id, fence)

    async def merge_pushed(self, source_id: int) -> int | None:
        """Merges what partners pushed to this source; how many batches, or None where another worker does it."""
        return await merge_waiting(self._pool, self._owner, source_id)

    async def replay(self, source_id: int, ids: Sequence[int] | None = None) -> Replayed:
        """Tries a source's refused rows again, all or these, without the provider. Raises as `sync.replay.replay`,
        and `SourceBusy`."""
        replayed = await replay(self._pool, self._owner, self.opener.connect, source_id, ids)
        if replayed is None:
            raise SourceBusy(f"la source {source_id} est en cours de lecture, ou en pause")
        return replayed

    async def _settled(self, told: RunReport) -> RunReport:
        """Gives the run's cancelled bookings back at once; what has to wait, the worker's duty takes up."""
        if told.cancelled_bookings or told.moved_bookings:
            with contextlib.suppress(Busy):
                await Withdrawals(self._pool, self._clock).settle()
        return told

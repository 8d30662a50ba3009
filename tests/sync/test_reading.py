"""One batch is read while the one before it is applied: no further ahead, and nothing is lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from feeds import Desk, copies
from stdnum import ean as stdnum_ean

from catalogue.database import Pool
from connectors.base import Change, Checkpoint, Cursor, Upsert
from net.errors import ProviderUnavailable
from sync.leases import LeaseLost

HEADS = [f"978207{n:06d}" for n in range(50)]
BOOKS = [head + stdnum_ean.calc_check_digit(head) for head in HEADS]


class Stream:
    """Fifty books, and how many of them were asked for."""

    def __init__(self, *, breaks: bool = False) -> None:
        self.read, self.breaks = 0, breaks

    async def __call__(self, _: Cursor | None) -> AsyncIterator[Change]:
        for ean in BOOKS:
            self.read += 1
            yield Upsert(copies("till", ean, 1))
            await asyncio.sleep(0)
        if self.breaks:
            raise ProviderUnavailable("la caisse dort")
        yield Checkpoint(Cursor("1"), complete=True)


async def test_the_next_batch_is_read_meanwhile_and_no_more(own: Desk, pool: Pool) -> None:
    """While the first batch waits for a lock the second is read, and the third is not."""
    await own.source("till", venue_id=await own.venue())
    stream = Stream()
    async with pool.acquire() as other:
        async with other.transaction():
            await other.execute("lock table supply in exclusive mode")
            reading = asyncio.create_task(own.pull("till", stream, full=True, rows=10))
            for _ in range(100):
                await asyncio.sleep(0.02)
            assert stream.read == 20
        report = await reading
    assert (report.created, stream.read) == (50, 50)


async def test_what_came_before_the_stream_broke_is_applied(own: Desk) -> None:
    """The batch under way, and the one that was being read."""
    await own.source("till", venue_id=await own.venue())
    with pytest.raises(ProviderUnavailable):
        await own.pull("till", Stream(breaks=True), full=True, rows=20)
    assert await own.one("select count(*) from supply") == 50


async def test_a_batch_that_cannot_be_applied_ends_the_reading(own: Desk, pool: Pool) -> None:
    """Its error comes up at the next batch; nothing that was read after it is applied."""
    source = await own.source("till", venue_id=await own.venue())
    run_began = asyncio.Event()

    async def changes(since: Cursor | None) -> AsyncIterator[Change]:
        async with pool.acquire() as other:
            await other.execute("update feed set fence = fence + 1 where source_id = $1", source)
        run_began.set()
        async for change in Stream()(since):
            yield change

    with pytest.raises(LeaseLost):
        await own.pull("till", changes, full=True, rows=10)
    assert run_began.is_set()
    assert await own.one("select count(*) from supply") == 0

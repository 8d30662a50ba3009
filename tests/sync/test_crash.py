"""A run that dies anywhere, and is run again, comes to what one clean run comes to."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import asyncpg
import pytest
from feeds import EANS, Desk, Reading, book, content, copies, event, ref, seats, session, show, told

from catalogue.database import Connections
from connectors.base import Change, Checkpoint, Cursor, Delete, Reject
from schemas.records import Kind, Record
from sync.applying import apply
from sync.batch import Batch
from sync.reading import read_into
from sync.runs import RunContext
from sync.sweep import sweep

EVERY = 3
"""The provider lets itself be read on from every third change."""


READ = Cursor("read")
"""From here on the provider has nothing new."""


class Crash(Exception):
    """The process dies."""


BEFORE: Sequence[Record] = [
    *show("s", "old", "Bérénice", days=[1, 2]),
    *show("s", "e", "Phèdre", days=[0, 1]),
    copies("s", EANS[0], 2),
    copies("s", EANS[1], 2),
]
AFTER: Sequence[Record | Delete | Reject] = [
    copies("s", EANS[0], 5),
    *show("s", "e", "Phèdre", days=[0, 1, 2]),
    book("s", EANS[0], "La Peste"),
    Reject("illisible", b"?", Kind.STOCK, ref("s", EANS[1])),
    Delete(Kind.SESSION, ref("s", "e-1")),
    book("s", EANS[2], "La Peste"),
    copies("s", EANS[2], 1),
    Delete(Kind.STOCK, ref("s", EANS[2]), parts_kept=frozenset({"590"})),
    copies("s", EANS[2], 3, 590, part="590"),
    event("s", "x", "Ailleurs", venue_key="nulle part"),
    session("s", "n", "e", version="VO"),
    seats("s", "n", 4),
]


class Provider:
    """Answers `AFTER` from any of its cursors on; may die before its n-th change."""

    def __init__(self, dies_before: int | None = None) -> None:
        self.dies_before = dies_before

    async def __call__(self, since: Cursor | None) -> AsyncIterator[Change]:
        if since == READ:
            yield Checkpoint(since)
            return
        start = int(since or 0)
        async for change in told(AFTER[start:]):
            if start == self.dies_before:
                raise Crash
            yield change
            start += 1
            if start % EVERY == 0:
                yield Checkpoint(Cursor(str(start)))
        if start == self.dies_before:
            raise Crash
        yield Checkpoint(READ, complete=True)


async def cursor_first(
    connections: Connections, run: RunContext, changes: AsyncIterator[Change], *, rows: int = 2000
) -> None:
    """The mistake this room is built against: the cursor is committed, and then the rows are."""
    batch = Batch()
    async with connections() as conn:
        async for change in changes:
            if isinstance(change, Checkpoint):
                await conn.execute("update feed set cursor = $2 where source_id = $1", run.source.id, change.cursor)
                if change.complete:
                    await apply(conn, run, batch)
                    await sweep(conn, run)
                continue
            batch.add(change)


@pytest.fixture
async def read_before(desk: Desk) -> Desk:
    """A source of which an earlier snapshot was read."""
    await desk.source("s", venue_id=await desk.venue(), guard=1.0)
    await desk.snapshot("s", *BEFORE)
    return desk


async def come_to(desk: Desk, act: Callable[[Desk], Awaitable[None]]) -> dict[str, list[tuple[object, ...]]]:
    """What the database says after `act`; then all of it is undone."""
    undone = desk.conn.transaction()
    await undone.start()
    try:
        await act(desk)
        return await content(desk.conn)
    finally:
        await undone.rollback()


def clean(rows: int) -> Callable[[Desk], Awaitable[None]]:
    async def act(desk: Desk) -> None:
        await desk.pull("s", Provider(), full=True, rows=rows)

    return act


def crashing(dies_before: int, rows: int, reading: Reading) -> Callable[[Desk], Awaitable[None]]:
    async def act(desk: Desk) -> None:
        with pytest.raises(Crash):
            await desk.pull("s", Provider(dies_before), full=True, rows=rows, reading=reading)
        await desk.pull("s", Provider(), rows=rows, reading=reading)

    return act


async def test_a_stream_that_breaks_anywhere_is_taken_up_again_without_loss(read_before: Desk) -> None:
    """Whatever change the provider breaks off before, and however big the batches, the next run completes the first."""
    expected = await come_to(read_before, clean(2000))
    assert len(expected["quarantine"]) == 2
    assert await come_to(read_before, clean(2)) == expected
    for dies_before in range(len(AFTER) + 1):
        for rows in (2, 2000):
            assert await come_to(read_before, crashing(dies_before, rows, read_into)) == expected, (dies_before, rows)


async def test_a_cursor_that_moves_before_its_rows_is_noticed(read_before: Desk) -> None:
    """The planted mistake loses rows at some of the same places: so the test above can fail."""
    expected = await come_to(read_before, clean(2000))
    outcomes = [
        await come_to(read_before, crashing(at, 2000, cursor_first)) == expected for at in range(len(AFTER) + 1)
    ]
    assert not all(outcomes)


WRITTEN = (
    "source_record", "work", "product", "event", "session", "offer", "stock", "supply", "match_key", "quarantine",
    "seen", "run", "feed", "change_log",
)  # fmt: skip


async def test_a_run_that_dies_at_any_write_is_taken_up_again_without_loss(read_before: Desk) -> None:
    """The n-th write of the run fails, for every n: what was not committed is done by the next run, and only that."""
    expected = await come_to(read_before, clean(4))
    connection = read_before.conn
    await connection.execute("select set_config('test.dies_at', '-1', false)")
    await connection.execute("create sequence writes")
    await connection.execute(
        """
        create function dies() returns trigger language plpgsql as $$ begin
            if nextval('writes') = current_setting('test.dies_at')::int then
                raise exception 'the process dies' using errcode = 'P0001';
            end if;
            return null;
        end $$"""
    )
    for name in WRITTEN:
        await connection.execute(
            f"create trigger dies after insert or update or delete on {name} for each statement execute function dies()"
        )

    async def dying(
        connections: Connections, run: RunContext, changes: AsyncIterator[Change], *, rows: int = 2000
    ) -> None:
        await connection.execute(
            "select set_config('test.dies_at', $1, false), setval('writes', 1, false)", str(dies_at)
        )
        try:
            await read_into(connections, run, changes, rows=rows)
        finally:
            await connection.execute("select set_config('test.dies_at', '-1', false)")

    async def act(desk: Desk) -> None:
        with contextlib.suppress(asyncpg.RaiseError):
            await desk.pull("s", Provider(), full=True, rows=4, reading=dying)
        await desk.pull("s", Provider(), rows=4)

    dies_at = -1
    assert await come_to(read_before, act) == expected
    writes = await connection.fetchval("select last_value from writes")
    assert writes > 100
    for dies_at in range(1, writes, 6):
        assert await come_to(read_before, act) == expected, dies_at

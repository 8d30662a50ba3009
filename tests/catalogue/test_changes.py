"""The change log is read in commit order: whoever reads on from the last position never misses a change."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from catalogue.changes import LoggedChange, Op, Touched, log, read
from catalogue.database import Connection, Pool
from catalogue.kinds import KindCode

WRITERS, EACH = 6, 25

Write = Callable[[Connection, int], Awaitable[None]]
Poll = Callable[[Connection, int], Awaitable[list[int]]]


async def ours(conn: Connection, id_: int) -> None:
    """Work, the log as the last thing, then a pause such as a slow disk makes before the commit."""
    await asyncio.sleep(random.uniform(0, 0.004))
    touched = Touched()
    touched.add(KindCode.OFFER, [id_])
    await log(conn, touched)
    await asyncio.sleep(random.uniform(0, 0.004))


async def poll_ours(conn: Connection, after: int) -> list[int]:
    return [change.position for change in await read(conn, after, limit=7)]


async def naive(conn: Connection, id_: int) -> None:
    """The same with a sequence alone."""
    await asyncio.sleep(random.uniform(0, 0.004))
    await conn.execute("insert into naive values (nextval('naive_position'), $1)", id_)
    await asyncio.sleep(random.uniform(0, 0.02))


async def poll_naive(conn: Connection, after: int) -> list[int]:
    rows = await conn.fetch("select position from naive where position > $1 order by position limit 7", after)
    return [row["position"] for row in rows]


async def follow(pool: Pool, write: Write, poll: Poll) -> list[int]:
    """What a reader that always reads on from its last position has seen when many writers are done."""
    writing = asyncio.create_task(_write_all(pool, write))
    seen: list[int] = []
    async with pool.acquire() as conn:
        while True:
            ended = writing.done()
            page = await poll(conn, seen[-1] if seen else 0)
            seen += page
            if ended and not page:
                break
            await asyncio.sleep(0)
    await writing
    return seen


async def _write_all(pool: Pool, write: Write) -> None:
    async def one(writer: int) -> None:
        async with pool.acquire() as conn:
            for n in range(EACH):
                async with conn.transaction():
                    await write(conn, writer * EACH + n + 1)

    await asyncio.gather(*(one(writer) for writer in range(WRITERS)))


async def test_a_reader_of_the_log_misses_nothing_that_concurrent_writers_commit(pool: Pool) -> None:
    """Every change is seen once, in rising positions, while writers commit in any order."""
    seen = await follow(pool, ours, poll_ours)
    stored = [row["position"] for row in await pool.fetch("select position from change_log order by position")]
    assert len(stored) == WRITERS * EACH
    assert stored == seen


async def test_a_sequence_alone_would_miss_changes(pool: Pool) -> None:
    """The way not taken, under the same load, does lose changes: so the test above can fail."""
    await pool.execute("create sequence naive_position")
    await pool.execute("create table naive (position bigint primary key, id bigint)")
    seen = await follow(pool, naive, poll_naive)
    stored = [row["position"] for row in await pool.fetch("select position from naive order by position")]
    assert len(stored) == WRITERS * EACH
    assert len(seen) < len(stored)


async def test_the_last_word_on_an_entity_is_logged_once_a_transaction(connection: Connection) -> None:
    """An entity touched twice in one transaction has one line, of what it came to; nothing touched, no line."""
    touched = Touched()
    await log(connection, touched)
    assert await read(connection) == []
    touched.add(KindCode.OFFER, [2, 1])
    touched.add(KindCode.OFFER, [1], Op.WITHDRAWN)
    await log(connection, touched)
    found = [(one.kind, one.entity_id, one.op) for one in await read(connection)]
    assert found == [(KindCode.OFFER, 1, Op.WITHDRAWN), (KindCode.OFFER, 2, Op.UPDATED)]
    first: LoggedChange = (await read(connection))[0]
    assert len(await read(connection, after=first.position)) == 1

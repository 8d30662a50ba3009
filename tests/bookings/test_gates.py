"""What meets at a gate is written together, each gets its own answer, and nobody is written who has gone."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from bookings.gates import AT_A_TIME, Gates

WRITE = "insert into gate_try (n) values ($1) returning n * 10"


@pytest.fixture
async def gates(pool: asyncpg.Pool) -> Gates:
    await pool.execute("create table gate_try (n int primary key)")
    return Gates(pool, WRITE)


async def through(gates: Gates, n: int) -> object:
    async with gates.at(7) as gate:
        return await gate.write((n,))


async def commits(pool: asyncpg.Pool) -> tuple[int, int]:
    """Rows, and the transactions that wrote them."""
    return tuple(await pool.fetchrow("select count(*)::int, count(distinct xmin::text)::int from gate_try"))


async def test_those_who_meet_are_written_by_one_commit(gates, pool) -> None:
    """Sixty at once take a few transactions, each has its own value, and the gate is gone afterwards."""
    answers = await asyncio.gather(*(through(gates, n) for n in range(60)))
    assert answers == [n * 10 for n in range(60)]
    rows, transactions = await commits(pool)
    assert rows == 60
    assert transactions <= 60 // AT_A_TIME + 4
    assert gates._gates == {}


async def test_what_one_meets_the_others_do_not(gates, pool) -> None:
    """One of them breaks a constraint: it is told so, the others are written, one by one, once."""
    answers = await asyncio.gather(*(through(gates, min(n, 19)) for n in range(21)), return_exceptions=True)
    failed = [answer for answer in answers if isinstance(answer, BaseException)]
    assert [type(answer) for answer in failed] == [asyncpg.UniqueViolationError]
    assert sorted(answer for answer in answers if not isinstance(answer, BaseException)) == [n * 10 for n in range(20)]
    assert (await commits(pool))[0] == 20


async def test_who_has_gone_is_not_written(gates, pool) -> None:
    """A request that was given up while it waited leaves nothing behind, and holds nobody up."""
    async with pool.acquire() as conn, conn.transaction():
        await conn.execute("lock table gate_try")
        first = asyncio.create_task(through(gates, 1))
        await asyncio.sleep(0.1)
        others = [asyncio.create_task(through(gates, n)) for n in (2, 3)]
        await asyncio.sleep(0.1)
        others[0].cancel()
        await asyncio.gather(others[0], return_exceptions=True)
    assert (await first, await others[1]) == (10, 30)
    assert [row["n"] for row in await pool.fetch("select n from gate_try order by n")] == [1, 3]
    assert await through(gates, 4) == 40


async def test_a_server_that_is_gone_is_told_to_each(gates, pool) -> None:
    """No connection to be had: every one of them hears it, none waits for ever."""
    await pool.close()
    answers = await asyncio.gather(*(through(gates, n) for n in range(5)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {asyncpg.InterfaceError}

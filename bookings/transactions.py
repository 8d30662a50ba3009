"""Short transactions: bounded waits, retried where PostgreSQL says that trying again may work.

The lock order of this room, which every transaction here follows, freeing as well as taking:

    wallet → allotment → booking → external sale

each late, at most once, and several rows of one table in the order of their ids. (`withdrawals.py` claims its piece of
news before all of them, without waiting.) No network call but the database's ever happens between `begin` and `commit`.
A statement that is its own transaction takes the same locks in the same order (`store.RESERVE`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import asyncpg
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from bookings.errors import Busy
from catalogue.database import AWAY

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]

LOCK_ORDER = ("wallet", "allotment", "booking", "external_sale")
# One round trip. Three seconds is longer than the queue before a concert that sells 300 seats a second
# from a pool of connections, and shorter than a person's patience.
BEGIN = (
    "begin; set local lock_timeout = '3s'; set local statement_timeout = '5s';"
    " set local idle_in_transaction_session_timeout = '10s'"
)
STATEMENT_SECONDS = 5.0
ATTEMPTS = 6
_T = TypeVar("_T")


class CountermarkTaken(Exception):
    """Two bookings drew the same countermark at the same moment: draw again."""


AGAIN = (
    asyncpg.SerializationError,  # 40001
    asyncpg.DeadlockDetectedError,  # 40P01
    CountermarkTaken,
)
TOO_SLOW = (
    TimeoutError,  # ours, of a statement that is its own transaction
    asyncpg.LockNotAvailableError,  # 55P03: lock_timeout
    asyncpg.QueryCanceledError,  # 57014: statement_timeout
)


async def in_transaction(pool: Pool, work: Callable[[Connection], Awaitable[_T]]) -> _T:
    """What `work` returns, committed. Any exception rolls back; `Busy` where something waited too long.

    `work` may run several times, so it touches nothing but the connection.
    """
    try:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(AGAIN),
            wait=wait_random_exponential(multiplier=0.01, max=0.3),
            stop=stop_after_attempt(ATTEMPTS),
            reraise=True,
        ):
            with attempt:
                return await _once(pool, work)
    except (*TOO_SLOW, *AGAIN):
        raise Busy from None
    raise AssertionError("tenacity either returns or raises")


async def _once(pool: Pool, work: Callable[[Connection], Awaitable[_T]]) -> _T:
    async with pool.acquire() as conn:
        await conn.execute(BEGIN)
        try:
            result = await work(conn)
        except BaseException:
            # A connection that is gone has nothing to roll back, and what ended it is to be told.
            with contextlib.suppress(*AWAY, asyncpg.InterfaceError):
                await conn.execute("rollback")
            raise
        # A transaction that PostgreSQL has given up answers ROLLBACK to COMMIT, without an error.
        if (tag := await conn.execute("commit")) != "COMMIT":
            raise RuntimeError(f"the transaction ended by {tag}")
        return result

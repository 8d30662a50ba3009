"""A gate before each stock: a few requests at a time, and those that meet at it are written by one commit.

When everybody wants one concert, its allotment is one row, and each commit would wait for the disk of the one before.
Here the first comer writes at once; who arrives meanwhile is written together with the others who did, in one round
trip and one transaction. The requests behind them have no connection, no lock and no reading that grows old: they have
not looked yet.

A gate is of one process; processes meet at the row's lock. In a transaction of several, wallets are taken by `skip
locked`, so that having the allotment first makes nobody wait in the wrong order.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncpg

from bookings.transactions import STATEMENT_SECONDS

if TYPE_CHECKING:
    from bookings.transactions import Pool

AT_A_TIME = 32
"""Requests for one stock that are looked at and written together; the next ones wait their turn."""
_FAILED = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""What a statement may end in; time-outs are among them."""
Arguments = tuple[Any, ...]


@dataclass(slots=True)
class Gate:
    """The way to one stock, for the one statement that is executed there."""

    pool: Pool
    statement: str
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_A_TIME))
    users: int = 0
    waiting: list[tuple[Arguments, asyncio.Future[Any]]] = field(default_factory=list)
    is_busy: bool = False
    writer: asyncio.Task[None] | None = None

    async def write(self, arguments: Arguments) -> Any:
        """The statement's value, committed: at once, or together with the others who come while somebody writes."""
        if self.is_busy:
            answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            self.waiting.append((arguments, answer))
            return await answer
        self.is_busy = True
        try:
            return await self._alone(arguments)
        finally:
            if self.waiting:
                self.writer = asyncio.create_task(self._write_waiting())
            else:
                self.is_busy = False

    async def _alone(self, arguments: Arguments) -> Any:
        return await self.pool.fetchval(self.statement, *arguments, timeout=STATEMENT_SECONDS)

    async def _write_waiting(self) -> None:
        try:
            while self.waiting:
                # Who has gone away meanwhile is not written.
                together = [one for one in self.waiting[:AT_A_TIME] if not one[1].done()]
                del self.waiting[:AT_A_TIME]
                if together:
                    await self._write_together(together)
        finally:
            self.is_busy, self.writer = False, None
            for _, answer in self.waiting:
                answer.cancel()

    async def _write_together(self, together: list[tuple[Arguments, asyncio.Future[Any]]]) -> None:
        try:
            async with self.pool.acquire() as conn:
                rows = await conn.fetchmany(
                    self.statement, [arguments for arguments, _ in together], timeout=STATEMENT_SECONDS
                )
        except _FAILED:
            # All or none were written. What one of them met, it meets alone.
            for arguments, answer in together:
                try:
                    _tell(answer, await self._alone(arguments))
                except _FAILED as error:
                    if not answer.done():
                        answer.set_exception(error)
            return
        except asyncio.CancelledError:
            for _, answer in together:
                answer.cancel()
            raise
        for (_, answer), row in zip(together, rows, strict=True):
            _tell(answer, row[0])


def _tell(answer: asyncio.Future[Any], value: Any) -> None:
    if not answer.done():
        answer.set_result(value)


class Gates:
    """The gates of one process, each there while somebody is at it."""

    def __init__(self, pool: Pool, statement: str) -> None:
        self._pool = pool
        self._statement = statement
        self._gates: dict[int, Gate] = {}

    @asynccontextmanager
    async def at(self, stock_id: int) -> AsyncIterator[Gate]:
        """The gate of a stock, once there is a place at it."""
        gate = self._gates.get(stock_id) or self._gates.setdefault(stock_id, Gate(self._pool, self._statement))
        gate.users += 1
        try:
            async with gate.places:
                yield gate
        finally:
            gate.users -= 1
            if not gate.users and self._gates.get(stock_id) is gate:
                del self._gates[stock_id]

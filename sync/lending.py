"""A worker's places: so many jobs work at once, and one whose provider says nothing lends its place meanwhile.

A provider that hangs would otherwise keep a place until its time-out, and some that hang all of them. Who stands
aside keeps its lease, so that it counts among its provider's runs and comes back as the same run; it holds no
connection to the database, only what it has read and not yet applied, so how many may stand aside is bounded.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

SILENCE = 1.0
"""Seconds without an answer after which a place is lent: most providers never take so long."""
ASIDE = 4
"""So many jobs may stand aside for each place."""


class Places:
    """The places of one worker process. `on_lent` is called whenever one was: somebody may come for it."""

    def __init__(self, count: int, *, silence: float = SILENCE, on_lent: Callable[[], None] = lambda: None) -> None:
        self.count, self.silence, self.on_lent = count, silence, on_lent
        self.aside = 0
        """Jobs that have lent theirs."""
        self.most = count * (1 + ASIDE)
        """Jobs under way, at work or aside."""
        self.free = asyncio.Semaphore(count)
        self.room_aside = asyncio.Semaphore(self.most - count)

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[Place]:
        """A place for as long as the block lasts; waits where none is free."""
        place = Place(self)
        await place.take()
        try:
            yield place
        finally:
            place.leave()


class Place:
    """One job's place: held, or lent."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._is_held = self._is_lent = False
        self._taking = asyncio.Lock()

    async def take(self) -> None:
        """Returns once it is held; who comes back goes before whoever begins."""
        async with self._taking:
            if not self._is_held:
                self._come_back()
                await self._places.free.acquire()
                self._is_held = True

    def leave(self) -> None:
        """Lets it go for good."""
        self._come_back()
        if self._is_held:
            self._is_held = False
            self._places.free.release()

    @asynccontextmanager
    async def aside(self) -> AsyncIterator[None]:
        """Around one wait for the provider: the place is lent once that has lasted, and taken back at its end."""
        lending = asyncio.create_task(self._lend())
        is_stopped = False
        try:
            yield
        except (asyncio.CancelledError, GeneratorExit):
            # What somebody ends does not wait for a place to end in.
            is_stopped = True
            raise
        finally:
            lending.cancel()
            if not is_stopped:
                await self.take()

    async def _lend(self) -> None:
        places = self._places
        await asyncio.sleep(places.silence)
        await places.room_aside.acquire()
        if not self._is_held:
            places.room_aside.release()
            return
        self._is_held, self._is_lent = False, True
        places.aside += 1
        places.free.release()
        places.on_lent()

    def _come_back(self) -> None:
        if self._is_lent:
            self._is_lent = False
            self._places.aside -= 1
            self._places.room_aside.release()

"""Who sells a source's seats: the ticketing attached to it, else its own connector where that sells. Kept open."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bookings.seller import Seller
from catalogue.database import Pool
from catalogue.merging import source_info
from connectors.registry import REGISTRY
from sync.opening import Opener
from sync.runner import now
from sync.sources import feed_state
from sync.ticketings import open_ticketing, ticketing_state
from sync.vault import Vault


@dataclass(slots=True)
class _Open:
    """A connector that is open, and the state of its settings it was opened with."""

    version: str
    seller: Seller
    closing: AsyncExitStack


class Sellers:
    """The directory `bookings` asks. Connectors open at their first sale, anew when their settings change."""

    def __init__(self, pool: Pool, opener: Opener, vault: Vault) -> None:
        self._pool, self._opener, self._vault = pool, opener, vault
        self._open: dict[int, _Open] = {}
        self._opening = asyncio.Lock()

    async def seller_of(self, source_id: int) -> Seller | None:
        """Who sells this source's stocks in a ticketing, or None where we sell alone."""
        version = await self._version(source_id)
        if version is None:
            return None
        async with self._opening:
            standing = self._open.get(source_id)
            if standing is not None and standing.version == version:
                return standing.seller
            if standing is not None:
                await standing.closing.aclose()
            closing = AsyncExitStack()
            self._open[source_id] = _Open(version, await self._opened(source_id, version, closing), closing)
            return self._open[source_id].seller

    async def _version(self, source_id: int) -> str | None:
        """Changes with whatever the seller is made from; None where nobody sells."""
        ticketing = await ticketing_state(self._pool, source_id)
        if ticketing is not None:
            return f"ticketing {ticketing.version}"
        feed = await feed_state(self._pool, source_id)
        own = None if feed is None else REGISTRY.get(feed.connector)
        return None if feed is None or own is None or own.sell is None else feed.version

    async def _opened(self, source_id: int, version: str, closing: AsyncExitStack) -> Seller:
        if version.startswith("ticketing "):
            attached = open_ticketing(self._pool, self._vault, source_id, clock=now)
            return await closing.enter_async_context(attached)
        async with self._pool.acquire() as conn:
            source = await source_info(conn, source_id)
        return await closing.enter_async_context(self._opener.sell(source))

    async def close(self) -> None:
        """Closes what is open."""
        for one in self._open.values():
            await one.closing.aclose()
        self._open.clear()

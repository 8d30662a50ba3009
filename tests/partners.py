"""Partners that are told: a vendor's key, its endpoint, a simulated server behind it (`import partners`)."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from accounts.keys import VendorKey
from bookings.courier import Courier
from bookings.outbox import spread
from bookings.webhooks import Endpoint, Webhooks
from net.client import Limits, open_http
from sandbox.receiver import Receiver
from sandbox.serving import serve_app
from sync.vault import Vault

ALL = ("booking.created", "booking.cancelled", "booking.used", "booking.kept", "booking.expired")


@dataclass
class Partner:
    """One vendor."""

    key: VendorKey
    endpoint: Endpoint
    receiver: Receiver


@dataclass
class Partners:
    """Vendors, and who delivers to them."""

    town: Any
    vault: Vault
    webhooks: Webhooks
    courier: Courier
    http: Any
    _stack: AsyncExitStack
    _numbers: Iterable[int] = field(default_factory=lambda: itertools.count(1))

    async def key(self, *venue_ids: int) -> VendorKey:
        n = next(iter(self._numbers))
        vendor_id = await self.town.pool.fetchval("insert into vendor (name) values ($1) returning id", f"Éditeur {n}")
        for venue_id in venue_ids:
            await self.town.pool.execute("insert into vendor_venue values ($1, $2)", vendor_id, venue_id)
        return VendorKey(vendor_id, n, f"sandbox_{n:012x}", frozenset({"webhooks:manage"}), frozenset(venue_ids))

    async def partner(self, *venue_ids: int, events: Iterable[str] = ALL, form: str = "standard") -> Partner:
        receiver, key = Receiver(self.town.clock), await self.key(*venue_ids)
        address = await self._stack.enter_async_context(serve_app(receiver.build()))
        made = await self.webhooks.add(key, f"{address}/hook", events, form)
        receiver.secrets.append(made.secret)
        return Partner(key, made.endpoint, receiver)

    async def deliver(self) -> None:
        """Spreads what happened, and sends all that is due now."""
        while await spread(self.town.pool, self.town.clock()):
            pass
        while await self.courier.turn():
            await self.courier.drain()


@asynccontextmanager
async def open_partners(town: Any) -> AsyncIterator[Partners]:
    vault = Vault([bytes(32)])
    async with AsyncExitStack() as stack:
        limits = Limits(tries=1, total_seconds=2, connect_seconds=1, max_bytes=65536, max_redirects=0)
        http = await stack.enter_async_context(open_http(limits, allow_private=True))
        webhooks = Webhooks(town.pool, vault, town.clock, allow_private=True)
        courier = Courier(town.pool, vault, http, town.clock)
        yield Partners(town, vault, webhooks, courier, http, stack)
        await courier.close()

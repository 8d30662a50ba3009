"""What this face is given, and the keys under which its handlers find that, and who is calling."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from aiohttp import web

from accounts.keys import KeyRing, VendorKey
from accounts.people import People
from bookings.deliveries import Deliveries
from bookings.desk import Desk
from bookings.offline import OfflineDesk
from bookings.ticket_keys import TicketKeys
from bookings.webhooks import Webhooks
from catalogue.database import Pool
from edge.buckets import Allowance, Buckets
from sync.reviewing import Reviews

KEY_ALLOWANCE = Allowance("partner-key", 200, 60)
"""Per API key, as the pass Culture's own partner API has allowed since 2024."""
ADDRESS_ALLOWANCE = Allowance("partner-address", 1200, 60)
"""Per address, before the key is looked at: who tries keys is slowed down."""

MISS_ALLOWANCE = Allowance("partner-misses", 60, 600)
"""Unknown countermarks per API key. At six a minute for ever, one of ten thousand good ones is hit in eight days."""

ADDRESS_MISS_ALLOWANCE = Allowance("partner-misses-address", 180, 600)
"""Unknown countermarks per address, whatever the keys: a chain's tills may share one."""

Ring = Callable[[Literal["push", "release"], int], Awaitable[None]]
"""Wakes the workers for a source that was pushed to, or for a run to release. It never fails: what is stored is
found again."""


async def silence(what: Literal["push", "release"], number: int) -> None:
    """Wakes nobody: the workers look by themselves every minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerApi:
    """Dependencies. `proxies`: how many of our own proxies stand before us."""

    pool: Pool
    clock: Callable[[], datetime]
    desk: Desk
    offline: OfflineDesk
    ticket_keys: TicketKeys
    keys: KeyRing
    webhooks: Webhooks
    deliveries: Deliveries
    people: People
    reviews: Reviews
    buckets: Buckets
    ring: Ring = silence
    key_allowance: Allowance = KEY_ALLOWANCE
    address_allowance: Allowance = ADDRESS_ALLOWANCE
    miss_allowance: Allowance = MISS_ALLOWANCE
    address_miss_allowance: Allowance = ADDRESS_MISS_ALLOWANCE
    proxies: int = 0


PARTNER_API = web.AppKey("partner_api", PartnerApi)
VENDOR = web.RequestKey("vendor", VendorKey)

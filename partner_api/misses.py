"""Who names countermarks that do not exist is slowed down: a till errs now and then, a guesser all the time.

Counted by key, and by address whatever the key: several stolen keys used from one place are one guesser.
"""

from __future__ import annotations

import math

from aiohttp import web
from aiohttp.typedefs import Handler

from bookings.errors import CountermarkUnknown
from bookings.token_errors import TicketForged, TicketKeyUnknown
from edge.buckets import Allowance
from edge.errors import TooManyRequests
from edge.limits import address_of
from partner_api.keys import PARTNER_API, VENDOR

MISSES = (CountermarkUnknown, TicketForged, TicketKeyUnknown)


def counted(handler: Handler) -> Handler:
    """The handler, until its caller has named too many unknown countermarks: then known ones too are refused."""

    async def allowed(request: web.Request) -> web.StreamResponse:
        await check(request)
        try:
            return await handler(request)
        except MISSES:
            await note(request)
            raise

    return allowed


async def check(request: web.Request) -> None:
    """Raises `TooManyRequests` where the key or the address has used up its misses."""
    for allowance, who in _counts(request):
        left = await request.app[PARTNER_API].buckets.take(allowance, who, cost=0)
        if not left.allowed:
            seconds = max(1, math.ceil(left.wait_seconds))
            raise TooManyRequests(
                f"Trop de contremarques inconnues : réessayez dans {seconds} s.",
                policy=allowance.name,
                retry_after=seconds,
            )


async def note(request: web.Request) -> None:
    """Counts one miss."""
    for allowance, who in _counts(request):
        await request.app[PARTNER_API].buckets.take(allowance, who)


def _counts(request: web.Request) -> list[tuple[Allowance, str]]:
    deps = request.app[PARTNER_API]
    return [
        (deps.miss_allowance, f"key:{request[VENDOR].key_id}"),
        (deps.address_miss_allowance, address_of(request, proxies=deps.proxies)),
    ]

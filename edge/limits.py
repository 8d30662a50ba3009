"""Rate limits on routes: 429 with Retry-After, and the headers that let a caller slow down before.

Headers: draft-ietf-httpapi-ratelimit-headers-11 (May 2026).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from edge.buckets import Allowance, Buckets, Taken
from edge.errors import TooManyRequests

_key = web.RequestKey("rate_limits", list[tuple[Allowance, Taken]])


def rate_limited(buckets: Buckets, allowance: Allowance, who: Callable[[web.Request], str]) -> Middleware:
    """The middleware that raises TooManyRequests once `who(request)` has used up `allowance`.

    `who` names the caller: an id (`lambda request: request[vendor_key].id`, after authentication) or
    `address_of`; never a key or token, since it becomes a key in Redis.
    """

    @web.middleware
    async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
        taken = await buckets.take(allowance, who(request))
        request.setdefault(_key, []).append((allowance, taken))
        if not taken.allowed:
            seconds = max(1, math.ceil(taken.wait_seconds))
            raise TooManyRequests(
                f"Trop de requêtes : réessayez dans {seconds} s.", policy=allowance.name, retry_after=seconds
            )
        return await handler(request)

    return limit


async def write_rate_limits(request: web.Request, response: web.StreamResponse) -> None:
    """For `Application.on_response_prepare`: all answers carry the headers, problems and streams too."""
    counted = request.get(_key)
    if counted:
        response.headers["RateLimit-Policy"] = ", ".join(
            f'"{allowance.name}";q={allowance.quota};w={allowance.window_seconds}' for allowance, _ in counted
        )
        response.headers["RateLimit"] = ", ".join(
            f'"{allowance.name}";r={taken.remaining};t={math.ceil(taken.wait_seconds)}' for allowance, taken in counted
        )


def address_of(request: web.Request, *, proxies: int = 0) -> str:
    """The caller's network address; of an IPv6 address its /64, since one subscriber has all of it.

    `proxies`: how many of our own proxies stand before us. So many entries from the right of X-Forwarded-For were
    written by them; those further left by anybody.
    """
    address = request.remote or ""
    if proxies:
        passed = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
        address = passed[-min(proxies, len(passed))].strip() or address
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ip_network((int(parsed), 64), strict=False))
    return str(parsed)

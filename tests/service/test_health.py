"""`/readyz` says what can be served, whichever engine is away."""

from __future__ import annotations

from dataclasses import replace

import aiohttp
from redis.asyncio import Redis

from service.web import serving


async def test_without_redis_it_is_ready_and_says_so(house) -> None:
    """Redis is a doorbell: its absence is told, and takes no process out of service."""
    async with (
        Redis.from_url("redis://127.0.0.1:1") as nobody,
        serving(replace(house, redis=nobody), port=0) as address,
        aiohttp.ClientSession() as client,
        client.get(f"{address}/readyz") as answer,
    ):
        said = await answer.json()
        assert (answer.status, said) == (200, {"status": "ok", "database": "ok", "redis": "unreachable"})

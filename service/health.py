"""Is it alive, can it serve, and what does it count: `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import asyncpg
from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError

from bookings.reports import booking_counts
from service.house import House
from sync.reports import sync_counts

HOUSE = web.AppKey("house", House)
PATIENCE = 2.0
"""Seconds the database may take to answer before this process is not ready."""


async def healthz(_: web.Request) -> web.Response:
    """The process runs and its loop turns."""
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """It can serve: the database answers. Redis is only a doorbell, so its absence is told, not fatal."""
    house = request.app[HOUSE]
    try:
        async with asyncio.timeout(PATIENCE):
            await house.pool.fetchval("select 1")
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return web.json_response({"status": "unavailable", "database": "unreachable"}, status=503)
    try:
        async with asyncio.timeout(PATIENCE):
            await house.redis.ping()
        doorbell = "ok"
    except (TimeoutError, OSError, RedisError):
        doorbell = "unreachable"
    return web.json_response({"status": "ok", "database": "ok", "redis": doorbell})


async def metrics(request: web.Request) -> web.Response:
    """Counts read from the database when asked, in Prometheus' text format."""
    async with request.app[HOUSE].pool.acquire() as conn:
        counts = [*await sync_counts(conn), *await booking_counts(conn)]
    return web.Response(body=exposition(counts), headers={"Content-Type": CONTENT_TYPE_LATEST})


def exposition(counts: Iterable[tuple[str, str, dict[str, str], float]]) -> bytes:
    """(name, help, labels, value) as Prometheus reads it."""
    registry = CollectorRegistry()
    gauges: dict[str, Gauge] = {}
    for name, help_, labels, value in counts:
        if name not in gauges:
            gauges[name] = Gauge(name, help_, sorted(labels), registry=registry)
        gauge = gauges[name].labels(**labels) if labels else gauges[name]
        gauge.set(value)
    return generate_latest(registry)

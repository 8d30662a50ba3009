"""The web application: the three faces under one root, and what belongs to none of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

import app_api.app
import open_data.app
from app_api.keys import AppApi
from edge.access_log import AccessLog
from edge.app import root
from edge.buckets import RedisBuckets
from edge.server_log import server_log
from open_data.keys import OpenData
from partner_api.keys import PartnerApi
from partner_api.mounting import mount as mount_partner
from service.bell import bell
from service.health import HOUSE, healthz, metrics, readyz
from service.house import House
from service.pages.documents import document, to_index
from service.pages.problems import problem
from service.pages.welcome import welcome
from sync.reviewing import Reviews
from sync.runner import now

DRAIN_SECONDS = 20.0
"""How long requests under way may take when the server stops."""
IDLE_SECONDS = 75.0
"""How long a connection may wait for its next request: longer than the proxies before us wait (60 s is usual)."""


def build(house: House) -> web.Application:
    """The application, over a house that outlives it."""
    buckets = RedisBuckets(house.redis, prefix=house.settings.redis_prefix)
    proxies = house.settings.proxies
    app = root()
    app[HOUSE] = house
    app.router.add_get("/", welcome)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/problems/{slug}", problem)
    app.router.add_get("/docs", to_index)
    app.router.add_get("/docs/{path:.*}", document)
    app.add_subapp(
        "/app/v1",
        app_api.app.build(
            AppApi(
                pool=house.pool,
                clock=now,
                bookings=house.bookings,
                wallets=house.wallets,
                tickets=house.tickets,
                people=house.people,
                privacy=house.privacy,
                issuers=house.issuers,
                buckets=buckets,
                proxies=proxies,
            )
        ),
    )
    mount_partner(
        app,
        PartnerApi(
            pool=house.pool,
            keys=house.keys,
            people=house.people,
            clock=now,
            desk=house.desk,
            offline=house.offline,
            ticket_keys=house.ticket_keys,
            webhooks=house.webhooks,
            deliveries=house.deliveries,
            reviews=Reviews(house.pool),
            buckets=buckets,
            proxies=proxies,
            ring=bell(house),
        ),
    )
    app.add_subapp(
        "/open/v1", open_data.app.build(OpenData(pool=house.pool, clock=now, buckets=buckets, proxies=proxies))
    )
    return app


@asynccontextmanager
async def serving(house: House, *, port: int) -> AsyncIterator[str]:
    """Serves while the block lasts and gives the base address; port 0 takes a free one."""
    runner = web.AppRunner(
        build(house),
        access_log_class=AccessLog,
        logger=server_log(),
        keepalive_timeout=IDLE_SECONDS,
        shutdown_timeout=DRAIN_SECONDS,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, house.settings.host, port).start()
        host, taken = runner.addresses[0][:2]
        yield f"http://{host}:{taken}"
    finally:
        await runner.cleanup()

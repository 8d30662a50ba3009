"""All simulated providers on loopback, in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from aiohttp import web

from sandbox import agenda, bookshop, publisher, theatre
from sandbox.allocine import Allocine
from sandbox.cds import CineOffice
from sandbox.cgr import GestionCinema
from sandbox.cinema import Cinema
from sandbox.ems import Ems
from sandbox.vista import Vista
from sandbox.webedia import BoxofficeSite
from sandbox.world import World

_SYSTEMS: dict[str, Any] = {
    "boost": Cinema,
    "cds": CineOffice,
    "cgr": GestionCinema,
    "ems": Ems,
    "allocine": Allocine,
    "vista": Vista,
    "webedia": BoxofficeSite,
}
"""What speaks a cinema's protocol, by the software it runs."""


def applications(world: World) -> dict[str, web.Application]:
    """Returns one application a provider, by the name `world.faults` knows it under."""
    cinemas = {
        place_id: _SYSTEMS[programme.system](programme, world.offices[place_id], world.clock).build(
            world.faults[place_id]
        )
        for place_id, programme in world.programmes.items()
    }
    return {
        "bookshop": bookshop.build(world.tills, world.faults["bookshop"]),
        "publisher": publisher.build(world.imprint, world.clock, world.faults["publisher"]),
        "theatre": theatre.build(world.seasons, world.faults["theatre"]),
        "agenda": agenda.build(world.agenda, world.faults["agenda"]),
        **cinemas,
    }


@asynccontextmanager
async def serve_app(app: web.Application, *, port: int = 0) -> AsyncIterator[str]:
    """Serves one application on loopback while the context is open and gives its base address."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        host, taken = runner.addresses[0][:2]
        yield f"http://{host}:{taken}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def serve_world(world: World, *, first_port: int = 0) -> AsyncIterator[dict[str, str]]:
    """Serves the world while the context is open and gives the base address of each application.

    With `first_port` they take that port and the following ones, so that addresses outlive a restart; 0 takes
    free ones.
    """
    async with AsyncExitStack() as stack:
        addresses: dict[str, str] = {}
        for number, (name, app) in enumerate(applications(world).items()):
            port = first_port + number if first_port else 0
            addresses[name] = await stack.enter_async_context(serve_app(app, port=port))
        yield addresses

"""`passerelle serve` and `passerelle worker`: the two processes of the product."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import os
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Annotated

import typer

from catalogue.offers import standing_offers
from sandbox.serving import serve_world
from sandbox.world import build
from service.commands.running import in_house, named, out, running_file, settings_here
from service.house import House
from service.logs import configure_logs
from service.sandbox_loading import load
from service.settings import Settings
from service.web import serving
from service.worker import redis_settings, stopping
from service.worker import work as work_on
from sync.bells import doorbell, ring
from sync.runner import now
from sync.sources import listed

SANDBOX = """
  à lire             {address}/docs/guides/premiers-pas.md
  une clé d'éditeur  .venv/bin/passerelle sandbox partner-key
  une contremarque   .venv/bin/passerelle sandbox countermark
  un jeton de jeune  .venv/bin/passerelle sandbox beneficiary-token
"""
"""Where a person who has just started the sandbox goes on."""


class CannotListen(ValueError):
    """The address or the port cannot be served on."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        if error.errno == errno.EADDRINUSE:
            why = "un autre programme s'en sert déjà ; choisissez un autre port avec --port"
        else:
            why = str(error)
        super().__init__(f"impossible de servir sur {host}:{port} : {why}")


def serve(
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Servir le bac à sable, chargé, avec ses fournisseurs.")
    ] = False,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Le port (8080, ou PASSERELLE_PORT).")] = None,
    host: Annotated[str | None, typer.Option(help="L'adresse d'écoute (127.0.0.1, ou PASSERELLE_HOST).")] = None,
) -> None:
    """Sert les API ; s'arrête proprement sur SIGTERM ou Ctrl-C."""
    with named():
        settings = (
            Settings.from_environment(profile="sandbox", sandbox=True, host=host, port=port)
            if sandbox
            else Settings.from_environment(host=host, port=port)
        )
    configure_logs(settings)
    if settings.sandbox and settings.log_level == "info":
        # Two lines a reading would push away what a person is told; requests and troubles are still there.
        logging.getLogger("sync.journal").setLevel(logging.WARNING)

    async def work(house: House) -> int:
        stop = stopping()
        file = running_file(settings.home)
        async with AsyncExitStack() as stack:
            try:
                address = await stack.enter_async_context(serving(house, port=settings.port))
            except OSError as error:
                raise CannotListen(settings.host, settings.port, error) from None
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({"pid": os.getpid(), "profile": settings.profile, "address": address}))
            stack.callback(file.unlink, missing_ok=True)
            out.print(f"Passerelle sert sur {address} (Ctrl-C pour arrêter)")
            if settings.sandbox:
                out.print(SANDBOX.format(address=address), soft_wrap=True)
                await _sandbox(house, stack, stop)
            await stop.wait()
            out.print("arrêt…")
        return 0

    in_house(work, settings, pool_size=20)


async def _sandbox(house: House, stack: AsyncExitStack, stop: asyncio.Event) -> None:
    """The simulated providers, their sources, and a worker in this very process that reads them."""
    world = build(datetime.now(UTC).date(), now)
    addresses = await stack.enter_async_context(serve_world(world))
    ids = await load(house, world, addresses)
    working = asyncio.create_task(work_on(house, stop=stop))
    stack.push_async_callback(asyncio.wait, [working], timeout=40)
    redis = await doorbell(redis_settings(house.redis_url))
    stack.push_async_callback(redis.aclose)
    for source in ids:
        await ring(redis, house.settings.redis_prefix, source, full=True)
    out.print(f"bac à sable : {len(addresses)} fournisseurs, {len(ids)} sources, première lecture en cours")
    telling = asyncio.create_task(_tell_when_read(house, frozenset(ids), datetime.now(UTC)))
    stack.callback(telling.cancel)


async def _tell_when_read(house: House, ids: frozenset[int], begun: datetime) -> None:
    """Says once what can be found, when every source has been read since the start."""
    while True:
        async with house.pool.acquire() as conn:
            read = {row.id for row in await listed(conn) if row.ended_at is not None and row.ended_at >= begun}
            if ids <= read:
                offers = await standing_offers(conn)
                break
        await asyncio.sleep(0.5)
    out.print(f"première lecture finie : {offers} offres au catalogue")


def worker(
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Combien de sources lire à la fois.")] = 4,
    parent: Annotated[int | None, typer.Option(hidden=True, help="S'arrêter avec ce processus.")] = None,
) -> None:
    """Lit les sources quand elles sont dues ; finit ce qu'il tient avant de s'arrêter."""
    with named():
        settings = settings_here()
    configure_logs(settings)

    async def work(house: House) -> int:
        logging.getLogger(__name__).info("worker starts, %s jobs", jobs)
        stop = stopping()
        watching = asyncio.create_task(_until_orphaned(parent, stop)) if parent is not None else None
        await work_on(house, jobs=jobs, stop=stop)
        if watching is not None:
            watching.cancel()
        return 0

    in_house(work, settings, pool_size=2 * jobs + 2)


async def _until_orphaned(parent: int, stop: asyncio.Event) -> None:
    """Asks to stop once the process that started this one is gone, however it went."""
    while os.getppid() == parent:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 0.5)
            return
    stop.set()

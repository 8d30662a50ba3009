"""`make bench NAME=sync_fleet`: forty tills of a provider that answers in 50 ms, read by one worker process and by two.

Then the same night with one more till that never answers: how much later are the forty read?
"""

from __future__ import annotations

import asyncio
import base64
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from stdnum import luhn

from bench.measures import Measure, publish
from bench.till import served
from catalogue.database import Pool, open_pool
from catalogue.venues import register_venue, registered
from migrations.run import upgrade
from schemas.records import Address, Identifier, Venue
from service.engines.databases import drop_database, ensure_database
from service.engines.lifetime import EngineUrls, engines
from service.settings import CHECKOUT, Settings
from service.worker import redis_settings
from sync.bells import doorbell, ring_next
from sync.sources import NewSource, register
from sync.vault import Vault

SOURCES = 40
ROWS, PAGE, DELAY = 800, 20, 0.05
SECRET = b"f" * 32
PROFILE = "test_bench_fleet"
PATIENCE = 300.0


async def till(pool: Pool, address: str, siret: str) -> None:
    """A till at a venue of its own."""
    venue = Venue(
        ref=registered(siret),
        name=f"Librairie {siret}",
        time_zone="Europe/Paris",
        identifiers=[Identifier(scheme="siret", value=siret)],
        address=Address(postal_code="67000", city="Strasbourg"),
    )
    async with pool.acquire() as conn:
        new = NewSource(
            connector="stocks_api",
            account=siret,
            label=siret,
            licence="etalab-2.0",
            settings={"base_url": address, "siret": siret, "page_size": str(PAGE)},
            venue_id=await register_venue(conn, venue, at=datetime.now(UTC)),
            allow_private=True,
        )
        await register(conn, Vault([SECRET]), new)


def siret(number: int) -> str:
    """One of many establishments of a company that is none."""
    body = f"999000003{number:04d}"
    return f"{body}{luhn.calc_check_digit(body)}"


@asynccontextmanager
async def workers(count: int, url: str, redis: str) -> AsyncIterator[None]:
    """So many `passerelle worker` processes."""
    environment = os.environ | {
        "DATABASE_URL": url,
        "REDIS_URL": redis,
        "PASSERELLE_PROFILE": PROFILE,
        "PASSERELLE_SECRET_KEY": base64.b64encode(SECRET).decode(),
    }
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service.cli", "worker"),
            cwd=CHECKOUT,
            env=environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        for _ in range(count)
    ]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            await process.wait()


async def night(urls: EngineUrls, *, processes: int, hangs: bool = False) -> float:
    """Seconds from the first run's begin until the forty are read."""
    name = f"passerelle_{PROFILE}"
    await drop_database(urls.database, name)
    url = await ensure_database(urls.database, name)
    await upgrade(url)
    prefix = f"passerelle:{PROFILE}:"
    bell = await doorbell(redis_settings(urls.redis))
    with served(ROWS, page=PAGE, delay=DELAY, hangs=siret(0)) as address:
        async with await open_pool(url, application="passerelle-bench") as pool:
            for number in range(0 if hangs else 1, SOURCES + 1):
                await till(pool, address, siret(number))
            async with pool.acquire() as conn:
                await conn.execute("update provider set most_runs = $1", SOURCES + 1)
            async with workers(processes, url, urls.redis):
                await asyncio.sleep(6)  # until they have started
                for _ in range(SOURCES):
                    await ring_next(bell, prefix)
                begun = time.perf_counter()
                told = "select count(*) from run where state = 'done'"
                async with asyncio.timeout(PATIENCE):
                    while await pool.fetchval(told) < SOURCES:  # noqa: ASYNC110 - other processes write it
                        await asyncio.sleep(0.05)
                seconds = time.perf_counter() - begun
    async for key in bell.scan_iter(match=f"*{prefix}*", count=1000):
        await bell.delete(key)
    await bell.aclose()
    await drop_database(urls.database, name)
    return seconds


async def measure(urls: EngineUrls) -> list[Measure]:
    """One process, two, and two beside a till that hangs."""
    one = await night(urls, processes=1)
    two = await night(urls, processes=2)
    beside = await night(urls, processes=2, hangs=True)
    return [
        Measure("40 sources by two workers, sources/s", SOURCES / two, SOURCES / one, "by one", goal=1.7),
        Measure("40 sources beside one that hangs, s", beside, two, "without it", goal=1.1, at_most=True),
    ]


def main() -> None:
    """Runs it."""
    settings = Settings.from_environment(profile="bench", sandbox=True)
    with engines(settings) as urls:
        publish("sync_fleet", asyncio.run(measure(urls)))


if __name__ == "__main__":
    main()

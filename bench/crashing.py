"""Workers that die: a till with two versions of its stock, and the real worker process, killed while it reads.

Each kill is `kill -9` at a moment drawn by seed. The versions take turns, so that every run has most rows to write.
"""

from __future__ import annotations

import asyncio
import base64
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import msgspec
from aiohttp import web
from arq.connections import ArqRedis

from catalogue.database import Pool
from catalogue.venues import register_venue, registered
from schemas.records import Address, Identifier, Venue
from service.settings import CHECKOUT
from service.worker import redis_settings
from sync.bells import doorbell, ring
from sync.sources import NewSource, register
from sync.vault import Vault

SECRET = b"c" * 32
SIRET = "99900000300015"
PAGE = 1_000
PATIENCE = 120.0


def ean(number: int) -> str:
    """A valid EAN-13 of the book range."""
    body = f"978{number:09d}"
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-weighed % 10}"


@dataclass(slots=True)
class Shelves:
    """A till over the 2018 stock API. Its two versions differ in half the prices, and in what they hold at all."""

    rows: int
    version: int = 0
    made: dict[int, list[dict[str, object]]] = field(default_factory=dict)

    def stocks(self) -> list[dict[str, object]]:
        """Its rows now, by reference."""
        if self.version not in self.made:
            self.made[self.version] = [
                {
                    "ref": ean(n),
                    "available": (n + self.version) % 7,
                    "price": 5 + (n + self.version * (n % 2)) % 2000 / 100,
                }
                for n in range(self.rows)
                if n % 10 != self.version
            ]
        return self.made[self.version]

    async def page(self, request: web.Request) -> web.Response:
        """One page of the version that stands when it is asked for."""
        rows, after = self.stocks(), request.query.get("after", "")
        start = next((at for at, row in enumerate(rows) if str(row["ref"]) > after), len(rows))
        limit = min(int(request.query.get("limit", PAGE)), PAGE)
        answer = {"total": len(rows), "limit": limit, "offset": start, "stocks": rows[start : start + limit]}
        return web.Response(body=msgspec.json.encode(answer), content_type="application/json")


@asynccontextmanager
async def served(shelves: Shelves) -> AsyncIterator[str]:
    """The till's address, on loopback."""
    app = web.Application()
    app.router.add_get("/stocks/{siret}", shelves.page)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def till(pool: Pool, address: str, vault: Vault) -> int:
    """The till's source, at a venue of its own; everything may go at once."""
    venue = Venue(
        ref=registered(SIRET),
        name="Librairie des pannes",
        time_zone="Europe/Paris",
        identifiers=[Identifier(scheme="siret", value=SIRET)],
        address=Address(postal_code="67000", city="Strasbourg", insee_code="67482"),
    )
    new = NewSource(
        connector="stocks_api",
        account=SIRET,
        label="pannes",
        licence="etalab-2.0",
        settings={"base_url": address, "siret": SIRET, "page_size": str(PAGE)},
        allow_private=True,
        guard_share=1.0,
    )
    async with pool.acquire() as conn:
        venue_id = await register_venue(conn, venue, at=datetime.now(UTC))
        source_id = await register(conn, vault, replace(new, venue_id=venue_id))
        await conn.execute("update feed set due_at = now() + interval '1 day' where source_id = $1", source_id)
    return source_id


@dataclass(frozen=True, slots=True)
class Crashes:
    """How often a worker was killed, and how often in the middle of a run."""

    kills: int
    in_a_run: int
    seconds: float
    """Of the last run, which nobody killed."""


@dataclass(slots=True)
class Works:
    """One deployment: its database, its Redis keys, its source."""

    pool: Pool
    database_url: str
    redis_url: str
    profile: str
    """`test_x` works in the database `passerelle_test_x`, under Redis keys of its own."""
    source_id: int
    shelves: Shelves

    @property
    def prefix(self) -> str:
        return f"passerelle:{self.profile}:"

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """`passerelle worker`, as a process; killed at the end if it still lives."""
        environment = {
            **os.environ,
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "PASSERELLE_PROFILE": self.profile,
            "PASSERELLE_SECRET_KEY": base64.b64encode(SECRET).decode(),
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service.cli", "worker"),
            cwd=CHECKOUT,
            env=environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def ring(self, bell: ArqRedis) -> int:
        """Rings for the source as if the lease of whoever died were over; the number of the last run before."""
        await self.pool.execute("update feed set lease_until = now() - interval '1 second'")
        before: int = await self.pool.fetchval("select coalesce(max(id), 0) from run")
        await ring(bell, self.prefix, self.source_id, full=True)
        return before

    async def begun(self, before: int) -> int:
        """The run that began after that one."""
        async with asyncio.timeout(PATIENCE):
            # Another process writes what is waited for here.
            while (run := await self.pool.fetchval("select min(id) from run where id > $1", before)) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        found: int = run
        return found

    async def has_read(self, run: int, rows: int) -> None:
        """Returns once the run has committed so many rows, or has ended."""
        async with asyncio.timeout(PATIENCE):
            told = "select records >= $2 or state <> 'running' from run where id = $1"
            while not await self.pool.fetchval(told, run, rows):  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.01)

    async def read(self, bell: ArqRedis) -> float:
        """One run in a worker's process, to its end; its seconds. Raises RuntimeError where it does not end well."""
        before = await self.ring(bell)
        async with self.worker():
            run = await self.begun(before)
            begun = time.perf_counter()
            async with asyncio.timeout(PATIENCE):
                state = "running"
                while state == "running":
                    await asyncio.sleep(0.02)
                    state = await self.pool.fetchval("select state from run where id = $1", run)
            if state != "done":
                message = await self.pool.fetchval("select message from run where id = $1", run)
                raise RuntimeError(f"{state} : {message}")
            return time.perf_counter() - begun

    async def forget(self, bell: ArqRedis) -> None:
        """Removes what this deployment left in Redis."""
        async for key in bell.scan_iter(match=f"*{self.prefix}*", count=1000):
            await bell.delete(key)


async def clean(works: Works) -> float:
    """Reads version 0, then version 1, in workers nobody kills; the seconds of the second run."""
    bell = await doorbell(redis_settings(works.redis_url))
    try:
        for works.shelves.version in (0, 1):
            seconds = await works.read(bell)
        return seconds
    finally:
        await works.forget(bell)
        await bell.aclose()


async def crash(works: Works, *, kills: int, seed: int) -> Crashes:
    """Reads version 0, then kills so many workers, each at a moment of its own run; then reads version 1."""
    drawn = random.Random(seed)  # noqa: S311 - moments, no secrets
    bell = await doorbell(redis_settings(works.redis_url))
    in_a_run = 0
    try:
        works.shelves.version = 0
        await works.read(bell)
        for n in range(kills):
            works.shelves.version = (n + 1) % 2
            before = await works.ring(bell)
            async with works.worker() as process:
                run = await works.begun(before)
                await works.has_read(run, drawn.randrange(int(works.shelves.rows * 0.8)))
                await asyncio.sleep(drawn.uniform(0, 0.2))
                process.send_signal(signal.SIGKILL)
                await process.wait()
            in_a_run += await works.pool.fetchval("select state from run where id = $1", run) == "running"
        works.shelves.version = 1
        return Crashes(kills, in_a_run, await works.read(bell))
    finally:
        await works.forget(bell)
        await bell.aclose()

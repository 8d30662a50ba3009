"""A provider that says nothing keeps nobody else waiting: its job lends its place, and takes it back when answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from arq.connections import ArqRedis, RedisSettings

from bench.sync_fleet import siret
from bench.till import ean
from catalogue.database import Pool
from catalogue.venues import register_venue, registered
from schemas.records import Venue
from sync.bells import doorbell, ring
from sync.lending import ASIDE, Places
from sync.runner import Runner
from sync.sources import NewSource, register
from sync.vault import Vault
from sync.worker import worker

# arq closes its Redis in redis-py's old way.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")
VAULT = Vault([b"k" * 32])


class Till:
    """A till's software that answers some of its shops only when it is let."""

    def __init__(self) -> None:
        self.silent: set[str] = set()
        self.speaks = asyncio.Event()
        self.waiting = self.most = 0

    async def answer(self, request: web.Request) -> web.Response:
        """One book, and nothing after it."""
        if request.match_info["siret"] in self.silent:
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            await self.speaks.wait()
            self.waiting -= 1
        stocks = [] if "after" in request.query else [{"ref": ean(1), "available": 1, "price": 5}]
        return web.json_response({"total": 1, "limit": 1000, "offset": 0, "stocks": stocks})


class Night:
    """Shops of some tills' software, and one worker."""

    def __init__(self, pool: Pool, bell: ArqRedis, url: str, prefix: str) -> None:
        self.pool, self.bell, self.url, self.prefix = pool, bell, url, prefix
        self.shops = 0

    async def shop(self, till: Till, server: TestServer, *, silent: bool = False, most_runs: int = 20) -> int:
        """A source that is not due; `silent` its till hangs."""
        self.shops += 1
        number = siret(self.shops)
        if silent:
            till.silent.add(number)
        venue = Venue(ref=registered(number), name=f"Librairie {number}", time_zone="Europe/Paris")
        async with self.pool.acquire() as conn:
            new = NewSource(
                connector="stocks_api",
                account=number,
                label=number,
                licence="etalab-2.0",
                settings={"base_url": str(server.make_url("")).rstrip("/"), "siret": number},
                venue_id=await register_venue(conn, venue, at=datetime.now(UTC)),
                allow_private=True,
            )
            source_id = await register(conn, VAULT, new)
        await self.pool.execute("update provider set most_runs = $1", most_runs)
        await self.pool.execute("update feed set due_at = now() + interval '1 day'")
        return source_id

    @asynccontextmanager
    async def worked(self, *source_ids: int, jobs: int = 1) -> AsyncIterator[None]:
        """These are rung for, one after the other, and a worker works."""
        for source_id in source_ids:
            await ring(self.bell, self.prefix, source_id)
        runner = Runner(self.pool, VAULT, owner="worker")
        made = worker(RedisSettings.from_dsn(self.url), self.prefix, runner, self.pool, jobs=jobs, silence=0.02)
        task = asyncio.create_task(made.async_run())
        try:
            async with asyncio.timeout(60):
                yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await made.close()

    async def state(self, source_id: int) -> str | None:
        """Of its last run."""
        found: str | None = await self.pool.fetchval(
            "select state from run where source_id = $1 order by id desc limit 1", source_id
        )
        return found

    async def done(self, *source_ids: int) -> None:
        """Returns when all of them are read."""
        for source_id in source_ids:
            while await self.state(source_id) != "done":  # noqa: ASYNC110 - a worker's processes write it
                await asyncio.sleep(0.02)


@pytest.fixture
async def night(pool: Pool, redis_url: str, redis_prefix: str) -> AsyncIterator[Night]:
    bell = await doorbell(RedisSettings.from_dsn(redis_url))
    yield Night(pool, bell, redis_url, redis_prefix)
    await bell.aclose()


@pytest.fixture
async def tills() -> AsyncIterator[list[tuple[Till, TestServer]]]:
    """Two softwares, each a provider of its own."""
    made = []
    for _ in range(2):
        till = Till()
        app = web.Application()
        app.router.add_get("/stocks/{siret}", till.answer)
        server = TestServer(app)
        await server.start_server()
        made.append((till, server))
    yield made
    for till, server in made:
        till.speaks.set()
        await server.close()


async def test_a_source_that_hangs_keeps_nobody_waiting(night: Night, tills: list[tuple[Till, TestServer]]) -> None:
    """One place: the others are read while the first one's till says nothing; when it speaks, it is read as well."""
    till, server = tills[0]
    hangs = await night.shop(till, server, silent=True)
    others = [await night.shop(till, server) for _ in range(3)]
    async with night.worked(hangs, *others):
        await night.done(*others)
        assert await night.state(hangs) == "running"
        till.speaks.set()
        await night.done(hangs)
    assert await night.pool.fetchval("select count(*) from supply") == 4
    assert await night.pool.fetchval("select count(*) from run") == 4, "it went on as the same run"


async def test_a_lent_place_is_taken_by_who_is_due(night: Night, tills: list[tuple[Till, TestServer]]) -> None:
    """Nobody else was rung for: the lending itself rings."""
    till, server = tills[0]
    hangs = await night.shop(till, server, silent=True)
    due = await night.shop(till, server)
    await night.pool.execute("update feed set due_at = now() where source_id = $1", due)
    async with night.worked(hangs):
        await night.done(due)
        assert await night.state(hangs) == "running"


async def test_those_who_stand_aside_are_few(night: Night, tills: list[tuple[Till, TestServer]]) -> None:
    """Of ten that hang, as many as may stand aside and one that keeps the place: more wait for the first to end."""
    till, server = tills[0]
    ids = [await night.shop(till, server, silent=True) for _ in range(10)]
    async with night.worked(*ids):
        while till.waiting < 1 + ASIDE:  # noqa: ASYNC110 - a server of another task
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.5)
        assert till.most == 1 + ASIDE
        till.speaks.set()
        await night.done(*ids)
    assert till.most == 1 + ASIDE


async def test_a_provider_s_limit_counts_those_who_stand_aside(
    night: Night, tills: list[tuple[Till, TestServer]]
) -> None:
    """Two at once of a provider that hangs, lent or not; another provider's are read."""
    (till, server), (fine, elsewhere) = tills
    hanging = [await night.shop(till, server, silent=True, most_runs=2) for _ in range(4)]
    others = [await night.shop(fine, elsewhere, most_runs=2) for _ in range(3)]
    async with night.worked(*hanging, *others):
        await night.done(*others)
        assert till.most == 2
        till.speaks.set()
        await night.done(*hanging)
    assert till.most == 2


async def test_no_more_work_at_once_than_there_are_places() -> None:
    """Whoever is answered waits for a place; whoever is stopped meanwhile takes none and leaves none behind."""
    places, at_work, most, answers = Places(2, silence=0.0), 0, 0, asyncio.Event()

    async def job(*, answered: asyncio.Event) -> None:
        nonlocal at_work, most
        async with places.taken() as place:
            async with place.aside():
                await answered.wait()
            at_work += 1
            most = max(most, at_work)
            await asyncio.sleep(0.01)
            at_work -= 1

    jobs = [asyncio.create_task(job(answered=answers)) for _ in range(8)]
    stopped = asyncio.create_task(job(answered=asyncio.Event()))
    while places.aside < 2 * ASIDE:  # noqa: ASYNC110 - until all of them have had their turn
        await asyncio.sleep(0)
    stopped.cancel()
    await asyncio.gather(stopped, return_exceptions=True)
    answers.set()
    await asyncio.gather(*jobs)
    assert (most, places.aside) == (2, 0)
    async with places.taken(), places.taken():
        assert places.free.locked()

"""Workers as operators run them: processes that are killed, asked to stop, started twice, robbed of their Redis."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from arq.connections import ArqRedis, RedisSettings
from feeds import content

from catalogue.database import Pool
from catalogue.venues import register_venue, registered
from sandbox.directory import sources
from sandbox.faults import Fault, FaultKind
from sandbox.serving import serve_world
from sandbox.world import World, build
from schemas.records import Address, Identifier, Venue
from service.settings import CHECKOUT
from sync.bells import doorbell, ring_next
from sync.runner import Runner, now
from sync.sources import NewSource, register
from sync.vault import Vault
from sync.worker import POOL, ring_due

pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")
KEY = b"k" * 32


@dataclass
class Plant:
    """A town's sources, the bell, and the worker processes of this test's own deployment."""

    pool: Pool
    bell: ArqRedis
    prefix: str
    environment: dict[str, str]
    world: World
    ids: list[int]
    workers: list[Process] = field(default_factory=list)

    async def start(self, *, jobs: int = 2) -> Process:
        """A worker process."""
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "service.cli", "worker", "--jobs", str(jobs),
            cwd=CHECKOUT, env=self.environment, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL,
        )  # fmt: skip
        self.workers.append(worker)
        return worker

    async def ring(self, times: int = 1) -> None:
        for _ in range(times):
            await ring_next(self.bell, self.prefix)

    async def ring_due(self) -> None:
        """What each worker does at the full minute, which a test does not wait for."""
        await ring_due({POOL: self.pool, "redis": self.bell, "prefix": self.prefix})

    async def runs(self) -> list[tuple[int, str]]:
        rows = await self.pool.fetch("select source_id, state from run order by id")
        return [(row["source_id"], row["state"]) for row in rows]

    async def reaches(self, *states: str, seconds: float = 60) -> None:
        """Waits until the runs' states are these, in any order."""
        found: list[str] = []
        for _ in range(int(seconds / 0.05)):
            found = sorted(state for _, state in await self.runs())
            if found == sorted(states):
                return
            await asyncio.sleep(0.05)
        told = await self.pool.fetch("select failure, message from run where message is not null")
        raise TimeoutError(f"runs are {found} {list(map(tuple, told))}")

    def hang(self, seconds: float, *, times: int = 1, after: int = 0) -> None:
        """The bookshops' software lets the next requests wait; each try that it does not answer is made again."""
        fault = Fault(FaultKind.HANG, seconds=seconds, times=times, after=after)
        self.world.faults["bookshop"].inject(fault)

    async def ours(self) -> list[bytes]:
        return [key async for key in self.bell.scan_iter(match=f"*{self.prefix}*")]


@pytest.fixture
async def plant(database_url: str, pool: Pool, redis_url: str, tmp_path: Path) -> AsyncIterator[Plant]:
    name = database_url.partition("?")[0].rpartition("/")[2].removeprefix("passerelle_")
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PASSERELLE_PROFILE": name,
        "PASSERELLE_SANDBOX": "1",
        "PASSERELLE_HOME": str(tmp_path),
        "PASSERELLE_SECRET_KEY": base64.b64encode(KEY).decode(),
        "PASSERELLE_DRAIN_SECONDS": "5",
    }
    world = build(datetime.now(UTC).date(), now)
    bell = await doorbell(RedisSettings.from_dsn(redis_url))
    async with serve_world(world) as addresses:
        ids = []
        async with pool.acquire() as conn:
            for spec in sources(world, addresses):
                if spec.name == "bookshop" and spec.venue_siret is not None:
                    place = Venue(
                        ref=registered(spec.venue_siret),
                        name=spec.label,
                        time_zone="Europe/Paris",
                        identifiers=[Identifier("siret", spec.venue_siret)],
                        address=Address(postal_code="29000", city="Quimper"),
                    )
                    new = NewSource(
                        connector=spec.connector,
                        account=spec.account,
                        label=spec.label,
                        licence=spec.licence,
                        settings=spec.settings,
                        venue_id=await register_venue(conn, place, at=now()),
                        allow_private=True,
                    )
                    ids.append(await register(conn, Vault([KEY]), new))
        made = Plant(pool, bell, f"passerelle:{name}:", environment, world, ids)
        yield made
        for worker in made.workers:
            if worker.returncode is None:
                worker.kill()
            await worker.wait()
    if left := await made.ours():
        await bell.delete(*left)
    await bell.aclose()


async def test_a_worker_that_is_asked_to_stop_ends_what_it_reads_and_begins_nothing(plant: Plant) -> None:
    """SIGTERM in the middle of a reading: that one ends well, the others stay due, and the process ends well."""
    plant.hang(2.0, after=1)
    worker = await plant.start(jobs=1)
    await plant.ring(3)
    await plant.reaches("running")
    await asyncio.sleep(0.3)
    worker.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(worker.wait(), 20) == 0
    assert [state for _, state in await plant.runs()] == ["done"]
    assert await plant.pool.fetchval("select count(*) from feed where due_at <= now()") == len(plant.ids) - 1


async def test_a_reading_that_outlasts_the_stop_is_taken_over_at_once(plant: Plant) -> None:
    """It is given up without waiting for its lease to run out, and another worker reads on."""
    plant.environment["PASSERELLE_DRAIN_SECONDS"] = "1"
    plant.hang(60.0, after=1)
    first = await plant.start(jobs=1)
    await plant.ring()
    await plant.reaches("running")
    first.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(first.wait(), 20) == 0
    assert [state for _, state in await plant.runs()] == ["lost"]
    assert await plant.pool.fetchval("select count(*) from feed where lease_until is not null") == 0
    await plant.start(jobs=1)
    await plant.ring_due()
    await plant.reaches("lost", *["done"] * len(plant.ids))


async def test_a_killed_worker_s_source_is_taken_over_when_its_lease_ends(plant: Plant) -> None:
    """kill -9 in the middle of a reading: nobody reads the source until the lease ends, then another worker does,
    and the référentiel is that of readings that nobody disturbed."""
    plant.hang(60.0, after=1)
    first = await plant.start(jobs=1)
    await plant.ring()
    await plant.reaches("running")
    [(source, _)] = await plant.runs()
    first.kill()
    await first.wait()
    await plant.start(jobs=1)
    await plant.ring_due()
    others = len(plant.ids) - 1
    await plant.reaches("running", *["done"] * others)
    assert [s for s, state in await plant.runs() if state == "done"].count(source) == 0
    remaining = await plant.pool.fetchval(
        "select extract(epoch from lease_until - now())::float8 from feed where lease_until is not null"
    )
    assert 0 < remaining <= 90
    await plant.pool.execute("update feed set lease_until = now() where lease_until is not null")
    await plant.ring_due()
    await plant.reaches("lost", *["done"] * (others + 1))
    async with plant.pool.acquire() as conn:
        before = await content(conn)
        runner = Runner(plant.pool, Vault([KEY]), owner="test")
        for one in plant.ids:
            report = await runner.run(one, full=True)
            assert (report.created, report.changed, report.withdrawn) == (0, 0, 0)
        assert (await content(conn))["supplies"] == before["supplies"]
    assert len(before["supplies"]) > 400


async def test_two_workers_share_the_work_and_the_provider_s_limits(plant: Plant) -> None:
    """Rung three times as often as needed: each source is read once, and no two at a time where one is allowed."""
    await plant.pool.execute("update provider set most_runs = 1")
    plant.hang(0.3, times=2)
    await plant.start()
    await plant.start()
    await plant.ring(3 * len(plant.ids))
    await plant.reaches(*["done"] * len(plant.ids))
    assert sorted(source for source, _ in await plant.runs()) == sorted(plant.ids)
    together = await plant.pool.fetchval(
        "select count(*) from run a join run b on a.id < b.id and a.ended_at > b.started_at"
    )
    assert together == 0


async def test_a_redis_that_forgets_everything_midway_loses_nothing(plant: Plant) -> None:
    """All keys of ours go while a source is being read: at the next full minute what is due is rung again."""
    plant.hang(1.0)
    await plant.start(jobs=1)
    await plant.ring(len(plant.ids))
    await plant.reaches("running")
    await plant.bell.delete(*await plant.ours())
    await plant.ring_due()
    await plant.reaches(*["done"] * len(plant.ids))
    assert await plant.pool.fetchval("select count(*) from feed where due_at <= now()") == 0

"""Real workers over a real Redis: it is only the doorbell, and losing it loses nothing."""

from __future__ import annotations

import asyncio
import json
import pickle
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from arq.connections import ArqRedis, RedisSettings

from accounts.offerers import Offerers
from catalogue.database import Pool
from catalogue.venues import register_venue, registered
from sandbox.directory import sources
from sandbox.faults import Fault, FaultKind
from sandbox.serving import serve_world
from sandbox.world import World, build
from schemas.records import Venue
from sync.bells import doorbell, queue_name, ring
from sync.leases import take
from sync.lending import Places
from sync.push_items import stocks_of
from sync.pushing import take_in
from sync.runner import Runner, now
from sync.slices import Slice
from sync.sources import NewSource, register
from sync.vault import Vault
from sync.worker import PLACES, POOL, RUNNER, SLICE, ring_due, ring_waiting, sync_source, worker

# arq closes its Redis in redis-py's old way.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")
VAULT = Vault([b"k" * 32])


@dataclass
class Works:
    """Some sources, a bell, and what a worker of this deployment is made of."""

    pool: Pool
    bell: ArqRedis
    url: str
    prefix: str
    world: World
    ids: list[int]
    runner: Runner

    @property
    def context(self) -> dict[str, object]:
        """What a job is given."""
        told = {RUNNER: self.runner, POOL: self.pool, SLICE: Slice(), PLACES: Places(4)}
        return {**told, "prefix": self.prefix, "redis": self.bell}

    async def ended(self, count: int) -> list[tuple[int, str]]:
        """The runs, once so many have ended."""
        for _ in range(3000):
            rows = await self.pool.fetch("select source_id, state from run where state <> 'running' order by id")
            if len(rows) >= count:
                return [(row["source_id"], row["state"]) for row in rows]
            await asyncio.sleep(0.02)
        raise TimeoutError(f"{count} runs have not ended")

    async def ours(self) -> list[bytes]:
        """All keys of this deployment."""
        return [key async for key in self.bell.scan_iter(match=f"*{self.prefix}*")]


@pytest.fixture
async def works(pool: Pool, redis_url: str, redis_prefix: str) -> AsyncIterator[Works]:
    world = build(datetime.now(UTC).date(), now)
    bell = await doorbell(RedisSettings.from_dsn(redis_url))
    async with serve_world(world) as addresses:
        ids = []
        async with pool.acquire() as conn:
            for spec in sources(world, addresses):
                if spec.name == "theatre":
                    new = NewSource(
                        connector=spec.connector,
                        account=spec.account,
                        label=spec.label,
                        licence=spec.licence,
                        settings=spec.settings,
                        allow_private=True,
                    )
                    ids.append(await register(conn, VAULT, new))
        yield Works(pool, bell, redis_url, redis_prefix, world, ids, Runner(pool, VAULT, owner="worker"))
    for key in [key async for key in bell.scan_iter(match=f"*{redis_prefix}*")]:
        await bell.delete(key)
    await bell.aclose()


@pytest.fixture
async def working(works: Works) -> AsyncIterator[None]:
    """A worker at work, in which nothing is due but what the test rings for."""
    await works.pool.execute("update feed set due_at = now() + interval '1 day'")
    made = worker(RedisSettings.from_dsn(works.url), works.prefix, works.runner, works.pool)
    task = asyncio.create_task(made.async_run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await made.close()


async def test_a_worker_ends_while_a_job_notes_its_end(works: Works) -> None:
    """What cuts that job off is not passed on to whoever ends the worker."""
    made = worker(RedisSettings.from_dsn(works.url), works.prefix, works.runner, works.pool)
    running, begun = asyncio.create_task(made.async_run()), asyncio.Event()
    for source in works.ids:
        await ring(works.bell, works.prefix, source)

    async def noting() -> None:
        begun.set()
        await asyncio.Event().wait()

    await works.ended(len(works.ids))
    made.tasks["a job"] = asyncio.create_task(noting())
    await begun.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await made.close()
    assert not made.tasks


async def test_a_worker_reads_what_it_is_rung_for(works: Works, working: None) -> None:
    """Each source once, another's failure notwithstanding, and no job is left behind."""
    works.world.faults["theatre"].inject(Fault(FaultKind.STATUS, status=503, headers={"Retry-After": "3600"}))
    for source in works.ids:
        await ring(works.bell, works.prefix, source)
    states = [state for _, state in await works.ended(len(works.ids))]
    assert sorted(states) == ["done", "done", "failed"]
    for _ in range(100):
        if not await works.bell.zcard(queue_name(works.prefix)):
            break
        await asyncio.sleep(0.02)
    assert await works.bell.zcard(queue_name(works.prefix)) == 0
    assert not [key for key in await works.ours() if key.startswith(b"arq:job:")]


async def test_jobs_travel_as_json_under_the_deployment_s_own_names(works: Works) -> None:
    """What waits in Redis can be read by anybody and run by nobody; every key bears our prefix."""
    before = {key async for key in works.bell.scan_iter(match="*")}
    await ring(works.bell, works.prefix, works.ids[0], full=True)
    new = {key async for key in works.bell.scan_iter(match="*")} - before
    mine = [key for key in new if works.prefix.encode() in key]
    assert len(mine) == 2
    [job] = [await works.bell.get(key) for key in mine if key.startswith(b"arq:job:")]
    assert json.loads(job)["f"] == "sync_source"
    assert json.loads(job)["a"] == [works.ids[0], True]


async def test_a_pickled_job_is_not_run(works: Works, working: None) -> None:
    """Whoever can write to the queue cannot make a worker run code; the worker goes on."""
    name = f"{works.prefix}evil"
    job = pickle.dumps({"t": None, "f": "sync_source", "a": (works.ids[0], False), "k": {}, "et": 1})
    await works.bell.set(f"arq:job:{name}", job, px=10_000)
    await works.bell.zadd(queue_name(works.prefix), {name: 1})
    await ring(works.bell, works.prefix, works.ids[1])
    assert await works.ended(1) == [(works.ids[1], "done")]


async def test_what_is_due_is_rung_again_after_redis_has_forgotten(works: Works) -> None:
    """All keys of ours are gone; what PostgreSQL says is due is rung, once, and read; what is paused, held or not
    due is not."""
    for source in works.ids:
        await ring(works.bell, works.prefix, source)
    await works.bell.delete(*await works.ours())
    due, paused, held = works.ids
    async with works.pool.acquire() as conn:
        await conn.execute("update feed set paused_why = 'refusé' where source_id = $1", paused)
        await take(conn, held, "another")
    assert await ring_due(works.context) == 1
    assert await ring_due(works.context) == 0, "the bell that waits is enough"
    made = worker(RedisSettings.from_dsn(works.url), works.prefix, works.runner, works.pool)
    task = asyncio.create_task(made.async_run())
    try:
        assert await works.ended(1) == [(due, "done")]
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await made.close()
    assert await ring_due(works.context) == 0
    await works.pool.execute("update feed set due_at = now(), lease_until = now() - interval '1 second'")
    if left := await works.ours():
        await works.bell.delete(*left)
    assert await ring_due(works.context) == 2


async def test_what_was_rung_for_is_read_when_its_provider_has_a_place(works: Works, working: None) -> None:
    """Three sources that are not due, asked for at once where one may be read at a time: none is forgotten."""
    await works.pool.execute("update provider set most_runs = 1")
    for source in works.ids:
        await ring(works.bell, works.prefix, source)
    assert sorted(await works.ended(3)) == [(source, "done") for source in works.ids]


async def test_a_source_that_is_held_is_no_failure(works: Works) -> None:
    """The job says so and ends; whoever holds the source reads it."""
    async with works.pool.acquire() as conn:
        await take(conn, works.ids[0], "another")
    assert await sync_source(works.context, works.ids[0], False) == "busy"
    assert await sync_source(works.context, works.ids[1], False) == "done"


async def test_pushed_batches_and_asked_releases_are_found_again(works: Works) -> None:
    """Nobody was rung for them; what stands in PostgreSQL is rung, and done."""
    pool = works.pool
    venue = Venue(ref=registered("12345678200010"), name="Librairie", time_zone="Europe/Paris")
    async with pool.acquire() as conn:
        venue_id = await register_venue(conn, venue, at=now())
    vendor_id = await Offerers(pool).vendor("till")
    ticket = await take_in(
        pool,
        stocks_of([{"ean": "9782070360024", "available": 1}]),
        vendor_id=vendor_id,
        venue_id=venue_id,
        venue_ids={venue_id},
        key=None,
        request=b"",
    )
    await works.runner.run(works.ids[0])
    asked = await pool.fetchval(
        "update run set state = 'guarded', failure = 'guarded', release_asked_at = now() returning id"
    )
    assert await ring_waiting(works.context) == 2
    made = worker(RedisSettings.from_dsn(works.url), works.prefix, works.runner, pool)
    task = asyncio.create_task(made.async_run())
    try:
        assert await works.ended(2) == [(works.ids[0], "done"), (ticket.source_id, "done")]
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await made.close()
    assert await pool.fetchval("select state from push_job") == "done"
    assert await pool.fetchval("select message from run where id = $1", asked) == "retraits acceptés par une personne"
    assert await ring_waiting(works.context) == 0


async def test_a_long_source_lets_others_be_read(works: Works) -> None:
    """One worker, one job at a time: a source of many slices does not keep the next one waiting for its end, and
    comes to what one run comes to."""
    long, short, _ = works.ids
    await works.pool.execute("update feed set due_at = now() + interval '1 day'")
    await works.pool.execute(
        """update feed set settings = settings || '{"page_size": "5"}' where source_id = $1""", long
    )
    made = worker(
        RedisSettings.from_dsn(works.url), works.prefix, works.runner, works.pool, jobs=1, limit=Slice(rows=10)
    )
    task = asyncio.create_task(made.async_run())
    try:
        await ring(works.bell, works.prefix, long, full=True)
        await ring(works.bell, works.prefix, short)
        # A run keeps its lease until it is told: who is cut off before leaves the source busy.
        unfinished = """
        select count(*) from feed where source_id = any($1) and (cursor is null or is_midway or lease_until > now())
        """
        for _ in range(1200):
            if not await works.pool.fetchval(unfinished, [long, short]):
                break
            await asyncio.sleep(0.05)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await made.close()
    runs = await works.pool.fetch("select source_id, mode, state, is_partial from run order by id")
    order = [run["source_id"] for run in runs]
    assert order.count(long) > 3
    assert order.index(short) < len(order) - 1 - order[::-1].index(long)
    assert {(run["mode"], run["state"]) for run in runs} == {("full", "done")}
    again = await works.runner.run(long, full=True)
    assert (again.created, again.changed, again.withdrawn, again.is_partial) == (0, 0, 0, False)


async def test_a_slice_whose_bell_is_lost_is_due_at_once(works: Works) -> None:
    """Redis forgot the ringing: the minute's round rings for what stopped midway."""
    source = works.ids[0]
    await works.pool.execute("""update feed set settings = settings || '{"page_size": "5"}'""")
    context = {**works.context, SLICE: Slice(rows=10)}
    assert await sync_source(context, source, True) == "partial"
    await works.bell.delete(*await works.ours())
    await works.pool.execute("update feed set due_at = now() + interval '1 day' where source_id <> $1", source)
    assert await ring_due(context) == 1

"""The arq jobs. Redis is only the doorbell: what a worker reads when it rings stands in PostgreSQL (`claims.py`).

A bell says no more than that there is something to do, so that one that is lost is rung again, and one too many
finds nothing and ends.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from typing import Any

import msgspec
from arq import ArqRedis, create_pool, cron, func
from arq.connections import RedisSettings
from arq.constants import in_progress_key_prefix
from arq.worker import Worker

from catalogue.database import Pool
from sync.claims import claimable
from sync.push_merge import waiting_sources
from sync.releases import asked_releases
from sync.runner import Runner, SourceBusy
from sync.slices import Slice

logger = logging.getLogger(__name__)

JOB_SECONDS = 3600
QUEUE_READ = 5_000
"""arq looks at the first 100 jobs by itself: a hundred deaths within the hour would stop all reading."""
QUEUE = "sync"
MOST_BELLS = 100
"""Rung in one minute; each that finds work rings again."""
RUNNER = "runner"
POOL = "pool"
SLICE = "slice"


def queue_name(prefix: str) -> str:
    """The queue's key under this deployment's own prefix."""
    return f"{prefix}{QUEUE}"


def encode(value: dict[str, Any]) -> bytes:
    """Jobs travel as JSON: a queue somebody else can write to must not be able to make us run code."""
    return msgspec.json.encode(value, enc_hook=str)


def decode(data: bytes) -> dict[str, Any]:
    """A job again."""
    job: dict[str, Any] = msgspec.json.decode(data)
    return job


async def doorbell(settings: RedisSettings) -> ArqRedis:
    """A connection to ring with; jobs travel in the form the workers read."""
    return await create_pool(settings, job_serializer=encode, job_deserializer=decode)


async def ring(redis: ArqRedis, prefix: str, source_id: int, *, full: bool = False) -> None:
    """Asks the workers to run a source soon. Ringing twice is harmless: its lease decides."""
    await redis.enqueue_job(
        "sync_source", source_id, full, _queue_name=queue_name(prefix), _job_id=f"{prefix}{uuid.uuid4().hex}"
    )


async def ring_next(redis: ArqRedis, prefix: str) -> None:
    """Asks a worker to read whatever is next: a source that was just registered comes first."""
    await redis.enqueue_job("sync_next", _queue_name=queue_name(prefix), _job_id=f"{prefix}{uuid.uuid4().hex}")


async def sync_source(ctx: dict[str, Any], source_id: int, full: bool) -> str:
    """Runs one slice of a source; that another worker holds it is no failure. Where its provider is too busy it is due
    now, and is read when there is a place; so is the rest of a source that was stopped midway.
    """
    try:
        report = await _runner(ctx).run(source_id, full=full, limit=ctx.get(SLICE, Slice()))
    except SourceBusy:
        pool: Pool = ctx[POOL]
        await pool.execute(
            """
            update feed set due_at = least(due_at, now())
            where source_id = $1 and (lease_until is null or lease_until < now())
            """,
            source_id,
        )
        await ring_next(ctx["redis"], ctx["prefix"])
        return "busy"
    if report.is_partial:
        # Behind those who wait by now; should the bell be lost, the source is due all the same.
        await ring(ctx["redis"], ctx["prefix"], source_id)
        return "partial"
    await ring_next(ctx["redis"], ctx["prefix"])
    return report.state


async def sync_next(ctx: dict[str, Any]) -> str:
    """Runs what is next, and passes the bell on: as long as there is something to do, somebody comes for it."""
    report = await _runner(ctx).run_next(limit=ctx.get(SLICE, Slice()))
    if report is None:
        return "nothing"
    await ring_next(ctx["redis"], ctx["prefix"])
    if report.is_partial:
        return "partial"
    return report.state


async def ring_push(redis: ArqRedis, prefix: str, source_id: int) -> None:
    """Asks the workers to merge what was pushed to a source."""
    await redis.enqueue_job(
        "merge_pushed", source_id, _queue_name=queue_name(prefix), _job_id=f"{prefix}{uuid.uuid4().hex}"
    )


async def ring_release(redis: ArqRedis, prefix: str, run_id: int) -> None:
    """Asks the workers to let pass what a guard held back in a run."""
    await redis.enqueue_job(
        "release_run", run_id, _queue_name=queue_name(prefix), _job_id=f"{prefix}{uuid.uuid4().hex}"
    )


async def merge_pushed(ctx: dict[str, Any], source_id: int) -> str:
    """Merges the batches that wait at a source."""
    runner: Runner = ctx[RUNNER]
    merged = await runner.merge_pushed(source_id)
    return "busy" if merged is None else f"{merged} merged"


async def release_run(ctx: dict[str, Any], run_id: int) -> str:
    """Releases a run as its venue asked; one that is busy is rung again, one that waits no longer is not."""
    runner: Runner = ctx[RUNNER]
    try:
        return (await runner.release(run_id)).state
    except SourceBusy:
        return "busy"
    except LookupError:
        return "gone"


async def ring_waiting(ctx: dict[str, Any]) -> int:
    """Every minute: rings for pushed batches and asked releases that nobody took up."""
    pool: Pool = ctx[POOL]
    sources, runs = await waiting_sources(pool), await asked_releases(pool)
    for source_id in sources:
        await ring_push(ctx["redis"], ctx["prefix"], source_id)
    for run_id in runs:
        await ring_release(ctx["redis"], ctx["prefix"], run_id)
    return len(sources) + len(runs)


async def ring_due(ctx: dict[str, Any]) -> int:
    """Every minute: rings as often as sources can be begun and no bell waits, whatever Redis has forgotten."""
    pool: Pool = ctx[POOL]
    async with pool.acquire() as conn:
        wanted = min(MOST_BELLS, await claimable(conn))
    missing = wanted - (await _waiting(ctx["redis"], ctx["prefix"]) if wanted else 0)
    for _ in range(missing):
        await ring_next(ctx["redis"], ctx["prefix"])
    return max(0, missing)


async def _waiting(redis: ArqRedis, prefix: str) -> int:
    """Bells that nobody has answered yet."""
    ids = await redis.zrange(queue_name(prefix), 0, -1)
    if not ids:
        return 0
    taken: int = await redis.exists(*(in_progress_key_prefix + job.decode() for job in ids))
    return len(ids) - taken


def _runner(ctx: dict[str, Any]) -> Runner:
    runner: Runner = ctx[RUNNER]
    return runner


def worker(
    settings: RedisSettings,
    prefix: str,
    runner: Runner,
    pool: Pool,
    *,
    jobs: int = 4,
    limit: Slice = Slice(),  # noqa: B008
) -> Worker:
    """A worker of this house: `await it.async_run()`; it finishes its jobs on SIGTERM. `limit`: of one run."""
    return Worker(
        functions=[
            func(job, keep_result=0, max_tries=5, timeout=JOB_SECONDS)
            for job in (sync_source, sync_next, merge_pushed, release_run)
        ],
        # Named with the prefix: two deployments on one Redis must not drop each other's ringing.
        cron_jobs=[
            cron(ring_due, name=f"{prefix}ring_due", second=0, unique=True, keep_result=0),
            cron(ring_waiting, name=f"{prefix}ring_waiting", second=30, unique=True, keep_result=0),
        ],
        queue_name=queue_name(prefix),
        redis_settings=settings,
        ctx={RUNNER: runner, POOL: pool, SLICE: limit, "prefix": prefix},
        max_jobs=jobs,
        # The jobs of killed workers stay at the head of the queue until arq's time-out: they must hide nothing.
        queue_read_limit=QUEUE_READ,
        poll_delay=0.2,
        job_serializer=encode,
        job_deserializer=decode,
        health_check_key=f"{prefix}health",
        handle_signals=False,
    )


async def close(made: Worker) -> None:
    """Lets go of the jobs under way, and of Redis. A job that is cut off while it notes its end is no failure.

    arq would pass that job's cancellation on, as if the worker's own end were cancelled.
    """
    for task in made.tasks.values():
        task.cancel()
    await asyncio.gather(*made.tasks.values(), return_exceptions=True)
    made.tasks.clear()
    await made.close()

"""The doorbell: jobs rung for through Redis. A bell says no more than that there is something to do."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
from arq import ArqRedis, create_pool
from arq.connections import RedisSettings

QUEUE = "sync"


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

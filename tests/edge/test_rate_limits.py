"""Rate limits: the counting, here and in Redis, and what callers are told."""

from __future__ import annotations

import asyncio
import logging

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from redis.asyncio import Redis

from edge.app import face
from edge.buckets import Allowance, LocalBuckets, RedisBuckets
from edge.limits import address_of, rate_limited

THREE_A_MINUTE = Allowance("desk", 3, 60)


@pytest.fixture
async def redis(redis_url):
    """A client of the running Redis."""
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


async def test_a_bucket_empties_and_refills() -> None:
    """So many at once, then one for each part of the window that passes, never more than the quota."""
    now = [0.0]
    buckets = LocalBuckets(clock=lambda: now[0])

    async def take() -> tuple[bool, int, float]:
        taken = await buckets.take(THREE_A_MINUTE, "till")
        return taken.allowed, taken.remaining, taken.wait_seconds

    assert [await take() for _ in range(4)] == [
        (True, 2, 0),
        (True, 1, 0),
        (True, 0, 20),
        (False, 0, 20),
    ]
    now[0] = 15
    assert await take() == (False, 0, 5)
    now[0] = 20
    assert await take() == (True, 0, 20)
    now[0] = 10_000
    assert [(await take())[0] for _ in range(4)] == [True, True, True, False]


async def test_callers_and_allowances_do_not_share() -> None:
    """Another caller, or another allowance of the same, has a bucket of its own."""
    buckets = LocalBuckets(clock=lambda: 0)
    for _ in range(4):
        last = await buckets.take(THREE_A_MINUTE, "a")
    assert not last.allowed
    assert (await buckets.take(THREE_A_MINUTE, "b")).allowed
    assert (await buckets.take(Allowance("push", 1, 1), "a")).allowed


async def test_memory_is_bounded() -> None:
    """Beyond `most`, the buckets used longest ago are forgotten, not those in use."""
    buckets = LocalBuckets(clock=lambda: 0, most=2)
    one = Allowance("desk", 1, 60)
    await buckets.take(one, "a")
    await buckets.take(one, "b")
    await buckets.take(one, "a")
    await buckets.take(one, "c")
    assert not (await buckets.take(one, "a")).allowed
    assert (await buckets.take(one, "b")).allowed


async def test_redis_counts_for_all_processes(redis, redis_prefix) -> None:
    """Twenty at once through two clients: exactly the quota passes; the key expires by itself."""
    allowance = Allowance("desk", 5, 3600)
    pair = [RedisBuckets(redis, prefix=redis_prefix, patience_seconds=5) for _ in range(2)]
    taken = await asyncio.gather(*(buckets.take(allowance, "till") for buckets in pair * 10))
    assert sum(one.allowed for one in taken) == 5
    refused = next(one for one in taken if not one.allowed)
    assert 700 < refused.wait_seconds <= 720
    assert (await pair[0].take(allowance, "other")).remaining == 4
    assert 3590 < await redis.ttl(f"{redis_prefix}limit:desk:till") <= 3600


async def test_redis_refills(redis, redis_prefix) -> None:
    """By the clock of Redis an empty bucket refills evenly, and a full one does not grow."""
    allowance = Allowance("fast", 4, 2)
    buckets = RedisBuckets(redis, prefix=redis_prefix, patience_seconds=5)

    async def take(who: str, times: int) -> list[bool]:
        return [(await buckets.take(allowance, who)).allowed for _ in range(times)]

    assert await take("empty", 5) == [True, True, True, True, False]
    assert await take("nearly-full", 1) == [True]
    await asyncio.sleep(0.6)
    assert await take("empty", 2) == [True, False]
    await asyncio.sleep(0.9)
    assert await take("nearly-full", 5) == [True, True, True, True, False]


async def test_without_redis_each_process_counts(unused_tcp_port, caplog) -> None:
    """A Redis that is away stops nobody and frees nobody, and is told once, not at each request."""
    async with Redis(port=unused_tcp_port) as nowhere:
        buckets = RedisBuckets(nowhere, prefix="passerelle:test:")
        taken = [await buckets.take(THREE_A_MINUTE, "till") for _ in range(4)]
    assert [one.allowed for one in taken] == [True, True, True, False]
    told = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(told) == 1


async def test_a_redis_that_hangs_is_not_waited_for(unused_tcp_port) -> None:
    """A Redis that accepts and says nothing costs each request a moment, not its time-out."""

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", unused_tcp_port)
    async with server, Redis(port=unused_tcp_port) as mute:
        buckets = RedisBuckets(mute, prefix="passerelle:test:", patience_seconds=0.05)
        async with asyncio.timeout(1):
            assert (await buckets.take(THREE_A_MINUTE, "till")).allowed


async def test_a_caller_is_told(aiohttp_client, problem) -> None:
    """Each answer carries the policy and what is left; over it, 429 says when to come back."""

    async def hello(_: web.Request) -> web.Response:
        return web.json_response("hello")

    limit = rate_limited(LocalBuckets(clock=lambda: 0), Allowance("desk", 2, 61), lambda request: "till")
    burst = rate_limited(LocalBuckets(clock=lambda: 0), Allowance("burst", 9, 1), lambda request: "till")
    app = face(middlewares=[burst, limit])
    app.router.add_get("/hello", hello)
    client = await aiohttp_client(app)

    first = await client.get("/hello")
    assert first.status == 200
    assert first.headers["RateLimit-Policy"] == '"burst";q=9;w=1, "desk";q=2;w=61'
    assert first.headers["RateLimit"] == '"burst";r=8;t=0, "desk";r=1;t=0'
    assert (await client.get("/nowhere")).headers["RateLimit"] == '"burst";r=7;t=0, "desk";r=0;t=31'
    refused = await client.get("/hello")
    content = await problem(refused, 429, "too-many-requests")
    assert content["violatedPolicies"] == ["desk"]
    assert refused.headers["Retry-After"] == "31"
    assert refused.headers["RateLimit"] == '"burst";r=6;t=0, "desk";r=0;t=31'


@pytest.mark.parametrize(
    ("remote", "forwarded", "proxies", "address"),
    [
        ("192.0.2.1", None, 0, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", 0, "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7", 1, "198.51.100.7"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.7", 1, "198.51.100.7"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.7, 10.0.0.2", 2, "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7", 3, "198.51.100.7"),
        ("10.0.0.1", None, 1, "10.0.0.1"),
        ("10.0.0.1", "rubbish", 1, "unknown"),
        ("2001:db8:1:2:3:4:5:6", None, 0, "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", None, 0, "192.0.2.1"),
    ],
)
def test_whose_address_counts(remote, forwarded, proxies, address) -> None:
    """What a caller writes into X-Forwarded-For does not move it to another bucket."""
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = make_mocked_request("GET", "/", headers=headers).clone(remote=remote)
    assert address_of(request, proxies=proxies) == address

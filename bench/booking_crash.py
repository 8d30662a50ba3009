"""A server that is killed while it sells a simulated cinema's seats, and what the two sides say afterwards.

Everybody asks again with the same key until they are answered. Then the reconciler takes up what was left half done.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from accounts.tokens import sandbox_token
from bench.bookers import crowd
from bench.booking_server import server
from sandbox.serving import serve_world
from sandbox.world import World, build
from schemas.ids import public_id
from service.house import AUDIENCE, House, sandbox_token_key
from service.sandbox_loading import load
from sync.runner import now

TOGETHER = 16
_SEATS = """
select s.id, su.total from stock s join supply su on su.stock_id = s.id join source so on so.id = su.source_id
where so.connector = $1 and (su.total is null or su.total > 0) and s.price_cents is not null order by s.id
"""
_SOLD = """
select coalesce(sum(b.quantity) filter (where b.status = 'confirmed'), 0)::int as confirmed,
       coalesce(sum(b.quantity) filter (where b.status = 'held'), 0)::int as held from booking b
"""


@dataclass(slots=True)
class Outcome:
    """What both sides say in the end."""

    answers: dict[int, int] = field(default_factory=dict)
    """How often each status was the last word to somebody."""
    kills: int = 0
    confirmed: int = 0
    held: int = 0
    in_doubt: int = 0
    """Bookings given back that the cinema may have sold: only a person can ask it."""
    sold_there: int = 0
    broken_promises: int = 0
    """Bookings answered 201 that are not confirmed."""
    unanswered: int = 0
    """Keys under which nothing is kept in the end."""


@dataclass(slots=True)
class _Desk:
    """Where requests go at the moment."""

    address: str = ""
    is_up: asyncio.Event = field(default_factory=asyncio.Event)
    answered: int = 0


async def crash(
    house: House, given: dict[str, str], *, bookings: int, kills: Sequence[int], seed: int, ticketing: str = "boost"
) -> Outcome:
    """So many people book at once; the server dies by `kill -9` after each of these numbers of answers."""
    outcome, drawn = Outcome(), random.Random(seed)  # noqa: S311 - moments, no secrets
    world = build(datetime.now(UTC).date(), now)
    async with AsyncExitStack() as stack:
        seats = await _programme(house, world, stack, ticketing)
        people = await _people(house, bookings)
        desk, places = _Desk(), asyncio.Semaphore(TOGETHER)
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)))
        selling = asyncio.create_task(_serve(desk, given, kills, drawn, outcome))
        chosen = [drawn.choice(seats) for _ in people]
        asked = [
            _ask(http, desk, places, token, stock, n)
            for n, (token, stock) in enumerate(zip(people, chosen, strict=True))
        ]
        answers = await asyncio.gather(*asked)
        selling.cancel()
        await asyncio.gather(selling, return_exceptions=True)
        await _recover(house)
        for status, body in answers:
            outcome.answers[status] = outcome.answers.get(status, 0) + 1
            if status == 201:
                found = await house.pool.fetchval(
                    "select status from booking where countermark = $1", body["countermark"]
                )
                outcome.broken_promises += found != "confirmed"
        row = await house.pool.fetchrow(_SOLD)
        outcome.confirmed, outcome.held = row["confirmed"], row["held"]
        outcome.unanswered = await house.pool.fetchval("select count(*) from idempotency_key where status = 'running'")
        outcome.in_doubt = len(await house.reconciler.in_doubt())
        outcome.sold_there = sum(office.sold() for office in world.offices.values())
    return outcome


async def _programme(house: House, world: World, stack: AsyncExitStack, ticketing: str) -> list[int]:
    """The stocks of the simulated cinemas, read by the real connector."""
    addresses = await stack.enter_async_context(serve_world(world))
    ids = await load(house, world, addresses)
    of_it = "select id from source where id = any($1) and connector = $2"
    for source_id in await house.pool.fetch(of_it, ids, ticketing):
        await house.runner.run(source_id["id"], full=True)
    return [row["id"] for row in await house.pool.fetch(_SEATS, ticketing)]


async def _people(house: House, count: int) -> list[str]:
    """Tokens of so many new people with 500 €."""
    async with house.pool.acquire() as conn:
        pseudonyms = await crowd(conn, count, now())
        rows = await conn.fetch(
            "insert into beneficiary (pseudonym, email, first_name, last_name)"
            " select p, p || '@exemple.invalid', 'Camille', 'Essai' from unnest($1::uuid[]) p returning id",
            pseudonyms,
        )
    key = sandbox_token_key(house.settings)
    return [sandbox_token(row["id"], key=key, audience=AUDIENCE, now=now()) for row in rows]


async def _serve(
    desk: _Desk, given: dict[str, str], kills: Sequence[int], drawn: random.Random, outcome: Outcome
) -> None:
    for after in (*kills, None):
        async with server(given) as (process, desk.address):
            desk.is_up.set()
            while after is None or desk.answered < after:  # noqa: ASYNC110 - a moment between two answers, not one
                await asyncio.sleep(0.005)
            await asyncio.sleep(drawn.uniform(0, 0.1))
            desk.is_up.clear()
            process.kill()
            outcome.kills += 1


async def _ask(
    http: aiohttp.ClientSession, desk: _Desk, places: asyncio.Semaphore, token: str, stock_id: int, n: int
) -> tuple[int, Any]:
    """The last word to one person: who gets none asks again with the same key. That the first request of a server that
    died is still running is one too: half a minute later its booking would be told, and the outcome counts those."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": str(uuid.UUID(int=n)),
        "X-Forwarded-For": f"10.0.{n // 256}.{n % 256}",
    }
    async with places:
        while True:
            await desk.is_up.wait()
            try:
                async with http.post(
                    f"{desk.address}/app/v1/bookings", json={"stockId": public_id("stock", stock_id)}, headers=headers
                ) as answer:
                    status, body = answer.status, await answer.json(content_type=None)
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(0.05)
                continue
            if status == 503:
                await asyncio.sleep(0.1)
                continue
            desk.answered += 1
            return status, body


async def _recover(house: House) -> None:
    """The reconciler's turns, until nothing is left that it can settle."""
    for _ in range(4):
        await house.pool.execute(
            "update external_sale set next_try_at = $1 where state not in ('sold', 'cancelled', 'refused')",
            now() - timedelta(seconds=1),
        )
        await house.reconciler.resolve_pending(1000)

"""`make bench NAME=booking`: bookings and acceptances beside what the server can do, at a hot stock, at any size.

The limit is pgbench with the very statements, prepared, 16 clients, on the same server; ours and it take turns in one
run. Nobody else measures what sixteen clients see: no rule is judged in the limit, every rule is in ours.
`PASSERELLE_BENCH_BOOKINGS` (10,000,000) is how many bookings the tables hold in the end.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import statistics
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from accounts.keys import SCOPES
from accounts.tokens import sandbox_token
from bench import booking_limit as limit
from bench import booking_town as town
from bench.bookers import NoSellers
from bench.booking_server import environment, server
from bench.load import Load, load, request
from bench.measures import Measure, publish
from bookings.booking import Bookings
from bookings.desk import Desk
from bookings.errors import AlreadyBooked, Busy
from catalogue.database import open_pool
from migrations.run import upgrade
from schemas.ids import public_id
from service.engines.databases import clone_database, drop_database, ensure_database
from service.engines.lifetime import EngineUrls, engines
from service.house import AUDIENCE, open_house, sandbox_token_key
from service.settings import Settings

PROFILE = "test_bench_booking"
BOOKINGS = int(os.environ.get("PASSERELLE_BENCH_BOOKINGS", "10000000"))
SECONDS = float(os.environ.get("PASSERELLE_BENCH_SECONDS", "6"))
ROUNDS, CLIENTS = 3, 16
KEYS = 200
"""Of tills: each may ask 200 times a minute."""
TRIED, TURNS = 100, 9
"""Bookings by one client at each size, and how often the sizes take turns."""


def now() -> datetime:
    return datetime.now(UTC)


class Numbers:
    """Who books and who fetches, and never the same twice where once is all there is."""

    def __init__(self) -> None:
        self.fetched = itertools.count(limit.SHOWN + 1)
        self.drawn = random.Random(7)  # noqa: S311 - a load, no secrets

    def person(self) -> int:
        return self.drawn.randint(1, town.PEOPLE)

    def stock(self) -> int:
        return self.drawn.randint(2, town.SHOWS - 1)


async def driven(act: Callable[[], Awaitable[object]], seconds: float = SECONDS) -> tuple[Load, Counter[str]]:
    """Done again and again by sixteen clients of one process; what refused."""
    done, refused, begun = Load(), Counter[str](), time.perf_counter()

    async def client() -> None:
        while (at := time.perf_counter()) < begun + seconds:
            try:
                await act()
            except (AlreadyBooked, Busy) as refusal:
                refused[type(refusal).__name__] += 1
            else:
                done.statuses[201] = done.statuses.get(201, 0) + 1
                done.latencies.append(time.perf_counter() - at)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    done.seconds = time.perf_counter() - begun
    return done, refused


async def direct(url: str, numbers: Numbers, *, hot: bool = False) -> tuple[Load, Counter[str]]:
    """`Bookings.book` in this process."""
    async with await open_pool(url, size=CLIENTS) as pool:
        bookings = Bookings(pool, NoSellers(), now)

        async def book() -> object:
            stock = town.HOT if hot else numbers.stock()
            return await bookings.book(town.Person(numbers.person()).pseudonym, stock, 1, uuid.uuid4().hex)

        return await driven(book)


async def accepted(url: str, numbers: Numbers) -> Load:
    """`Desk.use` in this process."""
    async with await open_pool(url, size=CLIENTS) as pool:
        desk = Desk(pool, now)

        async def use() -> object:
            mark = town.countermark(next(numbers.fetched))
            return await desk.use(mark, [town.FETCHED_AT], town.KEY_ID, uuid.uuid4().hex)

        return (await driven(use))[0]


class Faces:
    """Requests of people and of tills to a served house."""

    def __init__(self, settings: Settings, numbers: Numbers, keys: list[str]) -> None:
        self.numbers, self.keys = numbers, keys
        secret = sandbox_token_key(settings)
        self.tokens = [
            (n, sandbox_token(n, key=secret, audience=AUDIENCE, now=now())) for n in range(1, town.PEOPLE, 40)
        ]
        self.stocks = ["", *(public_id("stock", n) for n in range(1, town.SHOWS))]

    def _from(self) -> str:
        return ".".join(str(self.numbers.drawn.randrange(1, 255)) for _ in range(4))

    def bookings(self) -> Iterator[bytes]:
        while True:
            _, token = self.numbers.drawn.choice(self.tokens)
            headers = {
                "Authorization": f"Bearer {token}",
                "Idempotency-Key": uuid.uuid4().hex,
                "X-Forwarded-For": self._from(),
            }
            body = f'{{"stockId": "{self.stocks[self.numbers.stock()]}"}}'.encode()
            yield request("POST", "/app/v1/bookings", headers, body)

    def acceptances(self) -> Iterator[bytes]:
        while True:
            mark = town.countermark(next(self.numbers.fetched))
            headers = {
                "Authorization": f"Bearer {self.numbers.drawn.choice(self.keys)}",
                "X-Forwarded-For": self._from(),
            }
            body = f'{{"nonce": "{uuid.uuid4().hex}"}}'.encode()
            yield request("POST", f"/partner/v1/countermarks/{mark}/use", headers, body)


async def median_at(url: str, numbers: Numbers) -> float:
    """Seconds of a booking by one client, the median of `TRIED`."""
    took = []
    async with await open_pool(url, size=1) as pool:
        bookings = Bookings(pool, NoSellers(), now)
        for n in range(TRIED + 30):
            begun = time.perf_counter()
            try:
                await bookings.book(town.Person(numbers.person()).pseudonym, numbers.stock(), 1, uuid.uuid4().hex)
            except AlreadyBooked:
                continue
            if n >= 30:
                took.append(time.perf_counter() - begun)
    return statistics.median(took)


async def new_town(urls: EngineUrls, name: str) -> str:
    """The address of a database of this name with the town in it and no booking of today."""
    await drop_database(urls.database, name)
    url = await ensure_database(urls.database, name)
    await upgrade(url)
    conn = await asyncpg.connect(url)
    await town.build(conn)
    await conn.close()
    return url


async def sizes(urls: EngineUrls, numbers: Numbers, most: int) -> dict[int, float]:
    """The median at each size: databases of the three sizes side by side, measured in turns."""
    name, at, first = f"passerelle_{PROFILE}_size", {}, 1
    url = await new_town(urls, name)
    for size in (1_000, 100_000, most):
        conn = await asyncpg.connect(url)
        await town.add_earlier(conn, first, size)
        await conn.close()
        first = size + 1
        at[size] = url
        if size < most:
            copy = f"{name}_{size}"
            await drop_database(urls.database, copy)
            at[size] = await clone_database(urls.database, name, copy)
    took: dict[int, list[float]] = {size: [] for size in at}
    for _ in range(TURNS):
        for size in at:
            took[size].append(await median_at(at[size], numbers))
    for size in at:
        await drop_database(urls.database, name if size == most else f"{name}_{size}")
    return {size: statistics.median(found) for size, found in took.items()}


async def measure(settings: Settings, urls: EngineUrls, program: Path) -> list[Measure]:
    """All of it, on a new database."""
    numbers, name = Numbers(), f"passerelle_{PROFILE}"
    url = await new_town(urls, name)
    given = environment(PROFILE, url, urls.redis)
    ours: dict[str, list[Load]] = {"direct": [], "http": [], "hot": [], "use": [], "use http": []}
    limits: dict[str, list[float]] = {"book": [], "hot": [], "use": []}
    refused: Counter[str] = Counter()
    with engines(beside := Settings.from_environment(given, sandbox=True)) as same:
        async with open_house(beside, same, pool_size=2) as house:
            vendor: int = await house.pool.fetchval("select id from vendor")
            await house.pool.execute("insert into vendor_venue values ($1, $2)", vendor, town.FETCHED_AT)
            issued = [
                await house.keys.issue(vendor, label="mesure", scopes=SCOPES, actor="system:bench") for _ in range(KEYS)
            ]
            faces = Faces(beside, numbers, [one.text for one in issued])
            use_script = await limit.acceptance_script(url)
            async with server(given) as (_, address):
                for _ in range(ROUNDS):
                    limits["book"].append(await limit.pgbench(program, url, limit.booking_script(), seconds=SECONDS))
                    ours["direct"].append((await direct(url, numbers))[0])
                    ours["http"].append(await load(address, faces.bookings(), seconds=SECONDS, clients=CLIENTS))
                    limits["hot"].append(
                        await limit.pgbench(program, url, limit.booking_script(hot=True), seconds=SECONDS)
                    )
                    hot, whys = await direct(url, numbers, hot=True)
                    ours["hot"].append(hot)
                    refused += whys
                    limits["use"].append(
                        await limit.pgbench(program, url, use_script, seconds=SECONDS, first=next(numbers.fetched))
                    )
                    numbers.fetched = itertools.count(next(numbers.fetched) + CLIENTS * limit.PER_CLIENT)
                    ours["use"].append(await accepted(url, numbers))
                    ours["use http"].append(await load(address, faces.acceptances(), seconds=SECONDS, clients=CLIENTS))
    of = {name: statistics.median(one.per_second for one in many) for name, many in ours.items()}
    at = {name: statistics.median(many) for name, many in limits.items()}
    p99 = {name: statistics.median(one.quantile(0.99) for one in many) for name, many in ours.items()}
    await drop_database(urls.database, name)
    by_size = await sizes(urls, numbers, BOOKINGS)
    [small, middle, large] = by_size
    told = "limit: pgbench, the same statements"
    return [
        Measure("Bookings.book, a second", of["direct"], at["book"], told, 0.35),
        Measure("bookings through HTTP, a second", of["http"], at["book"], told, 0.15),
        Measure("Desk.use, a second", of["use"], at["use"], told, 0.35),
        Measure("acceptances through HTTP, a second", of["use http"], at["use"], told, 0.15),
        Measure("a hot stock, bookings a second", of["hot"], 300, "the goal", 1),
        Measure("a hot stock, bookings a second", of["hot"], at["hot"], told),
        Measure("a hot stock, time-outs", refused["Busy"] + 0.0, 1.0, "one", 0, at_most=True),
        Measure("Bookings.book, p99 ms", 1e3 * p99["direct"], 1e3, "a second"),
        Measure("a hot stock, p99 ms", 1e3 * p99["hot"], 1e3, "a second"),
        Measure("bookings through HTTP, p99 ms", 1e3 * p99["http"], 1e3, "a second"),
        Measure(
            f"median at {middle:,} bookings, ms",
            1e3 * by_size[middle],
            1e3 * by_size[small],
            f"at {small:,}",
            1.2,
            True,
        ),
        Measure(
            f"median at {large:,} bookings, ms", 1e3 * by_size[large], 1e3 * by_size[small], f"at {small:,}", 1.2, True
        ),
    ]


def main() -> None:
    """Runs it."""
    settings = Settings.from_environment(profile="bench", sandbox=True)
    with engines(settings) as urls:
        publish("booking", asyncio.run(measure(settings, urls, limit.program())))


if __name__ == "__main__":
    main()

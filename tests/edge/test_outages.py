"""The database goes away and comes back: callers are told to ask again, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from aiohttp import web

from catalogue.database import open_pool
from edge.app import face


@dataclass
class Doorway:
    """Stands before the database on a port of its own, and can be shut in the faces of all who are inside."""

    database_url: str
    inside: set[asyncio.StreamWriter] = field(default_factory=set)
    is_open: bool = True

    async def enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.is_open:
            writer.close()
            return
        parts = urlsplit(self.database_url)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        host, port = asked.get("host") or parts.hostname or "localhost", int(asked.get("port") or parts.port or 5432)
        there = (
            asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
            if host.startswith("/")
            else asyncio.open_connection(host, port)
        )
        answers, asks = await there
        self.inside |= {writer, asks}
        await asyncio.gather(carry(reader, asks), carry(answers, writer))

    def shut(self) -> None:
        self.is_open = False
        for one in self.inside:
            one.close()


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


@pytest.fixture
async def doorway(database_url: str) -> AsyncIterator[tuple[Doorway, asyncpg.Pool]]:
    """A doorway, and a pool that goes through it."""
    made = Doorway(database_url)
    async with await asyncio.start_server(made.enter, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        parts = urlsplit(database_url)
        name = parts.username or "passerelle"
        through = f"postgresql://{name}:{parts.password or ''}@127.0.0.1:{port}{parts.path}"
        async with await open_pool(through, size=2) as pool:
            yield made, pool
        made.shut()


async def test_a_database_that_is_away_is_no_crash(doorway, aiohttp_client, problem, caplog) -> None:
    """503 and when to ask again, for the request it leaves in the middle as for those after; then as before."""
    door, pool = doorway
    begun = asyncio.Event()

    async def ask(request: web.Request) -> web.Response:
        async with pool.acquire() as conn:
            begun.set()
            return web.json_response(await conn.fetchval(request.query["q"]))

    app = face()
    app.router.add_get("/", ask)
    client = await aiohttp_client(app)
    waiting = asyncio.create_task(client.get("/", params={"q": "select pg_sleep(60)::text"}))
    await begun.wait()
    door.shut()
    for answer in (await waiting, await client.get("/", params={"q": "select 1"})):
        told = await problem(answer, 503, "unavailable")
        assert answer.headers["Retry-After"] == "5"
        assert "asyncpg" not in str(told)
    assert "crashed" not in caplog.text
    assert "the database is away" in caplog.text
    door.is_open = True
    assert await (await client.get("/", params={"q": "select 1"})).json() == 1


async def test_a_transaction_that_is_cut_is_an_outage(doorway, aiohttp_client, problem) -> None:
    """Also where what is raised is that it could not be ended."""
    _, pool = doorway

    async def ask(_: web.Request) -> web.Response:
        async with pool.acquire() as conn, conn.transaction():
            await conn.execute("select pg_terminate_backend(pg_backend_pid())")
        return web.Response()

    app = face()
    app.router.add_get("/", ask)
    client = await aiohttp_client(app)
    await problem(await client.get("/"), 503, "unavailable")


async def test_a_defect_is_still_a_defect(doorway, aiohttp_client, problem) -> None:
    """A statement that the database refuses is our mistake, and no outage; nor is a misuse of the connection."""
    _, pool = doorway

    async def ask(request: web.Request) -> web.Response:
        if "misuse" in request.query:
            async with pool.acquire() as conn:
                kept = conn
            await kept.fetchval("select 1")
        return web.json_response(await pool.fetchval("select 1 / 0"))

    app = face()
    app.router.add_get("/", ask)
    client = await aiohttp_client(app)
    await problem(await client.get("/"), 500, "internal-error")
    await problem(await client.get("/?misuse"), 500, "internal-error")

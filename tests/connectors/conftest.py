"""Readings of recorded answers at a fixed moment, sample files, and servers that answer from a list."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.base import Change, Connector, Cursor
from connectors.reading import read
from net.client import Http, Limits, open_http

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
FIXTURES = Path(__file__).parent / "fixtures"

Gather = Callable[..., Awaitable[list[Change]]]
Pull = Callable[..., Awaitable[list[Change]]]


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def clock() -> Callable[[], datetime]:
    return lambda: NOW


@pytest.fixture
def fixtures() -> Path:
    return FIXTURES


@pytest.fixture
def gather() -> Gather:
    """All changes of a recorded source: `await gather(name, path, **settings)`."""

    async def gathered(name: str, path: Path, **settings: Any) -> list[Change]:
        settings = {"path": str(path), **settings}
        return [change async for change in read(name, settings, None, clock=lambda: NOW)]

    return gathered


@pytest.fixture
def pull() -> Pull:
    """All changes of one pull of a connector."""

    async def pulled(connector: Connector, since: str | None = None) -> list[Change]:
        cursor = None if since is None else Cursor(since)
        return [change async for change in connector.pull(cursor)]

    return pulled


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """A real client, loopback allowed, that does not try again."""
    async with open_http(Limits(tries=1, total_seconds=5), allow_private=True) as client:
        yield client


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[web.Application], Awaitable[str]]]:
    """Serves an application on loopback and gives its address."""
    servers: list[TestServer] = []

    async def served(app: web.Application) -> str:
        server = TestServer(app)
        await server.start_server()
        servers.append(server)
        return str(server.make_url("")).rstrip("/")

    yield served
    for server in servers:
        await server.close()


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real files, by PASSERELLE_SAMPLES; the test is skipped where there is none."""
    root = Path(os.environ.get("PASSERELLE_SAMPLES", Path(__file__).parents[2].parent / "shared"))
    if not (root / "samples").is_dir():
        pytest.skip(f"no sample files at {root}: set PASSERELLE_SAMPLES")
    return root / "samples"

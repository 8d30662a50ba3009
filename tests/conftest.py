"""What every room's tests may ask for: running engines, a migrated database of their own, Redis keys of their own.

With DATABASE_URL and REDIS_URL unset the embedded engines run; given, those servers are used, where only
databases `passerelle_test_…` and keys `passerelle:test_…` are ever written or removed. Tests that use an engine
carry the marker `database` by themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest
from redis import Redis

from catalogue.database import Connection, open_pool
from service.engines.databases import clone_database, database_names, drop_database, ensure_database
from service.engines.lifetime import EngineUrls, engines
from service.settings import CHECKOUT, Settings

Result = TypeVar("Result")

PREFIX = "passerelle_test_"
ABANDONED_SECONDS = 6 * 3600
"""A test database older than this belongs to a run that was killed."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "database: needs PostgreSQL or Redis (set by itself)")
    config.addinivalue_line("markers", "graders: judged by a program that is not ours; needs Node.js")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "engine_urls" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.database)


@pytest.fixture(scope="session")
def engine_urls() -> Iterator[EngineUrls]:
    """A running PostgreSQL and Redis: the given ones, or the checkout's embedded ones."""
    settings = Settings.from_environment(profile="test", sandbox=True)
    with engines(settings) as urls:
        yield urls


@pytest.fixture(scope="session")
def session_name(engine_urls: EngineUrls) -> Iterator[str]:
    """What the names of this run's databases begin with; all of them, and abandoned ones, are dropped."""
    begun = int(time.time())
    for name in _run(lambda: database_names(engine_urls.database, PREFIX)):
        made = name.removeprefix(PREFIX).partition("_")[0]
        if made.isdigit() and int(made) < begun - ABANDONED_SECONDS:
            _drop(engine_urls, name)
    own = f"{PREFIX}{begun}_{os.getpid()}"
    yield own
    for name in _run(lambda: database_names(engine_urls.database, own)):
        _drop(engine_urls, name)


@pytest.fixture(scope="session")
def template(engine_urls: EngineUrls, session_name: str) -> str:
    """The name of a migrated, otherwise empty database. Nobody stays connected to it: tests get copies."""
    from migrations.run import upgrade

    name = f"{session_name}_template"
    url = _run(lambda: ensure_database(engine_urls.database, name))
    _run(lambda: upgrade(url))
    return name


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def database_url(engine_urls: EngineUrls, session_name: str, template: str, numbers: Iterator[int]) -> Iterator[str]:
    """A migrated database of this test's own: what it commits, no other test sees."""
    name = f"{session_name}_{next(numbers)}"
    yield _run(lambda: clone_database(engine_urls.database, template, name))
    _drop(engine_urls, name)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool on this test's own database."""
    async with await open_pool(database_url, application="passerelle-tests") as made:
        yield made


@pytest.fixture(scope="session")
def shared_database_url(engine_urls: EngineUrls, session_name: str, template: str) -> str:
    name = f"{session_name}_shared"
    return _run(lambda: clone_database(engine_urls.database, template, name))


@pytest.fixture
async def connection(shared_database_url: str) -> AsyncIterator[Connection]:
    """One transaction on a migrated database, rolled back: the cheapest. Deferred constraints never fire."""
    opening = await open_pool(shared_database_url, size=1, application="passerelle-tests")
    async with opening as made, made.acquire() as opened:
        transaction = opened.transaction()
        await transaction.start()
        yield opened
        await transaction.rollback()


@pytest.fixture(scope="session")
def redis_url(engine_urls: EngineUrls) -> str:
    return engine_urls.redis


@pytest.fixture
def redis_prefix(redis_url: str, numbers: Iterator[int]) -> Iterator[str]:
    """What this test's keys must begin with; those keys are removed afterwards, no others."""
    prefix = f"passerelle:test_{os.getpid()}_{next(numbers)}:"
    yield prefix
    with Redis.from_url(redis_url) as client:
        for key in client.scan_iter(match=f"{prefix}*", count=1000):
            client.delete(key)


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real providers' files, which lies outside the repository."""
    given = Path(os.environ.get("PASSERELLE_SAMPLES") or "../shared")
    folder = CHECKOUT / given
    found = folder / "samples" if (folder / "samples").is_dir() else folder
    if not found.is_dir():
        pytest.skip(f"exemples absents : {found} n'existe pas (PASSERELLE_SAMPLES)")
    return found


def _run(ask: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Apart from the test's own event loop, which a second one in this thread would disturb."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(ask())).result()


def _drop(urls: EngineUrls, name: str) -> None:
    # Another run may be clearing the same abandoned database.
    with contextlib.suppress(asyncpg.ObjectInUseError):
        _run(lambda: drop_database(urls.database, name))

"""Databases to break, side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.engines.databases import clone_database, drop_database
from service.engines.lifetime import EngineUrls


@pytest.fixture
def make_database(
    engine_urls: EngineUrls, session_name: str, template: str, numbers: Iterator[int], apart: Callable[..., object]
) -> Iterator[Callable[[], str]]:
    """Makes migrated databases and drops them afterwards."""
    made = []

    def one() -> str:
        name = f"{session_name}_{next(numbers)}"
        made.append(name)
        return apart(lambda: clone_database(engine_urls.database, template, name))

    yield one
    for name in made:
        apart(lambda name=name: drop_database(engine_urls.database, name))


@pytest.fixture(scope="session")
def apart() -> Callable[..., object]:
    """Runs a coroutine in an event loop and thread of its own."""

    def run(ask):
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(ask())).result()

    return run


@pytest.fixture(scope="session")
def known() -> dict[int, dict[str, str]]:
    """What clean runs over so many rows come to, once somebody has read them."""
    return {}

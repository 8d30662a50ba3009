"""The simulated world of one fixed day, a clock that moves by hand, everything served on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from sandbox.serving import serve_world
from sandbox.world import World, build

TODAY = date(2026, 11, 23)


@dataclass
class HandClock:
    """Tells the time it was set to."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 23, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> datetime:
        """Moves on and returns the new present."""
        self.now += timedelta(**span)
        return self.now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def world(clock: HandClock) -> World:
    return build(TODAY, clock)


@dataclass
class Client:
    """A plain HTTP client and the addresses it may ask."""

    session: aiohttp.ClientSession
    addresses: dict[str, str]

    async def get(self, name: str, path: str, **options: Any) -> tuple[int, Any]:
        """Returns status and JSON, or the text of what is no JSON."""
        async with self.session.get(self.addresses[name] + path, **options) as answer:
            return answer.status, await _content(answer)

    async def send(self, method: str, name: str, path: str, **options: Any) -> tuple[int, Any]:
        """The same for another method."""
        async with self.session.request(method, self.addresses[name] + path, **options) as answer:
            return answer.status, await _content(answer)


async def _content(answer: aiohttp.ClientResponse) -> Any:
    return await answer.json() if "json" in answer.headers.get("Content-Type", "") else await answer.text()


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    async with serve_world(world) as addresses, aiohttp.ClientSession() as session:
        yield Client(session, addresses)

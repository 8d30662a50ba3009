"""A clock that is set, and a vendor with a venue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from accounts.keys import KeyRing
from accounts.offerers import Offerers


class Clock:
    """The time it is set to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(frozen=True)
class Trade:
    """One vendor that acts for one of two venues."""

    vendor_id: int
    venue_id: int
    other_venue_id: int


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ring(pool: asyncpg.Pool, clock: Clock) -> KeyRing:
    return KeyRing(pool, clock, environment="prod")


@pytest.fixture
async def trade(pool: asyncpg.Pool) -> Trade:
    venues = [
        await pool.fetchval(
            "insert into venue (name, folded, time_zone) values ($1, $1, 'Europe/Paris') returning id", name
        )
        for name in ("librairie", "cinema")
    ]
    offerers = Offerers(pool)
    vendor_id = await offerers.vendor("Caisses du Port")
    await offerers.let_act(vendor_id, venues[0])
    return Trade(vendor_id, venues[0], venues[1])

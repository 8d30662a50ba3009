"""`kill -9` of the server while five hundred people book a cinema's seats: both sides agree, seat by seat."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlsplit

import pytest

from bench.booking_crash import crash
from bench.booking_server import environment
from bookings.audit import violations
from service.engines.lifetime import engines
from service.house import open_house
from service.settings import Settings

BOOKINGS = 500


@pytest.mark.parametrize("ticketing", ["boost", "ems"])
async def test_a_server_killed_while_selling_sells_each_seat_once(database_url, redis_url, ticketing) -> None:
    """Killed twice, started anew, asked again: no promise is broken, nothing stays half done, and every seat the
    cinema sold is somebody's booking. Only a ticketing that cannot be asked about a sale leaves doubts, each listed
    for a person to clear up."""
    name = PurePosixPath(urlsplit(database_url).path).name
    given = environment(name.removeprefix("passerelle_"), database_url, redis_url)
    settings = Settings.from_environment(given, sandbox=True)
    with engines(settings) as urls:
        async with open_house(settings, urls, pool_size=5) as house:
            outcome = await crash(house, given, bookings=BOOKINGS, kills=(100, 250), seed=20261123, ticketing=ticketing)
            async with house.pool.acquire() as conn:
                assert await violations(conn) == []
    assert (outcome.kills, outcome.held, outcome.broken_promises, outcome.unanswered) == (2, 0, 0, 0), outcome
    assert sum(outcome.answers.values()) == BOOKINGS
    assert outcome.confirmed > BOOKINGS // 2, outcome
    assert 0 <= outcome.sold_there - outcome.confirmed <= outcome.in_doubt, outcome
    if ticketing == "ems":
        assert (outcome.in_doubt, outcome.sold_there) == (0, outcome.confirmed), outcome

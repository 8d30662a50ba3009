"""Nights on which clocks change: nothing is read twice, skipped or moved, whatever zone a server believes to be in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from feeds import Desk, event, seats, session

from bench.content import fingerprint
from catalogue.database import open_pool

PARIS = ZoneInfo("Europe/Paris")
NIGHTS = [datetime(2027, 3, 27, 22, tzinfo=UTC), datetime(2027, 10, 30, 22, tzinfo=UTC)]
"""Clocks go forward in the first, back in the second; both are to come."""
HALF_HOURS = [night + timedelta(minutes=30 * n) for night in NIGHTS for n in range(12)]


def programme():
    """A session every half hour through both nights, announced in Paris time as a provider would."""
    said = [event("cinema", "nuit", "La Nuit des horloges")]
    for n, moment in enumerate(HALF_HOURS):
        said += [session("cinema", f"s{n}", "nuit", moment.astimezone(PARIS)), seats("cinema", f"s{n}", 10)]
    return said


async def read(url, zone):
    """Two readings by a server that keeps its clock in that zone: what is there, and the second report."""
    async with await open_pool(url, application="passerelle-tests") as pool:
        await pool.execute(f"alter database {PurePosixPath(urlsplit(url).path).name} set timezone = '{zone}'")
    async with await open_pool(url, application="passerelle-tests") as pool, pool.acquire() as conn:
        desk = Desk(conn)
        await desk.source("cinema", venue_id=await desk.venue())
        await desk.snapshot("cinema", *programme())
        again = await desk.snapshot("cinema", *programme())
        begins = [row[0] for row in await desk.all("select begins_at from session order by 1")]
        due = await desk.all(
            "select timestamptz '2027-10-30 12:00+00' + make_interval(mins => every_minutes) from feed"
        )
        return await fingerprint(conn), again, begins, due


async def test_sessions_of_both_nights_are_each_one_session(make_database) -> None:
    """The hour that comes twice makes two sessions, the one that is skipped none, in Paris as in UTC; and the next
    reading finds all of them unchanged."""
    told = {zone: await read(make_database(), zone) for zone in ("UTC", "Europe/Paris", "America/Martinique")}
    for found, again, begins, due in told.values():
        assert begins == HALF_HOURS
        assert (again.unchanged, again.changed, again.created, again.withdrawn) == (49, 0, 0, 0)
        assert found == told["UTC"][0]
        assert due == [(datetime(2027, 10, 31, 12, tzinfo=UTC),)]

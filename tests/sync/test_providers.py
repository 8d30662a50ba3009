"""What is allowed at a provider holds for all workers together; its end and its return are told once each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from feeds import Desk

from catalogue.database import Connection, Pool
from sync.alerts import tell, untold
from sync.claims import claim, claimable
from sync.leases import LeaseLost, release, renew, take
from sync.outcomes import settle
from sync.providers import FAILURES, Pace, limit, listed, provider_of, start, stop

NOW = datetime.now(UTC)


async def provider(desk: Desk, name: str, *sources: str, runs: int = 4) -> list[int]:
    """A provider and so many sources of it, all due for a minute, the first the longest."""
    await desk.conn.execute("insert into provider (name, most_runs) values ($1, $2)", name, runs)
    ids = []
    for n, source in enumerate(sources):
        ids.append(await desk.source(source))
        await desk.conn.execute(
            "update feed set provider = $2, answered_at = now(), due_at = now() - make_interval(mins => $3)"
            " where source_id = $1",
            ids[-1],
            name,
            60 - n,
        )
    return ids


async def fail(desk: Desk, name: str, failure: str | None = "unavailable", *, minutes: float = 0) -> None:
    """A run of the source that ends so, some minutes from now, which stands still in the test's transaction."""
    run, _ = await desk.begin(name)
    at = await desk.one("select now()") + timedelta(minutes=minutes)
    await settle(desk.conn, replace(run, asked_at=at), failure, "503", at=at)
    await release(desk.conn, run.source.id, run.fence)


async def kinds(conn: Connection) -> list[str]:
    return [one.kind for one in await untold(conn)]


def test_a_provider_is_a_protocol_at_a_host() -> None:
    """Whoever shares its address shares its limits; a default address counts, a file has none."""
    shop = {"base_url": "https://caisse.example.org/api", "siret": "12345678200010"}
    assert provider_of("stocks_api", shop) == "stocks_api@caisse.example.org"
    local = {"base_url": "http://127.0.0.1:4321/api", "siret": "12345678200010"}
    assert provider_of("stocks_api", local) == "stocks_api@127.0.0.1:4321"
    assert provider_of("openagenda", {"agenda": "12", "key": "k"}) == "openagenda@api.openagenda.com"
    assert provider_of("stocks_api", {"path": "/tmp/answers"}) == "stocks_api"


async def test_the_last_place_is_taken_once(own: Desk, pool: Pool) -> None:
    """Twelve workers at once on a provider that allows three: three read; one lets go, one more may."""
    ids = await provider(own, "p", *(f"s{n}" for n in range(12)), runs=3)
    [free] = await provider(own, "q", "other")

    async def one(source_id: int) -> tuple[int, int | None]:
        async with pool.acquire() as conn:
            return source_id, await take(conn, source_id, "worker")

    taken = [(source, fence) for source, fence in await asyncio.gather(*map(one, ids)) if fence is not None]
    assert len(taken) == 3
    assert await take(own.conn, free, "worker") is not None
    assert await claim(own.conn, "worker") is None
    assert await claimable(own.conn) == 0
    await release(own.conn, taken[0][0], taken[0][1] or 0)
    assert await claimable(own.conn) == 1
    assert await claim(own.conn, "worker") is not None
    assert await claim(own.conn, "worker") is None


async def test_a_big_provider_does_not_make_the_others_wait(desk: Desk) -> None:
    """Of forty sources due for longer than any other, the small ones' turn comes at once, and turn by turn."""
    big = await provider(desk, "big", *(f"b{n}" for n in range(40)), runs=4)
    small = [(await provider(desk, f"small{n}", f"s{n}"))[0] for n in range(3)]
    await desk.conn.execute("update feed set due_at = now() where source_id = any($1::bigint[])", small)
    order = [await claim(desk.conn, "worker") for _ in range(9)]
    sources = [one[0] for one in order if one is not None]
    assert sources == [big[0], *small, *big[1:4]], "as many as each may, those who have none first"


async def test_who_was_never_read_comes_first(desk: Desk) -> None:
    """A venue that has just picked its provider waits for nobody's nightly reading; without a provider too."""
    old = await provider(desk, "p", *(f"s{n}" for n in range(20)), runs=9)
    new = await desk.source("new")
    await desk.conn.execute("update feed set due_at = now() where source_id = $1", new)
    assert [(await claim(desk.conn, "w") or (0, 0))[0] for _ in range(2)] == [new, old[0]]


async def test_a_source_that_kills_its_workers_waits_ever_longer(desk: Desk) -> None:
    """Taken over at once after the first death, then after 1, 2, 4 minutes; an end that is told resets it."""
    [source] = await provider(desk, "p", "s")
    waits = []
    for _ in range(4):
        assert await claim(desk.conn, "w") is not None
        waits.append(await desk.conn.fetchval("select round(extract(epoch from due_at - now()) / 60)::int from feed"))
        await desk.conn.execute("update feed set lease_until = now() - interval '1 second', due_at = now()")
        if waits[-1] < 0:
            assert await claimable(desk.conn) == 1
    assert waits == [-60, 1, 2, 4]
    await fail(desk, "s", None)
    assert await desk.conn.fetchval("select attempts from feed where source_id = $1", source) == 0


async def test_a_provider_that_is_down_is_told_once_probed_now_and_then_and_told_once_when_back(desk: Desk) -> None:
    """Three of its sources in a row: open, one alert, nothing begun; a probe alone at its time; one that fails
    puts off the next; one that succeeds closes it, with one alert."""
    ids = await provider(desk, "p", *(f"s{n}" for n in range(6)))
    for n in range(FAILURES - 1):
        await fail(desk, f"s{n}")
    assert await kinds(desk.conn) == []
    await fail(desk, "s2")
    assert await kinds(desk.conn) == ["provider_down"]
    await desk.conn.execute("update feed set due_at = now() - interval '1 minute'")
    assert await claim(desk.conn, "w") is None
    assert await claimable(desk.conn) == 0

    async def probed() -> tuple[int, int]:
        await desk.conn.execute("update provider set probe_at = now() - interval '1 second'")
        assert await claimable(desk.conn) == 1
        found = await claim(desk.conn, "w")
        assert found is not None
        assert await claim(desk.conn, "w") is None, "one probe at a time"
        others = [await take(desk.conn, one, "w", by_clock=True) for one in ids]
        assert others == [None] * len(ids), "also of two workers that chose at once"
        await release(desk.conn, *found)
        assert await claim(desk.conn, "w") is None, "and not at once again"
        return found

    source, _ = await probed()
    waits = []
    for n in range(3):
        name = f"s{ids.index(source)}"
        await fail(desk, name, minutes=n + 1)
        waits.append(await desk.one("select extract(epoch from probe_at - now())::int / 60 from provider") - n - 1)
    assert waits == [2, 4, 8]
    assert await kinds(desk.conn) == ["provider_down"]

    await fail(desk, "s4", None, minutes=90)
    assert await kinds(desk.conn) == ["provider_down", "provider_up"]
    assert "90 minutes" in (await untold(desk.conn))[1].message
    await desk.conn.execute("update feed set due_at = now() - interval '1 minute'")
    assert await claimable(desk.conn) == 4
    await fail(desk, "s1", None, minutes=91)
    assert await kinds(desk.conn) == ["provider_down", "provider_up"]
    assert await tell(desk.conn, [one.id for one in await untold(desk.conn)], NOW) == 2
    assert await kinds(desk.conn) == []


async def test_one_bad_source_does_not_close_its_provider(desk: Desk) -> None:
    """However often it fails: the others were not asked, or answer. Of a provider's only source it is believed."""
    await provider(desk, "p", "bad", "good")
    for _ in range(5):
        await fail(desk, "bad")
    await fail(desk, "good", None)
    for _ in range(5):
        await fail(desk, "bad")
    assert await kinds(desk.conn) == []
    await provider(desk, "alone", "only")
    for _ in range(FAILURES):
        await fail(desk, "only")
    assert await kinds(desk.conn) == ["provider_down"]


async def test_what_the_provider_refused_is_no_outage(desk: Desk) -> None:
    """Denied: the source is paused and its venue told once; the provider is up."""
    await provider(desk, "p", "a", "b", "c", "d")
    await fail(desk, "a")
    await fail(desk, "b")
    await fail(desk, "c", "denied")
    await fail(desk, "d")
    assert await kinds(desk.conn) == ["source_denied"]
    assert await desk.conn.fetchval("select count(*) from feed where paused_why = '503'") == 1


async def test_the_kill_switch_stops_everything_at_the_next_batch(desk: Desk) -> None:
    """Nothing is begun, not even by name; what runs can commit no more; released, what is due is read."""
    running, waiting = await provider(desk, "p", "a", "b")
    fence = await take(desk.conn, running, "w")
    assert fence is not None
    assert await stop(desk.conn, "p", NOW) == 1
    with pytest.raises(LeaseLost):
        await renew(desk.conn, running, fence)
    assert await take(desk.conn, waiting, "w") is None
    assert await claimable(desk.conn) == 0
    assert [row.stopped_at for row in await listed(desk.conn)] == [NOW]
    assert await stop(desk.conn, "p", NOW + timedelta(hours=1)) == 0
    await start(desk.conn, "p")
    assert await take(desk.conn, running, "w") is not None
    for unknown in (stop(desk.conn, "q", NOW), start(desk.conn, "q"), limit(desk.conn, "q", most_runs=1, per_second=1)):
        with pytest.raises(LookupError):
            await unknown


async def test_requests_of_all_workers_keep_one_pace(own: Desk, pool: Pool) -> None:
    """Two workers, twelve requests, fifty a second: never two closer than allowed; without a limit at once."""
    await provider(own, "p", "s")
    await limit(own.conn, "p", most_runs=None, per_second=50)
    made: list[float] = []

    async def one(pace: Pace) -> None:
        for _ in range(6):
            await pace()
            made.append(time.monotonic())

    await asyncio.gather(one(Pace(pool, "p", 50.0)), one(Pace(pool, "p", 50.0)))
    assert made[-1] - made[0] >= 11 / 50 - 0.01
    assert gaps(made) > 0.005
    await limit(own.conn, "p", most_runs=7, per_second=0)
    assert [(row.most_runs, row.per_second) for row in await listed(own.conn)] == [(7, None)]
    begun = time.monotonic()
    await one(Pace(pool, "p", 50.0))
    assert time.monotonic() - begun < 0.1


def gaps(made: Sequence[float]) -> float:
    """The median wait between two."""
    found = sorted(later - sooner for sooner, later in pairwise(made))
    return found[len(found) // 2]

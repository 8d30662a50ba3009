"""Who runs what is decided in PostgreSQL; two workers never merge one source, and two sources never lose a word."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from feeds import EANS, TOMORROW, Desk, book, copies, counted, event, session

from catalogue.database import Pool
from catalogue.kinds import KindCode
from connectors.base import Upsert
from schemas.records import Record
from sync.applying import apply
from sync.batch import Batch
from sync.leases import LeaseLost, holding, release, renew, take
from sync.runs import RunContext


async def test_a_lease_is_one_worker_s_until_it_ends(desk: Desk) -> None:
    """It is refused while held, given with a higher fence once it ran out or was let go, never while paused."""
    source = await desk.source("s")
    first = await take(desk.conn, source, "one")
    assert first is not None
    assert await take(desk.conn, source, "two") is None
    await desk.conn.execute("update feed set lease_until = now() - interval '1 second'")
    second = await take(desk.conn, source, "two")
    assert second is not None
    assert second > first
    with pytest.raises(LeaseLost):
        await renew(desk.conn, source, first)
    await release(desk.conn, source, first)
    assert await take(desk.conn, source, "three") is None, "the loser lets go of nothing that is another's"
    await renew(desk.conn, source, second)
    await release(desk.conn, source, second)
    await desk.conn.execute("update feed set paused_why = 'mot de passe refusé'")
    assert await take(desk.conn, source, "three") is None


async def test_of_many_who_ask_at_once_one_gets_the_lease(own: Desk, pool: Pool) -> None:
    """Eight connections, one fence."""
    source = await own.source("s")

    async def one(owner: str) -> int | None:
        async with pool.acquire() as conn:
            return await take(conn, source, owner)

    fences = await asyncio.gather(*(one(str(n)) for n in range(8)))
    assert len([fence for fence in fences if fence is not None]) == 1


async def test_a_worker_that_lost_its_lease_cannot_commit_a_batch(desk: Desk) -> None:
    """The fence is asked in the batch's own transaction: nothing of the batch stays."""
    await desk.source("till", venue_id=await desk.venue())
    run, _ = await desk.begin("till")
    await desk.conn.execute("update feed set lease_until = null")
    await desk.begin("till", owner="two")
    with pytest.raises(LeaseLost):
        await apply(desk.conn, run, batch(copies("till", EANS[0], 3)))
    assert (await counted(desk.conn, "stock"), await counted(desk.conn, "product")) == (0, 0)
    assert await desk.all("select state from run order by id") == [("lost",), ("running",)]


async def test_sources_that_bring_one_thing_at_once_make_one_thing(own: Desk, pool: Pool) -> None:
    """The same new books and plays from four sources, read at the same time, are each one: those that an EAN
    names, and those that nothing but their words does."""
    venue_id = await own.venue()
    names = ["a", "b", "c", "d"]
    for name in names:
        await own.source(name, venue_id=venue_id)
    runs = [(await own.begin(name))[0] for name in names]
    plays = ["L'Avare", "Phèdre", "Les Bonnes"]
    await asyncio.gather(
        *(
            commit(
                pool,
                run,
                *[event(name, play, play) for play in plays],
                *[session(name, play, play, TOMORROW + timedelta(days=n)) for n, play in enumerate(plays)],
            )
            for run, name in zip(runs, names, strict=True)
        )
    )
    assert (await counted(own.conn, "event"), await counted(own.conn, "session")) == (3, 3)
    later = TOMORROW + timedelta(days=9)
    await asyncio.gather(
        *(commit(pool, run, session(name, "new", plays[0], later)) for run, name in zip(runs, names, strict=True))
    )
    assert await counted(own.conn, "session") == 4
    await asyncio.gather(
        *(commit(pool, run, *[book(name, ean, f"Roman {ean}") for ean in EANS])
          for run, name in zip(runs, names, strict=True))
    )  # fmt: skip
    assert (await counted(own.conn, "product"), await counted(own.conn, "work")) == (len(EANS), len(EANS))
    assert await counted(own.conn, "source_record where kind = 2") == len(EANS) * len(names)
    assert await counted(own.conn, "quarantine") == 0


async def test_a_till_and_a_publisher_that_name_a_book_at_once_make_one_book(own: Desk, pool: Pool) -> None:
    """The till's way to a product takes no lock of the publisher's: whoever comes second joins."""
    venue_id = await own.venue()
    await own.source("till", venue_id=venue_id)
    await own.source("publisher")
    runs = [(await own.begin(name))[0] for name in ("till", "publisher")]
    for n, ean in enumerate(EANS):
        order = [
            commit(pool, runs[0], copies("till", ean, 3)),
            commit(pool, runs[1], book("publisher", ean, f"Roman {n}")),
        ]
        await asyncio.gather(*(order if n % 2 else reversed(order)))
    rows = await own.all("select ean, title is not null from product order by ean")
    assert rows == [(ean, True) for ean in sorted(EANS)]
    assert await counted(own.conn, "quarantine") == 0


async def test_two_sources_that_speak_of_one_thing_at_once_are_both_heard(own: Desk, pool: Pool) -> None:
    """Each changes its own words on one event; whoever commits last shows the other's too."""
    venue_id = await own.venue()
    for name in ("a", "b"):
        await own.source(name, venue_id=venue_id)
        await own.snapshot(name, event(name, "e", "L'Avare"), session(name, "s", "e"))
    assert await counted(own.conn, "event") == 1
    (first, _), (second, _) = await own.begin("a"), await own.begin("b")
    async with pool.acquire() as conn:
        open_ = conn.transaction()
        await open_.start()
        await apply(conn, first, batch(event("a", "e", "L'Avare", description="Une comédie.")))
        other = asyncio.create_task(commit(pool, second, event("b", "e", "L'Avare", duration_minutes=95)))
        await asyncio.sleep(0.2)
        await open_.commit()
    await other
    fields = await own.one("select fields from event")
    assert (fields["description"], fields["durationMinutes"]) == ("Une comédie.", 95)
    assert await counted(own.conn, "match_key where kind = $1".replace("$1", str(KindCode.EVENT.value))) > 0


def batch(*records: Record) -> Batch:
    made = Batch()
    for record in records:
        made.add(Upsert(record))
    return made


async def commit(pool: Pool, run: RunContext, *records: Record) -> None:
    """Applies the records on a connection of its own."""
    async with pool.acquire() as conn:
        await apply(conn, run, batch(*records))


async def test_a_long_transaction_of_our_own_does_not_end_the_hold(own: Desk, database_url: str) -> None:
    """A sweep holds the feed's row for as long as it takes: renewing beside it waits, and tries again."""
    source = await own.source("s")
    fence = await take(own.conn, source, "one")
    assert fence is not None
    impatient = {"lock_timeout": "50ms"}
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1, server_settings=impatient) as pool:
        async with own.conn.transaction():
            await renew(own.conn, source, fence)
            async with holding(pool, source, fence, 0.1):
                await asyncio.sleep(0.4)
        async with holding(pool, source, fence, 30.0):
            pass

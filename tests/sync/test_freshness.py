"""Two days without a good answer: what a source sells is hidden, then emptied, and is back when it answers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from feeds import EANS, Desk, book, content, copies, counted, told

from bookings.errors import StockNotBookable
from bookings.looking import facts_of
from bookings.rules import check_bookable
from catalogue.database import Pool, held
from catalogue.offers import offer_ids, read_offers
from catalogue.search import Query, search
from connectors.base import Checkpoint, Cursor
from schemas.records import Record
from sync.alerts import untold
from sync.freshness import ZEROED_AFTER, look
from sync.leases import release, take
from sync.outcomes import FRESH, settle
from sync.reading import read_into
from sync.runs import end

BEGIN = datetime.now(UTC)
HOUR = timedelta(hours=1)


async def read(desk: Desk, name: str, *said: Record, at: datetime = BEGIN, failure: str | None = None) -> str:
    """A run that reads this, ends so, and is settled; tells its mode."""
    run, cursor = await desk.begin(name)
    if failure is None:
        await read_into(held(desk.conn), run, told([*said, Checkpoint(Cursor("1"), cursor is None)]))
    await end(desk.conn, run, "done" if failure is None else "failed", failure)
    await settle(desk.conn, run, failure, failure, at=at)
    await release(desk.conn, run.source.id, run.fence)
    return "full" if cursor is None else "incremental"


async def shop(own: Desk) -> None:
    """A till that sells three books, another that sells one of them, and a publisher that describes them."""
    await own.source("publisher")
    await own.snapshot("publisher", *(book("publisher", ean, f"Roman {ean}") for ean in EANS[:3]))
    for siret, name, eans in (("12345678200010", "till", EANS[:3]), ("55210055400013", "other", EANS[:1])):
        await own.source(name, venue_id=await own.venue(siret))
        await read(own, name, *(copies(name, ean, 5) for ean in eans))


async def on_sale(own: Desk) -> tuple[int, int, int]:
    """Offers that are found, stocks that are shown, stocks that can be booked."""
    found = await search(own.conn, Query(), at=BEGIN)
    offers = await read_offers(own.conn, await offer_ids(own.conn), at=BEGIN)
    whys = [await why_not(own, stock_id) for (stock_id,) in await own.all("select id from stock")]
    assert set(whys) <= {None, "stale"}
    return len(found), sum(len(offer.stocks) for offer in offers), whys.count(None)


async def why_not(own: Desk, stock_id: int) -> str | None:
    """Why the stock cannot be booked, or None where it can."""
    facts = await facts_of(own.conn, stock_id)
    assert facts is not None
    try:
        check_bookable(facts, BEGIN)
    except StockNotBookable as refused:
        return refused.why
    return None


async def kinds(own: Desk) -> list[str]:
    return [one.kind for one in await untold(own.conn)]


async def test_a_silent_source_is_hidden_then_emptied_then_back(own: Desk, pool: Pool) -> None:
    """At its hour and not before, once, for this source alone; no row is deleted; an answer brings all of it back,
    and its last word stands again."""
    await shop(own)
    assert await on_sale(own) == (4, 4, 4)
    before = await content(own.conn)
    await read(own, "till", at=BEGIN + 47 * HOUR, failure="unavailable")
    await read(own, "other", at=BEGIN + 90 * HOUR)
    assert await look(pool, BEGIN + FRESH - HOUR) == (0, 0)
    position = await own.one("select max(position) from change_log")

    assert await look(pool, BEGIN + FRESH) == (1, 0)
    assert await look(pool, BEGIN + FRESH) == (0, 0)
    assert await on_sale(own) == (1, 1, 1)
    assert await kinds(own) == ["source_hidden"]
    assert await own.one("select count(*) from change_log where position > $1 and kind = 7", position) == 3
    assert (await content(own.conn))["supplies"] == before["supplies"]

    assert await look(pool, BEGIN + FRESH + ZEROED_AFTER) == (0, 1)
    assert await look(pool, BEGIN + FRESH + ZEROED_AFTER) == (0, 0)
    assert await own.all("select available from supply order by available") == [(0,), (0,), (0,), (5,)]
    assert await kinds(own) == ["source_hidden", "source_zeroed"]
    assert await counted(own.conn, "stock where withdrawn_at is null") == 4

    await read(own, "till", at=BEGIN + 120 * HOUR, failure="unavailable")
    assert await on_sale(own) == (1, 1, 1), "a failure is no answer"
    assert await read(own, "till", *(copies("till", ean, 5) for ean in EANS[:3]), at=BEGIN + 130 * HOUR) == "full"
    assert await on_sale(own) == (4, 4, 4)
    assert await kinds(own) == ["source_hidden", "source_zeroed", "source_back"]
    after = await content(own.conn)
    assert {**after, "feeds": []} == {**before, "feeds": []}


async def test_what_was_only_hidden_comes_back_without_a_row_being_written(own: Desk, pool: Pool) -> None:
    """The next increment may be empty: an answer is enough."""
    await shop(own)
    await look(pool, BEGIN + FRESH)
    rows = await own.all("select xmin::text from supply order by stock_id")
    assert await read(own, "till", at=BEGIN + 50 * HOUR) == "incremental"
    assert await on_sale(own) == (3, 3, 3), "the other till has been silent as well"
    assert await own.all("select xmin::text from supply order by stock_id") == rows
    assert await look(pool, BEGIN + 51 * HOUR) == (0, 0)


async def test_who_is_read_once_a_week_is_not_silent_for_it(own: Desk, pool: Pool) -> None:
    """Its promise is kept until a day after its next turn. Who never promised anything is never hidden."""
    await shop(own)
    await own.conn.execute("update feed set every_minutes = 10080")
    await read(own, "till")
    await own.source("pushed", venue_id=await own.venue())
    await own.snapshot("pushed", copies("pushed", EANS[4], 5))
    assert await look(pool, BEGIN + timedelta(days=7.5)) == (1, 0), "the other till, read daily until now"
    assert await look(pool, BEGIN + timedelta(days=8)) == (1, 0)
    assert await look(pool, BEGIN + timedelta(days=400)) == (0, 2)
    assert await own.one("select stale_since from source where account = 'pushed'") is None


async def test_workers_that_look_at_once_hide_once(own: Desk, pool: Pool) -> None:
    """One alert a source, and none is emptied while it is being read."""
    await shop(own)
    turns = await asyncio.gather(*(look(pool, BEGIN + FRESH) for _ in range(4)))
    assert sum(hidden for hidden, _ in turns) == 2
    assert await kinds(own) == ["source_hidden"] * 2
    fence = await take(own.conn, own.sources["till"], "w")
    assert await look(pool, BEGIN + FRESH + ZEROED_AFTER) == (0, 1)
    await release(own.conn, own.sources["till"], fence or 0)
    assert await look(pool, BEGIN + FRESH + ZEROED_AFTER) == (0, 1)


@pytest.mark.parametrize(("failure", "is_fresh"), [(None, True), ("guarded", True), ("emptied", False), ("bug", False)])
async def test_what_counts_as_an_answer(own: Desk, pool: Pool, failure: str | None, is_fresh: bool) -> None:
    """A snapshot of which only the withdrawals wait is one; what was stopped halfway is none."""
    await shop(own)
    await read(own, "till", at=BEGIN + 40 * HOUR, failure=failure)
    hidden, _ = await look(pool, BEGIN + FRESH)
    assert hidden == (1 if is_fresh else 2)

"""Pages that are not read twice: what stands after each whole reading is what the till says, whatever came between."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from feeds import Desk, copies, counted
from stdnum import ean as stdnum_ean

from catalogue.database import held
from connectors.stocks_api import StocksApi
from connectors.stocks_api_settings import StocksApiSettings
from net.answers import Answer
from sync import freshness
from sync.leases import release
from sync.reading import read_into
from sync.runs import RunReport, end, report
from sync.slices import Slice
from sync.stock_pages import forget_all, known_pages

SIRET = "99900001100018"
HEADS = [f"978207{n:06d}" for n in range(60)]
BOOKS = [head + stdnum_ean.calc_check_digit(head) for head in HEADS]


class Till:
    """A till, its HTTP answers in memory, and the source that reads it by pages."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.size = desk, 7
        self.rows: list[dict[str, Any]] = [{"ref": ean, "available": 3, "price": 7.9} for ean in BOOKS[:40]]

    async def get(self, url: str, *, params: dict[str, str], headers: Any, ok: Any) -> Answer:
        refs = [row["ref"] for row in self.rows]
        start = refs.index(params["after"]) + 1 if "after" in params else 0
        page = {"total": len(refs), "limit": self.size, "stocks": self.rows[start : start + self.size]}
        return Answer(200, {}, json.dumps(page).encode(), url, datetime.now(UTC))

    async def read(self, *, full: bool = True, limit: Slice | None = None) -> RunReport:
        """A reading as the runner makes it."""
        run, cursor = await self.desk.begin("till", full=full)
        settings = StocksApiSettings(base_url="http://till.example", siret=SIRET, page_size=self.size)
        api = StocksApi(settings, self, account=SIRET, clock=lambda: datetime.now(UTC))  # type: ignore[arg-type]
        try:
            pages = api.pull_pages(cursor, await known_pages(self.desk.conn, run.source.id))
            is_partial = await read_into(held(self.desk.conn), run, pages, rows=20, limit=limit)
            await end(self.desk.conn, run, "done", is_partial=is_partial)
        finally:
            await release(self.desk.conn, run.source.id, run.fence)
        return await report(self.desk.conn, run.run_id)

    async def stands(self) -> dict[str, tuple[int, int]]:
        found = await self.desk.all("select key, available, price_cents from supply where gone_at is null")
        return {key: (available, price) for key, available, price in found}

    @property
    def says(self) -> dict[str, tuple[int, int]]:
        """The rows that can be read."""
        good = [row for row in self.rows if row["ref"].isdigit() and row["available"] >= 0]
        return {row["ref"]: (row["available"], round(row["price"] * 100)) for row in good}


@pytest.fixture
async def till(desk: Desk) -> Till:
    await desk.source("till", venue_id=await desk.venue(), guard=1.0)
    return Till(desk)


async def test_an_unchanged_page_is_not_read_again(till: Till) -> None:
    """What was told is known by its bytes; nothing is written but that it was seen, and the report counts every row."""
    first = await till.read()
    assert (first.created, await till.stands()) == (40, till.says)
    written = await till.desk.all("select key, xmin::text from supply order by 1")
    again = await till.read()
    assert (again.records, again.unchanged, again.withdrawn, again.pages) == (40, 40, 0, 0)
    assert await till.desk.all("select key, xmin::text from supply order by 1") == written
    # A value that nobody told of, behind everybody's back, shows that the page was not looked into.
    await till.desk.conn.execute("update supply set available = 77 where key = $1", BOOKS[0])
    assert (await till.read()).changed == 0
    await forget_all(till.desk.conn, till.desk.sources["till"])
    assert ((await till.read()).changed, await till.stands()) == (1, till.says)


async def change(till: Till, chance: random.Random, book: str) -> None:
    """Something else writes a row of the source, or makes its pages mean nothing."""
    desk, what = till.desk, chance.choice(["delta", "gone", "empty", "nothing"])
    if what == "delta":
        await desk.delta("till", copies("till", book, chance.randrange(9), 100 * chance.randrange(9)))
    elif what == "gone":
        await desk.conn.execute("update feed set cursor = 'x' where source_id = $1", desk.sources["till"])
        await desk.delta("till", *[d for d in [copies("till", book, 5, 500, part="500")] if d])
    elif what == "empty":
        await desk.conn.execute("update source set stale_since = now()")
        async with desk.conn.transaction():
            await freshness._empty(desk.conn, desk.sources["till"], datetime.now(UTC) + timedelta(days=9))
        await desk.conn.execute("update source set stale_since = null")
        await desk.conn.execute("update feed set zeroed_at = null")


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_came_between_a_whole_reading_says_what_the_till_says(till: Till, seed: int) -> None:
    """Rows edited, sold out, gone, new, unreadable, out of order; deltas, emptying and slices in between."""
    chance = random.Random(seed)
    earlier = [list(till.rows)]
    for _ in range(12):
        for _ in range(chance.randrange(3)):
            row = chance.choice(till.rows)
            match chance.randrange(6):
                case 0:
                    till.rows.remove(row)
                case 1:
                    refs = {one["ref"] for one in till.rows}
                    fresh = next((ean for ean in BOOKS if ean not in refs), None)
                    till.rows += [{"ref": fresh, "available": 1, "price": 5}] if fresh else []
                    till.rows.sort(key=lambda one: one["ref"])
                case 2:
                    chance.shuffle(till.rows)
                case 3:
                    till.rows = [one | {"available": -1} if one is row else one for one in till.rows]
                case 4:
                    till.rows = list(chance.choice(earlier))
                case _:
                    till.rows = [one | {"available": chance.randrange(9)} if one is row else one for one in till.rows]
        earlier.append(list(till.rows))
        await change(till, chance, chance.choice(BOOKS))
        read = await till.read(limit=Slice(seconds=0.0) if chance.random() < 0.3 else None)
        while read.is_partial:
            read = await till.read(full=False)
        is_refused = {one["ref"] for one in till.rows if one["available"] < 0}
        stands = await till.stands()
        assert {key: said for key, said in stands.items() if key not in is_refused} == till.says
        assert set(stands) - set(till.says) <= is_refused, "a refused row counts as named"


async def test_a_feed_known_in_order_that_no_longer_is_is_read_whole(till: Till) -> None:
    """Its first page is known, the next one leads back: the reading begins again and knows none."""
    await till.read()
    till.rows = [*till.rows[:20], *reversed(till.rows[20:])]
    till.rows[-1] = till.rows[-1] | {"available": 8}
    for _ in range(2):
        report = await till.read()
        assert (report.state, report.withdrawn, await till.stands()) == ("done", 0, till.says)
    gone = till.rows.pop(1)
    assert ((await till.read()).withdrawn, gone["ref"] in await till.stands()) == (1, False)


async def test_a_row_the_database_refuses_does_not_take_its_page(till: Till) -> None:
    """It alone is quarantined; its page is read again until it is mended."""
    await till.desk.conn.execute("alter table supply add constraint no_poison check (price_cents <> 666)")
    till.rows[3]["price"] = 6.66
    report = await till.read()
    assert (report.created, report.rejected) == (39, 1)
    assert await counted(till.desk.conn, f"stock_page where '{BOOKS[3]}' between first and last") == 0
    await till.desk.conn.execute("alter table supply drop constraint no_poison")
    report = await till.read()
    assert (report.created, report.unchanged, await till.stands()) == (1, 39, till.says)
    assert await counted(till.desk.conn, "quarantine where resolved_at is null") == 0


async def test_what_a_page_s_books_are_is_looked_up(till: Till) -> None:
    """A described book gets its offer with the page, one that is described later with its description."""
    await till.desk.described(*BOOKS[:5])
    await till.read()
    assert await counted(till.desk.conn, "offer") == 5
    await till.desk.described(*BOOKS[5:9])
    assert await counted(till.desk.conn, "stock") == 9
    till.rows[0] = till.rows[0] | {"available": 0}
    assert (await till.read()).zeroed == 1
    assert await till.desk.one("select count(*) from supply where stock_id is null and gone_at is null") == 31

"""A till's pages merged by columns come to what the same rows come to one by one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from feeds import EANS, Desk, book, content, copies, counted
from msgspec.structs import replace

from catalogue.database import Connection, Pool
from catalogue.merging import Merge, Outcome, source_info
from catalogue.stock_columns import Row, merge_columns
from catalogue.stocks import merge_stocks

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
FIRST: list[Row] = [(EANS[1], 4, 690, None), (EANS[4], 2, 500, None)]
SECOND: list[Row] = [
    (EANS[0], 3, 790, None),
    (EANS[1], 1, 690, NOW),
    (EANS[2], None, None, None),
    (EANS[3], 0, 850, NOW),
    (EANS[4], 2, 500, None),
    (EANS[5], 9, 900, None),
]


async def merged(conn: Connection, source_id: int, rows: list[Row], *, by_columns: bool) -> tuple[Outcome, int]:
    """What came of it, and how many offers the change log is to tell of."""
    merge = Merge(conn, await source_info(conn, source_id), NOW, 1)
    if by_columns:
        outcome, as_told = await merge_columns(merge, rows)
        assert as_told
    else:
        stocks = [
            replace(copies("till", ean, available, price), sellable_until=until)
            for ean, available, price, until in rows
        ]
        outcome = await merge_stocks(merge, list(enumerate(stocks)))
    return outcome, len(merge.touched.seen)


@pytest.mark.parametrize("in_order", [True, False])
async def test_pages_come_to_what_rows_come_to(desk: Desk, in_order: bool) -> None:
    """Books that are described, that wait, that another source of the venue sells, that changed, that did not."""
    venue_id = await desk.venue()
    for name in ("till", "other"):
        await desk.source(name, venue_id=venue_id)
    await desk.source("publisher")
    await desk.delta("publisher", *[book("publisher", ean, f"Livre {ean}") for ean in EANS[:4]])
    await desk.snapshot("other", copies("other", EANS[2], 5))
    told = SECOND if in_order else SECOND[::-1]
    come_to = []
    for by_columns in (True, False):
        undone = desk.conn.transaction()
        await undone.start()
        said = [
            await merged(desk.conn, desk.sources["till"], rows, by_columns=by_columns) for rows in (FIRST, told, told)
        ]
        come_to.append((said, await content(desk.conn)))
        await undone.rollback()
    assert come_to[0] == come_to[1]
    [(first, _), (second, offers), (third, none)] = come_to[0][0]
    assert (first.created, second.created, second.changed, second.unchanged) == (2, 4, 1, 1)
    assert (offers, third.unchanged, none) == (4, 6, 0)


async def test_two_sources_of_a_venue_that_propose_a_book_at_once_make_one_offer(own: Desk, pool: Pool) -> None:
    """Who comes second is refused, tried again as a batch is, and joins the offer that is there by then."""
    venue_id = await own.venue()
    for name in ("a", "b"):
        await own.source(name, venue_id=venue_id)
    await own.described(*EANS)
    rows: list[Row] = [(ean, 1, 700, None) for ean in EANS]

    async def load(name: str) -> None:
        async with pool.acquire() as conn, conn.transaction():
            await merge_columns(Merge(conn, await source_info(conn, own.sources[name]), NOW, 1), rows)
            await asyncio.sleep(0.2)

    refused = [one for one in await asyncio.gather(load("a"), load("b"), return_exceptions=True) if one is not None]
    assert [getattr(one, "constraint_name", one) for one in refused] == ["offer_product"]
    await load("a" if await own.one("select source_id from supply limit 1") == own.sources["b"] else "b")
    assert (await counted(own.conn, "offer"), await counted(own.conn, "stock")) == (len(EANS), 2 * len(EANS))

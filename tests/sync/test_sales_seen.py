"""What we may sell in all: the provider's figure, plus what of our sales it had already left out of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from feeds import Desk, seats, show

BOOK = """
with purse as (insert into wallet (pseudonym) values (gen_random_uuid()) returning id)
insert into booking (countermark, wallet_id, stock_id, venue_id, offer_id, session_id, source_id, quantity,
                     unit_price_cents, is_physical, is_digital, status, created_at, confirmed_at, told_at, snapshot)
select $2, purse.id, k.id, k.venue_id, k.offer_id, k.session_id, u.source_id, $3, 1200, false, false,
       'confirmed', now(), now(), $4, '{}'
from purse, stock k join supply u on u.stock_id = k.id where u.key = $1
"""
A_MINUTE = timedelta(minutes=1)


async def supply(desk: Desk) -> tuple[int, int, int]:
    [row] = await desk.all("select available, seen, total from supply")
    return row[0], row[1], row[2]


@pytest.mark.parametrize(
    ("policy", "told", "total"),
    [
        pytest.param("never", True, 10, id="a till that never hears of us keeps counting our seats"),
        pytest.param("at_booking", True, 12, id="a ticketing that sold them itself has left them out"),
        pytest.param("at_acceptance", True, 12, id="a till that scanned them has left them out"),
        pytest.param("at_booking", False, 10, id="a sale it has not been told of is still in its figure"),
        pytest.param("at_acceptance", False, 10, id="a booking nobody has scanned is still in its figure"),
    ],
)
async def test_a_figure_is_read_by_what_its_provider_knew(desk: Desk, policy: str, told: bool, total: int) -> None:
    """Two of our seats, told of or not before the answer was asked for, and a figure of ten."""
    await desk.source("theatre", venue_id=await desk.venue(), sales_seen=policy)
    said = show("theatre", "e", "Phèdre", days=[0])
    await desk.snapshot("theatre", *said)
    await desk.conn.execute(BOOK, "e-0", "ABCDEF", 2, datetime.now(UTC) - A_MINUTE if told else None)
    await desk.delta("theatre", seats("theatre", "e-0", 10))
    assert await supply(desk) == (10, total - 10, total)


async def test_what_a_provider_is_told_after_it_was_asked_is_not_in_its_answer(desk: Desk) -> None:
    """The moment that counts is the question's: a sale told of while the answer travels comes out of the figure."""
    await desk.source("theatre", venue_id=await desk.venue(), sales_seen="at_booking")
    await desk.snapshot("theatre", *show("theatre", "e", "Phèdre", days=[0]))
    await desk.conn.execute(BOOK, "e-0", "ABCDEF", 1, datetime.now(UTC) - A_MINUTE)
    await desk.conn.execute(BOOK, "e-0", "ABCDEG", 1, datetime.now(UTC) + A_MINUTE)
    await desk.delta("theatre", seats("theatre", "e-0", 10))
    assert await supply(desk) == (10, 1, 11)


async def test_an_unchanged_figure_is_read_anew_after_our_own_sales(desk: Desk) -> None:
    """It says a hundred as before: of a provider that knows of our two seats, that is a hundred others; and again
    a hundred when they were given back. Nothing is written where nothing of ours moved."""
    await desk.source("theatre", venue_id=await desk.venue(), sales_seen="at_booking")
    said = show("theatre", "e", "Phèdre", days=[0])
    await desk.snapshot("theatre", *said)
    await desk.conn.execute(BOOK, "e-0", "ABCDEF", 2, datetime.now(UTC) - A_MINUTE)
    assert (await desk.delta("theatre", said[2])).unchanged == 1
    assert await supply(desk) == (100, 2, 102)

    written = await desk.one("select xmin::text from supply")
    await desk.snapshot("theatre", *said)
    assert await desk.one("select xmin::text from supply") == written

    await desk.conn.execute("update booking set status = 'cancelled', cancelled_at = now(), cancellation_reason = 'x'")
    await desk.delta("theatre", said[2])
    assert await supply(desk) == (100, 0, 100)


async def test_a_batch_without_stocks_asks_for_nothing(desk: Desk) -> None:
    """On a connection that has not yet merged a stock, too: there, the batch's own table does not even exist."""
    await desk.conn.execute("discard temp")
    await desk.source("theatre", venue_id=await desk.venue(), sales_seen="at_booking")
    said = show("theatre", "e", "Phèdre", days=[0])
    report = await desk.snapshot("theatre", *said, rows=1)
    assert report.created == len(said)


async def test_an_unlimited_stock_stays_unlimited(desk: Desk) -> None:
    """No figure, no bound, whatever was sold."""
    await desk.source("theatre", venue_id=await desk.venue(), sales_seen="at_booking")
    said = show("theatre", "e", "Phèdre", days=[0])
    await desk.snapshot("theatre", said[0], said[1], seats("theatre", "e-0", None))
    await desk.conn.execute(BOOK, "e-0", "ABCDEF", 2, datetime.now(UTC) - A_MINUTE)
    await desk.delta("theatre", seats("theatre", "e-0", None))
    assert await desk.all("select available, total from supply") == [(None, None)]

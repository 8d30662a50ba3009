"""What a complete snapshot no longer names goes; what may only look gone does not, and a person is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from feeds import EANS, TOMORROW, Desk, book, content, copies, counted, event, ref, seats, session, show, told
from stdnum import ean as stdnum_ean

from connectors.base import Change, Checkpoint, Cursor, Delete, Reject
from net.errors import ProviderUnavailable
from schemas.records import KIND_OF, Kind, Stock
from sync.guard import TooMuchEmptied, TooMuchGone

YESTERDAY = TOMORROW - timedelta(days=2)


def shelf(name: str, count: int, available: int = 3) -> list[Stock]:
    """So many different books at a till."""
    heads = [f"978207{n:06d}" for n in range(count)]
    return [copies(name, head + stdnum_ean.calc_check_digit(head), available) for head in heads]


async def standing(desk: Desk) -> int:
    return await counted(desk.conn, "supply where gone_at is null")


async def test_only_a_complete_snapshot_withdraws(desk: Desk) -> None:
    """A snapshot that breaks off, and a delta, take nothing; the one read to its end takes what it did not name."""
    await desk.source("till", venue_id=await desk.venue())
    shelves = shelf("till", 30)
    await desk.described(*[one.ean for one in shelves if one.ean])
    await desk.snapshot("till", *shelves)

    async def breaks_off(_: Cursor | None) -> AsyncIterator[Change]:
        async for change in told([*shelves[:5], Checkpoint(Cursor("5"))]):
            yield change
        raise ProviderUnavailable("the till sleeps")

    with pytest.raises(ProviderUnavailable):
        await desk.pull("till", breaks_off, full=True)
    assert (await desk.delta("till", *shelves[5:8])).withdrawn == 0
    assert await standing(desk) == 30
    report = await desk.snapshot("till", *shelves[:25])
    assert (report.withdrawn, report.unchanged) == (5, 25)
    assert await standing(desk) == 25
    assert await counted(desk.conn, "offer where withdrawn_at is null") == 25


async def test_a_snapshot_may_take_several_runs(desk: Desk) -> None:
    """What the earlier slices of a generation named is named, though another run read the last slice."""
    await desk.source("till", venue_id=await desk.venue(), guard=1.0)
    shelves = shelf("till", 12)
    await desk.snapshot("till", *shelves)
    first = [*shelves[:5], Reject("illisible", b"?", Kind.STOCK, shelves[5].ref), Checkpoint(Cursor("6"))]
    await desk.pull("till", lambda _: told(first), full=True)
    report = await desk.pull("till", lambda _: told([*shelves[6:10], Checkpoint(Cursor("12"), True)]))
    assert (report.mode, report.withdrawn) == ("incremental", 2)
    assert await standing(desk) == 10


async def test_a_reading_from_a_cursor_may_be_a_whole_one(desk: Desk) -> None:
    """A provider that always tells all is swept after each reading, and what an earlier one named does not count."""
    await desk.source("till", venue_id=await desk.venue(), guard=1.0)
    shelves = shelf("till", 9)
    await desk.snapshot("till", *shelves)
    for left in (8, 6):
        whole = [*shelves[:left], Checkpoint(Cursor("all"), True)]
        report = await desk.pull("till", lambda _, whole=whole: told(whole))
        assert report.mode == "incremental"
        assert await standing(desk) == left


async def test_a_rejected_row_counts_as_named(desk: Desk) -> None:
    """A row that can no longer be read is not gone, whether the connector, the format or the merge refuses it."""
    await desk.source("theatre", venue_id=await desk.venue())
    said = show("theatre", "e", "Phèdre", days=[0, 1, 2])
    await desk.snapshot("theatre", *said)
    report = await desk.snapshot(
        "theatre",
        said[0],
        Reject("illisible", b"?", Kind.SESSION, ref("theatre", "e-0")),
        session("theatre", "e-1", "e", TOMORROW.replace(tzinfo=None)),
        session("theatre", "e-2", "nobody"),
        *said[2::2],
    )
    assert (report.rejected, report.withdrawn) == (3, 0)
    assert await counted(desk.conn, "session where cancelled_at is null") == 3


async def test_nameless_rejected_rows_could_be_any_of_the_missing(desk: Desk) -> None:
    """While they could explain all that is missing nothing goes; where more is missing, a person is asked.

    They are remembered from slice to slice, and once where one comes twice.
    """
    await desk.source("till", venue_id=await desk.venue())
    shelves = shelf("till", 20)
    await desk.snapshot("till", *shelves)
    assert (await desk.snapshot("till", *shelves[:18], Reject("?", b"1"), Reject("?", b"2"))).withdrawn == 0
    with pytest.raises(TooMuchGone, match="3 fiches manquent et 2 lignes"):
        await desk.snapshot("till", *shelves[:17], Reject("?", b"1"), Reject("?", b"2"), Reject("?", b"1"))
    await desk.pull("till", lambda _: told([Reject("?", b"1"), Checkpoint(Cursor("1"))]), full=True)
    report = await desk.pull("till", lambda _: told([*shelves[:19], Checkpoint(Cursor("2"), True)]))
    assert report.withdrawn == 0
    assert await standing(desk) == 20
    assert (await desk.snapshot("till", *shelves[:19])).withdrawn == 1


async def test_a_half_dead_feed_empties_nothing(desk: Desk) -> None:
    """A sweep of more than the source's share stops before it takes anything; the next good snapshot goes on."""
    await desk.source("till", venue_id=await desk.venue())
    shelves = shelf("till", 30)
    await desk.snapshot("till", *shelves)
    before = await content(desk.conn)
    with pytest.raises(TooMuchGone, match="20 stocks sur 30"):
        await desk.snapshot("till", *shelves[:10])
    after = await content(desk.conn)
    assert {**after, "feeds": []} == {**before, "feeds": []}
    assert (await desk.snapshot("till", *shelves)).unchanged == 30
    assert await standing(desk) == 30


async def test_a_handful_may_go_whatever_its_share(desk: Desk) -> None:
    """Three of four sessions say nothing about the feed's health."""
    await desk.source("theatre", venue_id=await desk.venue())
    await desk.snapshot("theatre", *show("theatre", "e", "Phèdre", days=[0, 1, 2, 3]))
    assert (await desk.snapshot("theatre", *show("theatre", "e", "Phèdre", days=[0]))).withdrawn == 6


async def test_a_feed_that_says_all_is_sold_out_or_gone_is_not_believed(desk: Desk) -> None:
    """Zeroes and deletions beyond the source's share stop the run, in one batch or bit by bit."""
    await desk.source("till", venue_id=await desk.venue())
    shelves, empty = shelf("till", 30), shelf("till", 30, available=0)
    await desk.snapshot("till", *shelves)
    with pytest.raises(TooMuchEmptied, match="en épuise 30"):
        await desk.delta("till", *empty)
    assert await counted(desk.conn, "supply where available = 0") == 0
    with pytest.raises(TooMuchEmptied):
        await desk.delta("till", *[Delete(KIND_OF[type(one)], one.ref) for one in shelves], rows=4)
    assert 30 * 0.7 <= await standing(desk) < 30
    assert (await desk.snapshot("till", *shelves[:20], *empty[20:28], *shelves[28:])).zeroed == 8


async def test_sessions_that_are_over_are_no_withdrawals(desk: Desk) -> None:
    """A feed that only lists what is to come neither trips the guard nor cancels what was."""
    await desk.source("theatre", venue_id=await desk.venue())
    await desk.snapshot(
        "theatre",
        event("theatre", "e", "Phèdre"),
        *[session("theatre", f"past-{n}", "e", YESTERDAY - timedelta(days=n)) for n in range(20)],
        *[seats("theatre", f"past-{n}") for n in range(20)],
        session("theatre", "next", "e"),
    )
    report = await desk.snapshot("theatre", event("theatre", "e", "Phèdre"), session("theatre", "next", "e"))
    assert report.withdrawn == 0
    assert await counted(desk.conn, "session where cancelled_at is not null") == 0
    report = await desk.snapshot("theatre", event("theatre", "f", "Autre chose"))
    assert report.withdrawn == 2, "the run that ended, and its last session that is still to come"
    assert await counted(desk.conn, "session where cancelled_at is not null") == 1


async def test_sold_sessions_are_taken_off_sale_but_not_cancelled(desk: Desk) -> None:
    """One answer is not enough to cancel what somebody has booked, whether it is missing or said to be gone."""
    await desk.source("theatre", venue_id=await desk.venue())
    said = show("theatre", "e", "Phèdre", days=[0, 1])
    await desk.snapshot("theatre", *said)
    await book_seat(desk, "e-0")
    report = await desk.snapshot("theatre", event("theatre", "e", "Phèdre"))
    assert (report.withdrawn, report.kept_sold) == (3, 1)
    rows = """
        select x.cancelled_at is null, k.withdrawn_at is null from session x join stock k on k.session_id = x.id
        order by x.begins_at"""
    assert await desk.all(rows) == [(True, False), (False, False)]

    await desk.snapshot("theatre", *said)
    report = await desk.delta("theatre", Delete(Kind.EVENT, ref("theatre", "e")))
    assert (report.withdrawn, report.kept_sold) == (4, 1)
    assert await desk.all(rows) == [(True, False), (False, False)]


async def test_what_another_source_still_speaks_of_stays(desk: Desk) -> None:
    """One of two sources of a show leaves: the event stays, as the other tells it, and the change is logged."""
    venue_id = await desk.venue()
    await desk.source("theatre", venue_id=venue_id, trust=80)
    await desk.source("agenda", venue_id=venue_id)
    await desk.snapshot(
        "theatre", event("theatre", "e", "L'Avare", description="Du théâtre."), session("theatre", "s", "e")
    )
    await desk.snapshot(
        "agenda", event("agenda", "a", "L'Avare", url="https://agenda.example/a"), session("agenda", "b", "a")
    )
    assert await counted(desk.conn, "event") == 1
    position = await desk.one("select max(position) from change_log")
    await desk.snapshot("theatre")
    [(fields, withdrawn)] = await desk.all("select fields, withdrawn_at is not null from event")
    assert ("description" in fields, fields["url"], withdrawn) == (False, "https://agenda.example/a", False)
    assert await counted(desk.conn, "session where cancelled_at is null") == 1
    assert await desk.all("select kind, op from change_log where position > $1 order by 1", position) == [
        (4, 1),
        (7, 1),
    ]


async def test_a_book_that_leaves_takes_the_work_it_implied(desk: Desk) -> None:
    """The last edition gone, the work goes too; and comes back with it."""
    await desk.source("publisher", guard=1.0)
    await desk.snapshot("publisher", *[book("publisher", ean, "La Peste") for ean in EANS[:2]])
    await desk.snapshot("publisher", book("publisher", EANS[0], "La Peste"))
    assert await counted(desk.conn, "work where withdrawn_at is null") == 1
    assert (await desk.snapshot("publisher")).withdrawn == 1
    assert await counted(desk.conn, "work where withdrawn_at is null") == 0
    await desk.snapshot("publisher", book("publisher", EANS[1], "La Peste"))
    assert await desk.all("select withdrawn_at is null from work") == [(True,)]


async def test_an_answer_asked_for_earlier_takes_nothing_that_was_said_since(desk: Desk) -> None:
    """A late snapshot neither brings back an older figure nor withdraws what a newer answer named."""
    await desk.source("till", venue_id=await desk.venue())
    await desk.snapshot("till", copies("till", EANS[0], 3), copies("till", EANS[1], 3))
    newer = datetime.now(UTC) + timedelta(minutes=5)
    await desk.conn.execute("update supply set observed_at = $1", newer)
    report = await desk.snapshot("till", copies("till", EANS[0], 9))
    assert (report.changed, report.withdrawn) == (0, 0)
    assert await desk.all("select available, gone_at is null from supply") == [
        (3, True),
        (3, True),
    ]


async def book_seat(desk: Desk, session_key: str) -> None:
    """A confirmed booking of one seat, as the money room writes it."""
    await desk.conn.execute(
        """
        with purse as (insert into wallet (pseudonym) values (gen_random_uuid()) returning id)
        insert into booking (countermark, wallet_id, stock_id, venue_id, offer_id, session_id, source_id, quantity,
                             unit_price_cents, is_physical, is_digital, status, created_at, confirmed_at, snapshot)
        select 'ABCDEF', purse.id, k.id, k.venue_id, k.offer_id, k.session_id, u.source_id, 1, 1200, false, false,
               'confirmed', now(), now(), '{}'
        from purse, stock k join supply u on u.stock_id = k.id where u.key = $1
        """,
        session_key,
    )


async def test_a_rejected_price_of_a_book_could_be_any_of_its_prices(desk: Desk) -> None:
    """A row whose part cannot be read keeps all the parts of its key from being swept; other keys' go."""
    await desk.source("till", venue_id=await desk.venue())
    await desk.snapshot(
        "till",
        *[copies("till", EANS[0], 1, price, part=str(price)) for price in (500, 900)],
        *[copies("till", EANS[1], 1, price, part=str(price)) for price in (500, 900)],
    )
    report = await desk.snapshot(
        "till",
        copies("till", EANS[0], 1, 500, part="500"),
        Reject("prix illisible", b"?", Kind.STOCK, ref("till", EANS[0])),
        copies("till", EANS[1], 1, 500, part="500"),
    )
    assert report.withdrawn == 1
    assert await standing(desk) == 3

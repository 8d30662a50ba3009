"""A session that somebody booked is cancelled only on a second word, and never many of them without a person."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from feeds import TOMORROW, Desk, event, ref, session, show

from bookings.audit import violations
from bookings.booking import Bookings
from bookings.wallets import Wallets
from bookings.withdrawals import Withdrawals
from catalogue.database import Pool
from connectors.base import Delete
from schemas.records import Kind
from sync.guard import TooMuchEmptied, TooMuchGone

SHOW = [event("theatre", "e", "Phèdre")]
SESSIONS = (
    "select key, cancelled_at is not null from session x join source_record r on r.kind = 5 and r.entity_id = x.id"
)


class NoSellers:
    """Nothing is sold in anybody's ticketing."""

    async def seller_of(self, source_id: int) -> None:
        return None


def now() -> datetime:
    return datetime.now(UTC)


class Theatre:
    """A theatre with a show on six days, and people who book."""

    def __init__(self, desk: Desk, pool: Pool) -> None:
        self.desk, self.pool = desk, pool

    async def book(self, key: str, people: int = 1) -> list[int]:
        stock_id = await self.desk.entity("theatre", 6, key)
        made = []
        for _ in range(people):
            who = uuid.uuid4()
            await Wallets(self.pool, now).open(who, "2018")
            made.append((await Bookings(self.pool, NoSellers(), now).book(who, stock_id, 1, "k")).id)
        return made

    async def cancelled(self) -> list[str]:
        return sorted([key for key, is_cancelled in await self.desk.all(SESSIONS) if is_cancelled])

    async def statuses(self) -> list[str]:
        return [row[0] for row in await self.desk.all("select status from booking order by id")]

    async def settle(self) -> int:
        return await Withdrawals(self.pool, now).settle()


@pytest.fixture
async def theatre(own: Desk, pool: Pool) -> Theatre:
    await own.source("theatre", venue_id=await own.venue(), guard=1.0)
    await own.snapshot("theatre", *show("theatre", "e", "Phèdre", days=range(6)))
    return Theatre(own, pool)


async def test_a_second_complete_snapshot_cancels_and_refunds(theatre: Theatre) -> None:
    """Missing once: off sale and kept. Missing again: cancelled, its bookings given back, nothing left over."""
    desk = theatre.desk
    await theatre.book("e-0", 3)
    first = await desk.snapshot("theatre", *show("theatre", "e", "Phèdre", days=range(1, 6)))
    assert (first.kept_sold, first.cancelled_bookings) == (1, 0)
    assert await theatre.cancelled() == []
    assert await theatre.settle() == 0

    second = await desk.snapshot("theatre", *show("theatre", "e", "Phèdre", days=range(1, 6)))
    assert (second.kept_sold, second.withdrawn, second.cancelled_bookings) == (0, 1, 3)
    assert await theatre.cancelled() == ["e-0"]
    assert await theatre.settle() == 3
    assert await theatre.statuses() == ["cancelled"] * 3
    assert await violations(desk.conn) == []
    third = await desk.snapshot("theatre", *show("theatre", "e", "Phèdre", days=range(1, 6)))
    assert (third.withdrawn, third.cancelled_bookings) == (0, 0)


async def test_a_session_seen_in_between_is_missed_anew(theatre: Theatre) -> None:
    """Two bad answers with a good one between are not two words; nor is an unfinished snapshot one."""
    desk = theatre.desk
    await theatre.book("e-0")
    missing, whole = show("theatre", "e", "Phèdre", days=range(1, 6)), show("theatre", "e", "Phèdre", days=range(6))
    for said in (missing, whole, missing):
        await desk.snapshot("theatre", *said)
        await desk.delta("theatre", *SHOW)
    assert await theatre.cancelled() == []
    await desk.delta("theatre", *whole)
    assert await desk.all("select key from session_miss") == []
    assert await desk.one("select bool_and(withdrawn_at is null) from stock")


async def test_an_explicit_deletion_is_one_word(theatre: Theatre) -> None:
    """A deletion twice in one run is one word; a later run, or a complete snapshot without it, is the second."""
    desk = theatre.desk
    await theatre.book("e-0")
    await theatre.book("e-1")
    gone = [Delete(Kind.SESSION, ref("theatre", key)) for key in ("e-0", "e-1")]
    report = await desk.delta("theatre", *gone, *gone, rows=1)
    assert (report.kept_sold, report.cancelled_bookings) == (4, 0)
    assert await theatre.cancelled() == []
    assert (await desk.delta("theatre", gone[0])).cancelled_bookings == 1
    assert (await desk.snapshot("theatre", *show("theatre", "e", "Phèdre", days=range(2, 6)))).cancelled_bookings == 1
    assert await theatre.cancelled() == ["e-0", "e-1"]


async def test_its_own_status_needs_no_second_word(theatre: Theatre) -> None:
    """A session whose record says that it is cancelled is: that is the provider's answer about this very session."""
    await theatre.book("e-0", 2)
    said = session("theatre", "e-0", "e", hall="Grande salle", cancelled=True)
    assert (await theatre.desk.delta("theatre", said)).cancelled_bookings == 2
    assert (await theatre.desk.delta("theatre", said)).cancelled_bookings == 0
    assert await theatre.settle() == 2


async def test_more_than_a_handful_of_bookings_asks_first(theatre: Theatre) -> None:
    """However it is said, a run that would cancel more bookings than the limit changes nothing until released."""
    desk = theatre.desk
    for day in range(3):
        await theatre.book(f"e-{day}", 2)
    missing = show("theatre", "e", "Phèdre", days=range(3, 6))
    await desk.snapshot("theatre", *missing)
    with pytest.raises(TooMuchGone, match="6 réservations"):
        await desk.snapshot("theatre", *missing)
    flags = [session("theatre", f"e-{day}", "e", TOMORROW + timedelta(days=day), cancelled=True) for day in range(3)]
    with pytest.raises(TooMuchEmptied, match="6 réservations"):
        await desk.delta("theatre", *flags)
    deletions = [Delete(Kind.SESSION, ref("theatre", f"e-{day}")) for day in range(3)]
    with pytest.raises(TooMuchEmptied, match="6 réservations"):
        await desk.delta("theatre", *deletions)
    assert await theatre.cancelled() == []
    assert await theatre.settle() == 0
    assert await theatre.statuses() == ["confirmed"] * 6

    await desk.conn.execute("update feed set guard_bookings = 6")
    assert (await desk.snapshot("theatre", *missing)).cancelled_bookings == 6
    assert await theatre.settle() == 6


async def test_a_moved_session_is_in_the_report(theatre: Theatre) -> None:
    """Its bookings stay, may be cancelled for two more days, and are told of once."""
    desk = theatre.desk
    [booking] = await theatre.book("e-5")
    moved = session("theatre", "e-5", "e", TOMORROW + timedelta(days=30), hall="Grande salle")
    report = await desk.delta("theatre", moved)
    assert (report.moved_bookings, report.cancelled_bookings) == (1, 0)
    assert (await desk.delta("theatre", moved)).moved_bookings == 0
    assert await theatre.settle() == 1
    limit = await desk.one("select cancellable_until from booking where id = $1", booking)
    assert abs(limit - now() - timedelta(hours=48)) < timedelta(minutes=1)
    assert await theatre.statuses() == ["confirmed"]
    assert await desk.all("select booking_id from booking_notice") == [(booking,)]

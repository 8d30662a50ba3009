"""A reading that takes several runs comes to what one run comes to, and only its end sweeps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

import pytest
from feeds import EANS, Desk, book, content, copies, ref, show

from connectors.base import Change, Checkpoint, Cursor, Delete, Reject, Upsert
from net.errors import FeedChanged, ProviderUnavailable
from schemas.records import Kind, Record
from sync.guard import TooMuchEmptied
from sync.reading import read_into
from sync.runs import RunReport
from sync.slices import Slice, distrust_place

Said = Record | Delete | Reject | Exception
STEP = partial(read_into, limit=Slice(seconds=3600, rows=3))
END = Cursor("end")
BEFORE: Sequence[Record] = [
    *show("s", "old", "Bérénice"),
    *show("s", "e", "Phèdre", days=[0, 1]),
    copies("s", EANS[3], 2),
]
AFTER: Sequence[Said] = [
    copies("s", EANS[0], 5),
    *show("s", "e", "Phèdre", days=[0, 1, 2]),
    book("s", EANS[0], "La Peste"),
    Reject("illisible", b"?", Kind.STOCK, ref("s", EANS[3])),
    book("s", EANS[2], "La Chute"),
    copies("s", EANS[2], 1),
]


def provider(said: Sequence[Said], *, every: int = 2) -> Callable[[Cursor | None], AsyncIterator[Change]]:
    """Tells it from any of its places on; it lets itself be stopped after every second row."""

    async def pull(since: Cursor | None) -> AsyncIterator[Change]:
        for at in range(int(since or 0), len(said)):
            one = said[at]
            if isinstance(one, Exception):
                raise one
            yield one if isinstance(one, Delete | Reject) else Upsert(one)
            if (at + 1) % every == 0:
                yield Checkpoint(Cursor(str(at + 1)), midway=True, read=at + 1, expected=len(said))
        yield Checkpoint(END, complete=True)

    return pull


def ean(number: int) -> str:
    """A valid EAN-13."""
    body = f"978{number:09d}"
    return f"{body}{-sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body)) % 10}"


async def in_slices(desk: Desk, said: Sequence[Said], *, between: str | None = None) -> list[RunReport]:
    """Runs until the reading has come to its end; `between` them a statement is executed."""
    reports: list[RunReport] = []
    while not reports or await desk.one("select is_midway from feed"):
        assert len(reports) < 50
        reports.append(await desk.pull("s", provider(said), full=not reports, reading=STEP))
        if between:
            await desk.conn.execute(between)
    return reports


@pytest.fixture
async def till(desk: Desk) -> Desk:
    """A source of which an earlier snapshot was read."""
    await desk.source("s", venue_id=await desk.venue(), guard=1.0)
    await desk.snapshot("s", *BEFORE)
    return desk


async def one_go(desk: Desk) -> dict[str, list[tuple[object, ...]]]:
    """What the database says after a single run; then it is undone."""
    undone = desk.conn.transaction()
    await undone.start()
    try:
        await desk.pull("s", provider(AFTER), full=True)
        return await content(desk.conn)
    finally:
        await undone.rollback()


async def test_slices_come_to_what_one_run_comes_to(till: Desk) -> None:
    """The same rows, the same cursor, and what was not named is gone: by the last slice, and by no other."""
    expected = await one_go(till)
    reports = await in_slices(till, AFTER)
    assert await content(till.conn) == expected
    assert len(reports) > 3
    assert {report.mode for report in reports} == {"full"}
    assert [report.withdrawn for report in reports[:-1]] == [0] * (len(reports) - 1)
    assert reports[-1].withdrawn > 5
    runs = await till.all("select coalesce(reading, id), generation from run where id >= $1", reports[0].id)
    assert set(runs) == {(reports[0].id, 2)}
    assert [(one.rows_read, one.rows_expected) for one in reports[:2]] == [(4, len(AFTER)), (8, len(AFTER))]


async def test_what_slices_named_must_survive_between_them(till: Desk) -> None:
    """The planted mistake, forgetting what earlier slices named, is noticed: so the test above can fail."""
    expected = await one_go(till)
    await in_slices(till, AFTER, between="delete from seen")
    assert await content(till.conn) != expected


async def test_a_provider_that_fails_midway_is_gone_on_with(till: Desk) -> None:
    """Wherever it is down: the next full reading begins at the last place, and comes to the same."""
    expected = await one_go(till)
    for at in range(len(AFTER)):
        undone = till.conn.transaction()
        await undone.start()
        with pytest.raises(ProviderUnavailable):
            await till.pull("s", provider([*AFTER[:at], ProviderUnavailable("en panne")]), full=True)
        rest = await till.pull("s", provider(AFTER), full=True)
        assert await content(till.conn) == expected, at
        assert rest.records == len(AFTER) - at // 2 * 2
        await undone.rollback()


async def test_a_full_reading_asked_for_begins_anew_after_a_day(till: Desk) -> None:
    """What stopped long ago is no snapshot of today; whoever asks for news alone still goes on."""
    await till.pull("s", provider(AFTER), full=True, reading=STEP)
    await till.conn.execute("update run set ended_at = now() - interval '25 hours'")
    anew = await till.pull("s", provider(AFTER), full=True, reading=STEP)
    assert (anew.records, await till.one("select generation from feed")) == (4, 3)
    await till.conn.execute("update run set ended_at = now() - interval '25 hours'")
    on = await till.pull("s", provider(AFTER))
    assert (on.mode, on.records) == ("full", len(AFTER) - 4)


async def test_news_midway_is_no_snapshot(till: Desk) -> None:
    """An incremental reading that stopped is gone on with as one; a full one asked for begins at the beginning."""
    await till.conn.execute("update feed set cursor = '0', snapshot_open = true")
    first = await till.pull("s", provider(AFTER), reading=STEP)
    on = await till.pull("s", provider(AFTER), reading=STEP)
    assert (first.mode, on.mode, on.records) == ("incremental", "incremental", 4)
    assert (await till.pull("s", provider(AFTER), full=True)).records == len(AFTER)


async def test_a_place_that_leads_nowhere_is_given_up(till: Desk) -> None:
    """Once may be a broken page; the second time in one reading, the next run begins anew."""
    broken = provider([*AFTER[:6], FeedChanged("page déjà lue")])

    async def fail() -> int:
        """As the runner does it."""
        with pytest.raises(FeedChanged):
            await till.pull("s", broken)
        run_id: int = await till.one("select max(id) from run")
        await till.conn.execute("update run set failure = 'changed' where id = $1", run_id)
        await distrust_place(till.conn, till.sources["s"], await till.one("select fence from feed"), run_id)
        return run_id

    await till.conn.execute("update feed set cursor = null")
    await fail()
    assert (await till.one("select cursor from feed")) == "6"
    await fail()
    assert (await till.one("select cursor from feed")) is None
    assert (await till.pull("s", provider(AFTER))).records == len(AFTER)


async def test_the_guard_counts_the_whole_reading(desk: Desk) -> None:
    """Each slice takes a little, all of them too much: the guard adds them up, until a person has looked."""
    await desk.source("s", venue_id=await desk.venue(), guard=0.3)
    eans = [ean(n) for n in range(40)]
    await desk.snapshot("s", *(copies("s", ean, 3) for ean in eans))
    gone = [Delete(Kind.STOCK, ref("s", ean)) for ean in eans]
    await desk.conn.execute("update feed set cursor = '0'")
    step = partial(read_into, limit=Slice(seconds=3600, rows=6))
    for _ in range(2):
        await desk.pull("s", provider(gone), reading=step)
    with pytest.raises(TooMuchEmptied):
        await desk.pull("s", provider(gone), reading=step)
    assert await desk.one("select count(*) from supply where gone_at is null") == 28

    await desk.conn.execute("update run set is_released = true where id = (select max(id) from run)")
    while await desk.one("select is_midway from feed"):
        await desk.pull("s", provider(gone), reading=step)
    assert await desk.one("select count(*) from supply where gone_at is null") == 0

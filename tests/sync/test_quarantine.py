"""Rows that were refused: kept as received, counted when they come again, forgotten when they are mended."""

from __future__ import annotations

from feeds import EANS, Desk, copies, ref, told

from connectors.base import Checkpoint, Cursor, Reject
from schemas.records import Kind
from sync.quarantine import LONGEST_RAW, listed

BAD = Reject("prix illisible : « gratuit »", b'{"ref": "1", "price": "gratuit"}', Kind.STOCK, ref("till", EANS[0]))


async def test_a_row_refused_again_is_counted_not_kept_twice(desk: Desk) -> None:
    """Three readings of one bad row are one line, seen three times; another raw row is another line."""
    await desk.source("till", venue_id=await desk.venue())
    for _ in range(3):
        report = await desk.delta("till", BAD)
        assert report.rejected == 1
    await desk.delta("till", Reject(BAD.why, BAD.raw + b" ", BAD.kind, BAD.ref))
    newest, oldest = await listed(desk.conn, desk.sources["till"])
    assert (oldest.times_seen, newest.times_seen) == (3, 1)
    assert (oldest.kind, oldest.key, oldest.why, oldest.raw) == ("stock", EANS[0], BAD.why, BAD.raw)
    assert oldest.run_id < newest.run_id


async def test_a_row_that_is_mended_waits_no_longer_and_waits_again_when_it_breaks_again(desk: Desk) -> None:
    """A good row of that name settles it, unchanged ones too; the same bad row opens it anew."""
    await desk.source("till", venue_id=await desk.venue())
    await desk.delta("till", copies("till", EANS[0], 3))
    await desk.delta("till", BAD)
    assert len(await listed(desk.conn)) == 1
    await desk.delta("till", copies("till", EANS[0], 3))
    assert await listed(desk.conn) == []
    await desk.delta("till", BAD)
    [again] = await listed(desk.conn)
    assert again.times_seen == 2


async def test_what_a_later_snapshot_does_not_show_again_is_forgotten(desk: Desk) -> None:
    """A bad row that has left the feed, named or not, waits for nobody; those that are still there do."""
    await desk.source("till", venue_id=await desk.venue())
    await desk.snapshot("till", BAD, Reject("?", b"1"), Reject("?", b"2"))
    await desk.delta("till", Reject("?", b"3"))
    assert len(await listed(desk.conn)) == 4
    await desk.snapshot("till", Reject("?", b"2"), BAD)
    assert [one.raw for one in await listed(desk.conn)] == [BAD.raw, b"2"]
    whole = [Reject("?", b"4"), Checkpoint(Cursor("w"), True)]
    await desk.pull("till", lambda _: told(whole))
    assert [one.raw for one in await listed(desk.conn)] == [b"4"], "a reading from a cursor may be a whole one"


async def test_a_snapshot_of_several_runs_keeps_what_its_earlier_slices_refused(desk: Desk) -> None:
    """The last slice forgets only what the whole snapshot has not shown."""
    await desk.source("till", venue_id=await desk.venue())
    await desk.delta("till", Reject("?", b"0"))
    first = [BAD, Reject("?", b"1"), Checkpoint(Cursor("s"))]
    await desk.pull("till", lambda _: told(first), full=True)
    await desk.pull("till", lambda _: told([Reject("?", b"2"), Checkpoint(Cursor("w"), True)]))
    assert {one.raw for one in await listed(desk.conn)} == {BAD.raw, b"1", b"2"}


async def test_an_enormous_row_keeps_its_beginning(desk: Desk) -> None:
    await desk.source("till")
    await desk.delta("till", Reject("trop long", b"x" * (LONGEST_RAW + 1)))
    [kept] = await listed(desk.conn)
    assert len(kept.raw) == LONGEST_RAW

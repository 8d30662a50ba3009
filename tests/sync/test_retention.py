"""What is forgotten is old, and nobody waits for it: what still matters stays, whatever its age."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from feeds import EANS, Desk, copies, ref, told

from catalogue.changes import KEPT, compact, read
from catalogue.database import Pool
from connectors.base import Checkpoint, Cursor, Reject
from schemas.records import Kind
from sync.retention import MENDED_KEPT, RUNS_KEPT, RUNS_KEPT_OF_A_SOURCE, SNAPSHOT_GIVEN_UP, purge

NOW = datetime.now(UTC)


async def test_old_reports_go_but_the_newest_of_each_source_stay(own: Desk, pool: Pool) -> None:
    """Ninety days, and at least fifty a source; one that refused a row which still waits stays as well."""
    await own.source("till", venue_id=await own.venue())
    for _ in range(RUNS_KEPT_OF_A_SOURCE + 5):
        await own.delta("till", copies("till", EANS[0], 1))
    await own.conn.execute("delete from seen")
    await own.conn.execute(
        "insert into quarantine (source_id, run_id, digest, why, raw)"
        " select source_id, min(id), 'd', 'illisible', '?' from run group by 1"
    )
    assert await purge(pool, NOW + RUNS_KEPT - timedelta(hours=1)) == 0
    assert await purge(pool, NOW + RUNS_KEPT + timedelta(hours=1)) == 4
    ids = [row[0] for row in await own.all("select id from run order by id")]
    assert (len(ids), ids[:2]) == (RUNS_KEPT_OF_A_SOURCE + 1, [1, 6])


async def test_mended_rows_go_and_waiting_ones_stay(own: Desk, pool: Pool) -> None:
    """A row that was read well since is kept for a month; one that nobody mended stays for ever."""
    await own.source("till", venue_id=await own.venue())
    for ean in EANS[:2]:
        await own.delta("till", Reject("illisible", b"?", Kind.STOCK, ref("till", ean)))
    await own.delta("till", copies("till", EANS[0], 1))
    await own.conn.execute("delete from seen")
    assert await purge(pool, NOW + MENDED_KEPT - timedelta(hours=1)) == 0
    assert await purge(pool, NOW + MENDED_KEPT + timedelta(hours=1)) == 1
    assert await own.all("select key from quarantine") == [(EANS[1],)]


async def test_a_snapshot_given_up_begins_anew_and_withdraws_nothing(own: Desk, pool: Pool) -> None:
    """Its names forgotten, its cursor goes with them: the next reading is a whole one and sweeps what it misses."""
    await own.source("till", venue_id=await own.venue(), guard=1.0)
    shelves = [copies("till", ean, 1) for ean in EANS]
    await own.snapshot("till", *shelves)
    await own.pull("till", lambda _: told([*shelves[:3], Checkpoint(Cursor("3"))]), full=True)
    assert await purge(pool, NOW + SNAPSHOT_GIVEN_UP - timedelta(hours=1)) == 0
    await own.conn.execute("update feed set lease_until = now() + interval '1 minute'")
    assert await purge(pool, NOW + SNAPSHOT_GIVEN_UP + timedelta(hours=1)) == 0, "somebody reads it"
    await own.conn.execute("update feed set lease_until = null")
    assert await purge(pool, NOW + SNAPSHOT_GIVEN_UP + timedelta(hours=1)) == 3
    report = await own.pull("till", lambda since: told([*shelves[3 if since else 0 :], Checkpoint(Cursor("6"), True)]))
    assert (report.mode, report.withdrawn) == ("full", 0)


async def test_a_compacted_log_still_tells_the_last_word_on_everything(own: Desk, pool: Pool) -> None:
    """Whoever reads on from any position learns the latest of each thing, tombstones included; young lines stay."""
    await own.source("till", venue_id=await own.venue(), guard=1.0)
    await own.described(*EANS)
    for available in (1, 2, 3):
        await own.snapshot("till", *[copies("till", ean, available) for ean in EANS])
    await own.snapshot("till", *[copies("till", ean, 3) for ean in EANS[1:]])
    before = await read(own.conn)
    last = {(one.kind, one.entity_id): one for one in before}
    assert await compact(pool, NOW + KEPT - timedelta(hours=1)) == 0
    assert await compact(pool, NOW + KEPT + timedelta(hours=1)) == len(before) - len(last) > 0
    assert {(one.kind, one.entity_id): one for one in await read(own.conn)} == last
    position = before[len(before) // 2].position
    later = {key: one for key, one in last.items() if one.position > position}
    assert {(one.kind, one.entity_id): one for one in await read(own.conn, position)} == later

"""What sync forgets, and when: reports, names noted for a sweep that never came, mended rows of the quarantine.

Each step is its own statement over at most `ROWS` rows: several workers may do it at once, and nobody waits long.
What still waits for somebody (an open snapshot that is being read, a guarded run, a row nobody mended) stays.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from catalogue.database import Pool

RUNS_KEPT = timedelta(days=90)
RUNS_KEPT_OF_A_SOURCE = 50
"""The newest reports of a source stay, however old."""
MENDED_KEPT = timedelta(days=30)
MENDED_KEPT_OF_A_SOURCE = 10_000
SNAPSHOT_GIVEN_UP = timedelta(days=30)
"""A snapshot that nobody went on reading for so long begins anew."""
ROWS = 50_000

RUNS = """
delete from run where id in (
    select r.id from run r
    where r.started_at < $1 and r.state <> 'running'
      and not exists (select from quarantine q where q.run_id = r.id)
      and r.id < (select coalesce(min(id), 0)
                  from (select id from run n where n.source_id = r.source_id order by id desc limit $2) newest)
    order by r.id limit $3)
"""
MENDED = """
delete from quarantine where id in (
    select id from (
        select id, resolved_at, row_number() over (partition by source_id order by resolved_at desc, id desc) as place
        from quarantine where resolved_at is not null) mended
    where resolved_at < $1 or place > $2 order by id limit $3)
"""
# A feed that is being read is left alone. Without its names an open snapshot cannot be swept: it begins anew.
GIVEN_UP = """
with idle as (
    select f.source_id from feed f
    where (f.lease_until is null or f.lease_until < now())
      and (f.snapshot_open or exists (select from seen s where s.source_id = f.source_id))
      and not exists (select from run r where r.source_id = f.source_id and r.started_at >= $1)
    order by f.source_id for update of f skip locked
), anew as (
    update feed f set snapshot_open = false, cursor = null from idle
    where f.source_id = idle.source_id and f.snapshot_open
)
delete from seen s using idle where s.source_id = idle.source_id
"""


async def purge(pool: Pool, now: datetime) -> int:
    """Forgets what is older than its time or beyond its number; tells how many rows went."""
    gone = 0
    for statement, *bounds in (
        (MENDED, now - MENDED_KEPT, MENDED_KEPT_OF_A_SOURCE, ROWS),
        (RUNS, now - RUNS_KEPT, RUNS_KEPT_OF_A_SOURCE, ROWS),
        (GIVEN_UP, now - SNAPSHOT_GIVEN_UP),
    ):
        tag = await pool.execute(statement, *bounds)
        gone += int(tag.split()[-1])
    return gone

"""Merges a batch of sessions, set-based: the same event at the same minute in the same hall is one session.

A session keeps its id when its source moves it. Where two sources speak of one session, the more
trusted one says when it begins.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from catalogue.kinds import KindCode
from catalogue.merging import Fault, Merge, Move, Outcome
from catalogue.portraits import index
from catalogue.renaming_sessions import take_known_sessions
from schemas.records import Session

COLUMNS = (
    "n", "key", "part", "hash", "record", "event_key",
    "begins_at", "ends_at", "hall", "version", "features", "cancelled",
)  # fmt: skip

STAGE = """
create temp table if not exists stage_session (
    n int, key text, part text, hash bytea, record jsonb, event_key text, begins_at timestamptz,
    ends_at timestamptz, hall text, version text, features text[], cancelled boolean,
    known boolean not null default false, unchanged boolean not null default false,
    event_id bigint, session_id bigint
) on commit delete rows
"""

COMPARE = """
update stage_session s
set known = true, session_id = r.entity_id,
    unchanged = (r.hash = s.hash and r.gone_at is null) or r.observed_at > $2
from source_record r
where r.source_id = $1 and r.kind = 5 and r.key = s.key and r.part = s.part
"""

RESOLVE_EVENT = """
update stage_session s set event_id = r.entity_id from source_record r
where not s.unchanged and r.source_id = $1 and r.kind = 4 and r.key = s.event_key and r.part = '' and r.gone_at is null
"""

FAULT = """
select n, 'séance d''un événement inconnu : ' || event_key as fault
from stage_session where not unchanged and event_id is null
"""

HOLD_EVENTS = """
select id from event where id in (select event_id from stage_session where not unchanged)
order by id for no key update
"""

FIND_SAME = """
with found as (
    select distinct on (s.n) s.n, x.id
    from stage_session s join session x
      on x.event_id = s.event_id and x.begins_at = s.begins_at and x.merged_into is null
     and (x.hall is null or s.hall is null or x.hall = s.hall)
     and (x.version is null or s.version is null or x.version = s.version)
    where not s.unchanged and s.session_id is null
      and not exists (
        select from source_record r
        where r.kind = 5 and r.entity_id = x.id and r.source_id = $1 and r.gone_at is null)
      and not exists (select from stage_session t where t.session_id = x.id)
    order by s.n, (x.hall = s.hall) desc nulls last, (x.version = s.version) desc nulls last, x.id
), single as (
    select distinct on (id) n, id from found order by id, n
)
update stage_session s set session_id = single.id, known = true from single where s.n = single.n
"""

NUMBER_NEW = """
update stage_session set session_id = nextval((select pg_get_serial_sequence('session', 'id')::regclass)), known = false
where not unchanged and event_id is not null and session_id is null
"""

INSERT = """
insert into session (id, event_id, begins_at, ends_at, hall, version, features, cancelled_at)
overriding system value
select session_id, event_id, begins_at, ends_at, hall, version, features, case when cancelled then now() end
from stage_session where not unchanged and event_id is not null and not known order by session_id
"""

MOVED = """
select s.key, e.title, x.begins_at as was, s.begins_at as now
from stage_session s join session x on x.id = s.session_id join event e on e.id = s.event_id
where not s.unchanged and s.known and x.begins_at <> s.begins_at
  and not exists (
    select from source_record r join source o on o.id = r.source_id
    where r.kind = 5 and r.entity_id = x.id and r.gone_at is null and r.source_id <> $1 and o.trust > $2)
order by s.begins_at, s.key
"""

UPDATE = """
with ordered as (
    select x.id from session x join stage_session s on s.session_id = x.id
    where not s.unchanged and s.event_id is not null and s.known
      and not exists (
        select from source_record r join source o on o.id = r.source_id
        where r.kind = 5 and r.entity_id = x.id and r.gone_at is null and r.source_id <> $1 and o.trust > $2)
    order by x.id for no key update of x
)
update session x
set event_id = s.event_id, begins_at = s.begins_at, ends_at = s.ends_at, hall = coalesce(s.hall, x.hall),
    version = coalesce(s.version, x.version), features = s.features, changed_at = now(),
    cancelled_at = case when s.cancelled then coalesce(x.cancelled_at, now()) end
from ordered o join stage_session s on s.session_id = o.id
where x.id = o.id
"""

TAKE_STOCKS_ALONG = """
with moved as (
    select k.id, k.venue_id, k.offer_id as old_id, o.id as new_id
    from stage_session s join session x on x.id = s.session_id
    join stock k on k.session_id = x.id
    join offer o on o.event_id = x.event_id and o.venue_id = k.venue_id and o.merged_into is null
    where not s.unchanged and s.known and o.id <> k.offer_id order by k.id for no key update of k
)
update stock k set offer_id = m.new_id from moved m where k.id = m.id and k.venue_id = m.venue_id returning m.old_id
"""

REMEMBER = """
insert into source_record (source_id, kind, key, part, hash, entity_id, generation, observed_at, record)
select $1, 5, key, part, hash, session_id, $3, $2, record from stage_session
where not unchanged and event_id is not null order by key, part
on conflict (source_id, kind, key, part) do update
set hash = excluded.hash, entity_id = excluded.entity_id, generation = excluded.generation,
    observed_at = excluded.observed_at, record = excluded.record, gone_at = null
"""

TOUCH = """
with ordered as (
    select o.id from offer o
    where o.merged_into is null
      and o.event_id in (select event_id from stage_session where not unchanged and event_id is not null)
    order by o.id for no key update
)
update offer o set changed_at = now(), withdrawn_at = null from ordered where o.id = ordered.id returning o.id
"""

TALLY = """
select count(*) filter (where s.unchanged) as unchanged,
       count(*) filter (where not s.unchanged and s.event_id is not null and r.key is not null) as changed,
       count(*) filter (where not s.unchanged and s.event_id is not null and r.key is null) as created
from stage_session s
left join source_record r on r.source_id = $1 and r.kind = 5 and r.key = s.key and r.part = s.part
"""


async def merge_sessions(merge: Merge, rows: Sequence[tuple[int, bytes, Session]]) -> Outcome:
    """Merges sessions given as (row number, content hash, record); their events were merged before."""
    if not rows:
        return Outcome()
    conn, source = merge.conn, merge.source
    await conn.execute(STAGE)
    await conn.execute("delete from stage_session")
    await conn.copy_records_to_table(
        "stage_session",
        columns=COLUMNS,
        records=[
            (n, r.ref.key, r.ref.part, digest, msgspec.to_builtins(r), r.event_key, r.begins_at, r.ends_at,
             r.hall, r.version, r.features, r.cancelled)
            for n, digest, r in rows
        ],
    )  # fmt: skip
    await conn.execute("analyze stage_session")
    await conn.execute(COMPARE, source.id, merge.observed_at)
    await conn.execute(RESOLVE_EVENT, source.id)
    faults = [Fault(row["n"], row["fault"]) for row in await conn.fetch(FAULT)]
    [tally] = await conn.fetch(TALLY, source.id)
    # Two sources may announce one date at once: the second waits, and finds the first's.
    events = [row["id"] for row in await conn.fetch(HOLD_EVENTS)]
    await take_known_sessions(merge)
    # One pairs off at most one row of each minute and event; where halls are not told there may be more.
    while await conn.execute(FIND_SAME, source.id) != "UPDATE 0":
        pass
    await conn.execute(NUMBER_NEW)
    await conn.execute(INSERT)
    moves = [Move(**row) for row in await conn.fetch(MOVED, source.id, source.trust)]
    await conn.execute(UPDATE, source.id, source.trust)
    await conn.execute(REMEMBER, source.id, merge.observed_at, merge.generation)
    # When an event plays is among what it is found by.
    await index(conn, KindCode.EVENT, events)
    merge.touched.add(KindCode.OFFER, [row["old_id"] for row in await conn.fetch(TAKE_STOCKS_ALONG)])
    merge.touched.add(KindCode.OFFER, [row["id"] for row in await conn.fetch(TOUCH)])
    return Outcome(tally["created"], tally["changed"], tally["unchanged"], faults=faults, moves=moves)

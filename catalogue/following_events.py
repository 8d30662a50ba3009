"""Dates and tickets follow an event's records from one event to another.

A session that only the moved records speak of goes along as it is; where the other event has that very date, the two
become one session; one that the records left behind speak of too is parted. Stocks follow the session their own
source's record is of. A session that was joined keeps its row and id (`merged_into`), so that it can come back.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from catalogue.changes import Op, Touched
from catalogue.database import Connection
from catalogue.kinds import KindCode

if TYPE_CHECKING:
    from catalogue.following import Step

_SESSIONS_OF = """
select r.source_id, r.key, r.part, r.entity_id as session_id, m.former_id,
       r.observed_at > coalesce(g.merged_at, 'infinity') as is_newer
from unnest($1::bigint[], $2::text[]) as t (source_id, event_key)
join source_record r on r.source_id = t.source_id and r.kind = 5 and r.record ->> 'eventKey' = t.event_key
left join merge_member m on m.merge_id = $4 and m.source_id = r.source_id and m.kind = 5 and m.key = r.key
 and m.part = r.part
left join entity_merge g on g.id = m.merge_id
where r.entity_id in (select id from session where event_id = $3) order by r.source_id, r.key, r.part
"""
_HOLD = """
select id from session where event_id = any($1::bigint[]) or id = any($2::bigint[]) order by id for no key update
"""
_OTHERS = """
select distinct entity_id as id from source_record r
where r.kind = 5 and r.entity_id = any($1::bigint[])
  and (r.source_id, r.key, r.part) not in (select * from unnest($2::bigint[], $3::text[], $4::text[]))
"""
_SAME_DATE = """
select y.id from session x join session y
  on y.event_id = $2 and y.begins_at = x.begins_at and y.merged_into is null and y.id <> x.id
 and (x.hall is null or y.hall is null or x.hall = y.hall)
 and (x.version is null or y.version is null or x.version = y.version)
where x.id = $1 and not exists (
    select from source_record r where r.kind = 5 and r.entity_id = y.id and r.source_id = any($3::bigint[])
      and r.gone_at is null)
order by (x.hall = y.hall) desc nulls last, (x.version = y.version) desc nulls last, y.id limit 1
"""
_COPY = """
insert into session (event_id, begins_at, ends_at, hall, version, features, cancelled_at)
select $2, begins_at, ends_at, hall, version, features, cancelled_at from session where id = $1 returning id
"""
_REVIVE = "update session set merged_into = null, event_id = $2, changed_at = now() where id = $1"
# What its source said of it while it was one with another session.
_REFRESH = """
update session x set begins_at = y.begins_at, ends_at = y.ends_at, cancelled_at = y.cancelled_at
from session y where x.id = $1 and y.id = $2
"""
# Those that had been joined to the one that comes back go back under it.
_COME_ALONG = """
update session x set merged_into = $2 where x.merged_into = $1 and x.id in (
    select m.former_id from merge_member m
    join unnest($3::bigint[], $4::text[], $5::text[]) as t (source_id, key, part)
      on m.source_id = t.source_id and m.kind = 5 and m.key = t.key and m.part = t.part
    where m.former_id <> $2)
"""
_NAME = """
update source_record set entity_id = $5
where source_id = $1 and kind = 5 and key = $2 and part = $3 and entity_id = $4
"""
_REMEMBER = """
insert into merge_member (merge_id, source_id, kind, key, part, former_id) values ($1, $2, 5, $3, $4, $5)
"""
_STOCKS = """
with ordered as (
    select k.id, k.venue_id from stock k join supply s on s.stock_id = k.id and s.venue_id = k.venue_id
    where k.session_id = $1 and s.source_id = any($2::bigint[]) order by k.id for no key update of k
)
update stock k set session_id = $3, offer_id = $4 from ordered o where k.id = o.id and k.venue_id = o.venue_id
"""
_WITHOUT_DATE = """
with ordered as (
    select k.id, k.venue_id from stock k join supply s on s.stock_id = k.id and s.venue_id = k.venue_id
    where k.offer_id = $1 and k.session_id is null and s.source_id = any($2::bigint[])
      and s.source_id not in (select source_id from source_record where kind = 4 and entity_id = $4)
    order by k.id for no key update of k
)
update stock k set offer_id = $3 from ordered o where k.id = o.id and k.venue_id = o.venue_id
"""
# Whose offer it is while the event is joined to another: that one's.
_REDIRECT_OFFER = "update offer set merged_into = $2, changed_at = now() where id = $1 or merged_into = $1"
_OWN_OFFER = """
select id from offer where event_id = $1 order by merged_into nulls first, id limit 1
"""


async def follow(conn: Connection, step: Step, touched: Touched) -> None:
    """Moves dates and tickets of the step's records; offers are joined or parted with their events."""
    left, joined = await _offer(conn, step.left), await _offer(conn, step.joined)
    if step.back or step.merge_id is None:
        # One that comes back has its own offer again, and so have the ones that were joined to it before.
        await conn.execute(
            "update offer set merged_into = null, withdrawn_at = null, changed_at = now() where id = $1", joined
        )
        await conn.execute(
            """
            update offer o set merged_into = $2, changed_at = now() from event e
            where e.id = o.event_id and e.merged_into = $1 and o.merged_into is not null
            """,
            step.joined,
            joined,
        )
    moved = await conn.fetch(
        _SESSIONS_OF,
        [member.source_id for member in step.members],
        [member.key for member in step.members],
        step.left,
        step.merge_id if step.back else None,
    )
    sessions = sorted({row["session_id"] for row in moved})
    await conn.fetch(_HOLD, [step.left, step.joined], [row["former_id"] for row in moved if row["former_id"]])
    names = [[row[column] for row in moved] for column in ("source_id", "key", "part")]
    shared = {row["id"] for row in await conn.fetch(_OTHERS, sessions, *names)}
    by_session: dict[int, list[Any]] = defaultdict(list)
    for row in moved:
        by_session[row["session_id"]].append(row)
    for session_id, rows in sorted(by_session.items()):
        await _move(conn, step, session_id, rows, joined, is_shared=session_id in shared)
    sources = sorted({member.source_id for member in step.members})
    await conn.execute(_WITHOUT_DATE, left, sources, joined, step.left)
    if step.merge_id is not None and not step.back:
        # Nobody speaks of the absorbed event: what its records do not name any more goes along.
        await conn.execute(
            "update session set event_id = $2 where event_id = $1 and merged_into is null", step.left, step.joined
        )
        await conn.execute("update stock set offer_id = $2 where offer_id = $1", left, joined)
        await conn.execute(_REDIRECT_OFFER, left, joined)
        touched.add(KindCode.OFFER, [left], Op.MERGED)
    else:
        touched.add(KindCode.OFFER, [left])
    touched.add(KindCode.OFFER, [joined])


async def _move(
    conn: Connection, step: Step, session_id: int, rows: list[Any], offer_id: int, *, is_shared: bool
) -> None:
    """Finds where the records of one session belong now, and lets their stocks follow."""
    sources = sorted({row["source_id"] for row in rows})
    former = next((row["former_id"] for row in rows if row["former_id"] not in (None, session_id)), None)
    if former is not None:
        target: int = former
        await conn.execute(_REVIVE, former, step.joined)
        names = [[row[column] for row in rows] for column in ("source_id", "key", "part")]
        await conn.execute(_COME_ALONG, session_id, former, *names)
        if any(row["is_newer"] for row in rows):
            await conn.execute(_REFRESH, former, session_id)
    else:
        same: int | None = await conn.fetchval(_SAME_DATE, session_id, step.joined, sources)
        if same is None and not is_shared:
            target = session_id
            await conn.execute(
                "update session set event_id = $2, changed_at = now() where id = $1", session_id, step.joined
            )
        elif same is None:
            target = await conn.fetchval(_COPY, session_id, step.joined)
        else:
            target = same
            if not is_shared:
                await conn.execute(
                    "update session set merged_into = $2, changed_at = now() where id = $1 or merged_into = $1",
                    session_id,
                    same,
                )
    if target != session_id:
        for row in rows:
            await conn.execute(_NAME, row["source_id"], row["key"], row["part"], session_id, target)
            if step.merge_id is not None and not step.back:
                await conn.execute(_REMEMBER, step.merge_id, row["source_id"], row["key"], row["part"], session_id)
    await conn.execute(_STOCKS, session_id, sources, target, offer_id)


async def _offer(conn: Connection, event_id: int) -> int:
    """The event's own offer, whether it stands or is joined to another; made where a split-off event has none yet."""
    found: int | None = await conn.fetchval(_OWN_OFFER, event_id)
    if found is None:
        found = await conn.fetchval(
            "insert into offer (venue_id, event_id) select venue_id, id from event where id = $1 returning id", event_id
        )
    assert found is not None
    return found

"""Sessions under new keys: the same event at the same minute in the same hall, which this reading has not named."""

from __future__ import annotations

from collections import Counter

import asyncpg

from catalogue.kinds import KindCode
from catalogue.merging import Merge, Reading
from catalogue.renaming import is_overnight, take_along

_CANDIDATES = """
select s.n, s.key, s.part, s.event_key, s.hall is not null and s.hall = x.hall as is_hall_told,
       x.id, r.key as was, r.part as was_part, r.record ->> 'eventKey' as of_event
from stage_session s
join session x on x.event_id = s.event_id and x.begins_at = s.begins_at and x.merged_into is null
 and (x.hall is null or s.hall is null or x.hall = s.hall)
 and (x.version is null or s.version is null or x.version = s.version)
join source_record r on r.kind = 5 and r.entity_id = x.id and r.source_id = $1 and r.gone_at is null
where not s.known and s.event_id is not null and s.begins_at > $2
  and not exists (select from stage_session t where t.key = r.key and t.part = r.part)
order by s.n, x.id
"""
_TAKE = """
update stage_session s set session_id = t.id, known = true
from unnest($1::int[], $2::bigint[]) as t (n, id) where s.n = t.n
"""


async def take_known_sessions(merge: Merge) -> None:
    """Gives staged sessions that their source called otherwise until now the session they are.

    A reading that need not name everything is believed where the event has a new key too, where the old session is
    said to go, where the hall is told (two cannot be in one hall at one minute), or where nearly all of a batch's new
    sessions are such.
    """
    if merge.reading is None:
        return
    rows = await merge.conn.fetch(_CANDIDATES, merge.source.id, merge.observed_at)
    named = await merge.reading.named(KindCode.SESSION, {(row["was"], row["was_part"]) for row in rows})
    found = [row for row in rows if (row["was"], row["was_part"]) not in named]
    by_row, by_session = Counter(row["n"] for row in found), Counter(row["id"] for row in found)
    sure = [row for row in found if by_row[row["n"]] == 1 and by_session[row["id"]] == 1]
    if not merge.reading.is_full:
        news: int = await merge.conn.fetchval(
            "select count(*) from stage_session where not known and event_id is not null and begins_at > $1",
            merge.observed_at,
        )
        if not is_overnight(merge.reading, len(sure), news):
            sure = [row for row in sure if _is_told(merge.reading, row)]
    if not sure:
        return
    await merge.conn.execute(_TAKE, [row["n"] for row in sure], [row["id"] for row in sure])
    await take_along(merge, KindCode.SESSION, [(row["was"], row["was_part"], row["key"], row["part"]) for row in sure])


def _is_told(reading: Reading, row: asyncpg.Record) -> bool:
    return (
        row["is_hall_told"]
        or row["of_event"] != row["event_key"]
        or reading.goes(KindCode.SESSION, row["was"], row["was_part"])
    )

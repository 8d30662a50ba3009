"""Finds offers by words, place and kind. Words are folded as the catalogue is, so accents and case never matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from catalogue.database import Connection
from matching.normalise import fold

MOST_WORDS = 8
"""Words beyond these are not looked at."""
MOST_RESULTS = 1000
"""Nobody reads further; who wants everything takes the open data."""

SEARCH = """
with found as (
    select o.id, p.title, p.folded, null::timestamptz as next_at
    from offer o join product p on p.id = o.product_id join venue v on v.id = o.venue_id
    where o.merged_into is null and o.withdrawn_at is null and p.withdrawn_at is null and p.title is not null
      and p.folded like all ($1::text[])
      and ($2::text is null or v.department = $2) and ($3::text[] is null or p.subcategory = any($3))
      and exists (
        select from stock k join supply s on s.stock_id = k.id and s.venue_id = k.venue_id
        where k.offer_id = o.id and k.withdrawn_at is null and s.available is distinct from 0
          and s.source_id not in (select id from source where stale_since is not null))
    union all
    select o.id, e.title, e.folded, x.next_at
    from offer o join event e on e.id = o.event_id join venue v on v.id = o.venue_id
    cross join lateral (
        select min(begins_at) as next_at from session
        where event_id = e.id and begins_at > $4 and cancelled_at is null) x
    where o.merged_into is null and o.withdrawn_at is null and e.withdrawn_at is null
      and e.folded like all ($1::text[])
      and ($2::text is null or v.department = $2) and ($3::text[] is null or e.subcategory = any($3))
      and x.next_at is not null
)
select id from found
order by similarity(folded, $5) desc, next_at nulls last, id
limit $6 offset $7
"""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for; empty words find everything in the place and kinds given."""

    words: str = ""
    department: str | None = None
    subcategories: tuple[str, ...] = ()
    limit: int = 20
    offset: int = 0


async def search(conn: Connection, query: Query, *, at: datetime) -> Sequence[int]:
    """Ids of offers, the best fit first, then the soonest."""
    folded = fold(query.words)
    patterns = [f"%{word}%" for word in folded.split()[:MOST_WORDS]] or ["%"]
    rows = await conn.fetch(
        SEARCH,
        patterns,
        query.department,
        list(query.subcategories) or None,
        at,
        folded,
        min(query.limit, 100),
        min(query.offset, MOST_RESULTS),
    )
    return [row["id"] for row in rows]

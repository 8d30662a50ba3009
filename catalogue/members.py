"""Records that change from one entity to another, remembered by the merge that took them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from catalogue.database import Connection
from catalogue.kinds import KindCode

_TAKE = """
with ordered as (
    select source_id, kind, key, part from source_record where kind = $2 and entity_id = $3
    order by source_id, key, part for no key update
), moved as (
    update source_record r set entity_id = $4 from ordered o
    where r.source_id = o.source_id and r.kind = o.kind and r.key = o.key and r.part = o.part
    returning r.source_id, r.kind, r.key, r.part
)
insert into merge_member (merge_id, source_id, kind, key, part, former_id)
select $1, source_id, kind, key, part, $3 from moved returning source_id, key, part
"""
_BRING = """
with ordered as (
    select r.source_id, r.kind, r.key, r.part
    from merge_member m join source_record r
      on r.source_id = m.source_id and r.kind = m.kind and r.key = m.key and r.part = m.part
    where m.merge_id = $1 and m.kind = $2 and r.entity_id = $3 and m.former_id = $4
    order by r.source_id, r.key, r.part for no key update of r
)
update source_record r set entity_id = $4 from ordered o
where r.source_id = o.source_id and r.kind = o.kind and r.key = o.key and r.part = o.part
returning r.source_id, r.key, r.part
"""


class Member(NamedTuple):
    """A source's record, by name."""

    source_id: int
    key: str
    part: str = ""


async def take_over(conn: Connection, merge_id: int, kind: KindCode, former: int, now: int) -> list[Member]:
    """Moves all records of an entity to another one, and remembers where they came from."""
    return _named(await conn.fetch(_TAKE, merge_id, kind.value, former, now))


async def bring_back(conn: Connection, merge_id: int, kind: KindCode, now: int, former: int) -> list[Member]:
    """Moves the records a merge took from `former`, and that are still of `now`, back."""
    return _named(await conn.fetch(_BRING, merge_id, kind.value, now, former))


def _named(rows: Sequence[asyncpg.Record]) -> list[Member]:
    return sorted(Member(row["source_id"], row["key"], row["part"]) for row in rows)

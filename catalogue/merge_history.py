"""What was joined, by whom and why; what an entity is made of; and people's answers as labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalogue.database import Connection
from catalogue.entities import STATEMENTS
from catalogue.field_locks import locked_fields
from catalogue.kinds import KindCode
from catalogue.survivorship import Said, Statement, contenders

_STANDING = """
select m.id, m.kind, m.absorbed_id, m.survivor_id, m.author, m.explanation, m.merged_at, m.undone_at,
       (select count(*) from merge_member b where b.merge_id = m.id and b.kind = m.kind) as records
from entity_merge m where ($1::smallint is null or m.kind = $1) and (m.undone_at is null or $2)
order by m.id desc limit $3
"""
_MEMBERS = """
select r.source_id, s.label, r.key, r.part, r.observed_at, r.gone_at is not null as is_gone, m.merge_id, m.former_id,
       d.outcome, d.score, d.author, d.explanation
from source_record r join source s on s.id = r.source_id
left join lateral (
    select m.merge_id, m.former_id from merge_member m join entity_merge g on g.id = m.merge_id
    where m.source_id = r.source_id and m.kind = r.kind and m.key = r.key and m.part = r.part and g.undone_at is null
    order by m.merge_id desc limit 1) m on true
left join lateral (
    select d.outcome, d.score, d.author, d.explanation from merge_decision d
    where d.source_id = r.source_id and d.kind = r.kind and d.key = r.key and d.part = r.part and d.undone_at is null
    order by d.id desc limit 1) d on true
where r.kind = $1 and r.entity_id = $2 order by r.source_id, r.key, r.part
"""
# A person's merge says that each record it took is of the survivor; a person's « never » that it is not.
_LABELS = """
select kind, 's' || source_id || ':' || key || case part when '' then '' else '/' || part end as left,
       entity_id as right, outcome = 'same' as same, decided_at as at
from merge_decision where author like 'person:%' and outcome <> 'ask' and undone_at is null
union all
select m.kind, 's' || b.source_id || ':' || b.key || case b.part when '' then '' else '/' || b.part end, m.survivor_id,
       true, m.merged_at
from entity_merge m join merge_member b on b.merge_id = m.id and b.kind = m.kind
where m.author like 'person:%' and m.undone_at is null
order by 5, 1, 2
"""


@dataclass(frozen=True, slots=True)
class PastMerge:
    """A merge of two entities, standing or undone."""

    id: int
    kind: KindCode
    absorbed_id: int
    survivor_id: int
    author: str
    explanation: dict[str, Any]
    merged_at: datetime
    undone_at: datetime | None
    records: int


@dataclass(frozen=True, slots=True)
class Part:
    """A source's record of an entity, how it came there, and why."""

    source_id: int
    source: str
    key: str
    part: str
    observed_at: datetime
    is_gone: bool
    merge_id: int | None
    former_id: int | None
    outcome: str | None
    score: int | None
    author: str | None
    explanation: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Label:
    """What a person said of a record and an entity."""

    kind: KindCode
    left: str
    right: int
    same: bool
    at: datetime


async def merges(
    conn: Connection, *, kind: KindCode | None = None, undone: bool = False, limit: int = 50
) -> Sequence[PastMerge]:
    """Merges of standing entities, the newest first; those that were undone too, on request."""
    rows = await conn.fetch(_STANDING, kind.value if kind else None, undone, limit)
    return [PastMerge(**{**row, "kind": KindCode(row["kind"])}) for row in map(dict, rows)]


async def parts(conn: Connection, kind: KindCode, entity_id: int) -> Sequence[Part]:
    """The records an entity is made of."""
    return [Part(*row) for row in await conn.fetch(_MEMBERS, kind.value, entity_id)]


async def fields_of(conn: Connection, kind: KindCode, entity_id: int) -> dict[str, list[Said]]:
    """Per field, what each source says, the value that is shown first."""
    said = [
        Statement(row["source_id"], row["trust"], row["observed_at"], row["record"], row["trust_by_field"])
        for row in await conn.fetch(STATEMENTS, kind.value, [entity_id])
    ]
    locked = await locked_fields(conn, kind, [entity_id])
    return contenders(said, locked.get(entity_id))


async def labels(conn: Connection) -> Sequence[Label]:
    """Every answer of a person that stands, in the order they were given."""
    return [Label(KindCode(row[0]), *tuple(row)[1:]) for row in await conn.fetch(_LABELS)]

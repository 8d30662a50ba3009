"""Merge decisions: stored, explained, and read back for those who ask why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from catalogue.database import Connection
from catalogue.kinds import KindCode
from catalogue.merging import Merge
from catalogue.resolve import Resolution
from schemas.records import Record

RULES = "rules-2"
"""Who decides when no person does: the rules of `matching`, in this version."""
REBUILD = "rebuild-1"
"""Who decides when all is matched anew."""


@dataclass(frozen=True, slots=True)
class Merged:
    """An entity several sources speak of, and the last decision that joined one to it."""

    entity_id: int
    name: str
    sources: tuple[str, ...]
    score: int
    author: str
    explanation: dict[str, Any]


async def store_decisions(merge: Merge, kind: KindCode, settled: Iterable[tuple[Record, Resolution]]) -> None:
    """Keeps why each newcomer is of an existing entity, or which one a person should be asked about."""
    rows = []
    for record, resolution in settled:
        if resolution.why is None:
            continue
        rows.append(
            (record.ref.key, record.ref.part, resolution.named_id,
             resolution.why["outcome"], resolution.why["score"], resolution.why,
             "identifiers" if "settledBy" in resolution.why else RULES)
        )  # fmt: skip
    if rows:
        await merge.conn.execute(
            """
            insert into merge_decision (kind, source_id, key, part, entity_id, outcome, score, explanation, author)
            select $1, $2, * from unnest($3::text[], $4::text[], $5::bigint[], $6::text[], $7::smallint[],
                $8::jsonb[], $9::text[])
            """,
            kind.value,
            merge.source.id,
            *map(list, zip(*rows, strict=True)),
        )


async def merged(conn: Connection, kind: KindCode, limit: int = 20) -> Sequence[Merged]:
    """Entities of several sources, with why; the ones joined by judgement before those joined by an identifier."""
    name = "name" if kind is KindCode.VENUE else "title"
    rows = await conn.fetch(
        f"""
        select e.id, e.{name} as name, d.score, d.author, d.explanation,
               (select array_agg(distinct s.label order by s.label) from source_record r
                join source s on s.id = r.source_id
                where r.kind = $1 and r.entity_id = e.id and r.gone_at is null) as sources
        from {kind.name.lower()} e
        join lateral (
            select * from merge_decision d where d.kind = $1 and d.entity_id = e.id and d.outcome = 'same'
              and d.undone_at is null order by d.id desc limit 1) d on true
        where e.merged_into is null and e.withdrawn_at is null
        order by d.author = 'identifiers', e.id limit $2
        """,  # noqa: S608 - names of our own tables
        kind.value,
        limit,
    )
    return [
        Merged(r["id"], r["name"], tuple(r["sources"] or ()), r["score"], r["author"], r["explanation"]) for r in rows
    ]

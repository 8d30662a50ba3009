"""What people decided about likeness: no rule overrules it, it is kept as labels, and asked in a useful order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from catalogue.database import Connection
from catalogue.kinds import MATCHED, KindCode
from catalogue.refusals import UnknownEntity

PERSON = "person:"
"""What an author's name begins with when it is a person's."""

_FORBIDDEN = """
select exists (
    select from merge_decision d
    join source_record r on r.source_id = d.source_id and r.kind = d.kind and r.key = d.key and r.part = d.part
    join {table} e on e.id = d.entity_id
    where d.kind = $1 and d.outcome = 'different' and d.author like 'person:%' and d.undone_at is null
      and ((r.entity_id = $2 and coalesce(e.merged_into, e.id) = $3)
        or (r.entity_id = $3 and coalesce(e.merged_into, e.id) = $2)))
"""
_REFUSED = """
select d.key, d.part, coalesce(e.merged_into, e.id) as entity_id
from unnest($3::text[], $4::text[]) as t (key, part)
join merge_decision d on d.source_id = $2 and d.kind = $1 and d.key = t.key and d.part = t.part
join {table} e on e.id = d.entity_id
where d.outcome = 'different' and d.author like 'person:%' and d.undone_at is null
"""
_NEVER = """
insert into merge_decision (kind, source_id, key, part, entity_id, outcome, score, explanation, author)
select kind, source_id, key, part, $3, 'different', 0, '{}', $4
from source_record where kind = $1 and entity_id = $2 returning id
"""
_UNSAY = """
update merge_decision d set undone_at = now()
where d.kind = $1 and d.entity_id = $3 and d.outcome = 'different' and d.author like 'person:%' and d.undone_at is null
  and exists (
    select from source_record r where r.source_id = d.source_id and r.kind = d.kind and r.key = d.key
      and r.part = d.part and r.entity_id = $2)
"""
_SETTLE = """
update merge_decision d set undone_at = now()
where d.kind = $1 and d.outcome = 'ask' and d.undone_at is null and exists (
    select from source_record r where r.source_id = d.source_id and r.kind = d.kind and r.key = d.key
      and r.part = d.part and (r.entity_id, d.entity_id) in (($2, $3), ($3, $2)))
"""
# Questions whose two sides still stand apart, with what depends on the answer: offers, stocks, bookings.
_QUESTIONS = """
select d.id, d.kind, d.score, d.explanation, d.source_id, d.key, d.part, r.entity_id as newcomer,
       coalesce(e.merged_into, e.id) as candidate, r.record, e.fields, s.label as source,
       {dependents} as dependents, exists (
           select from review_answer a
           where a.question_id = d.id and a.verdict = 'unsure' and a.undone_at is null) as is_unsure
from merge_decision d
join source_record r on r.source_id = d.source_id and r.kind = d.kind and r.key = d.key and r.part = d.part
join source s on s.id = d.source_id
join {table} e0 on e0.id = d.entity_id
join {table} e on e.id = coalesce(e0.merged_into, e0.id)
where d.kind = $1 and d.outcome = 'ask' and d.undone_at is null and r.gone_at is null
  and r.entity_id is distinct from e.id
"""
_CONSIDERED = 1_000
"""Of each kind so many questions are put in order; once they are answered, the others are."""
_DEPENDENTS = {
    KindCode.WORK: """(select count(*) from product p where p.work_id in (r.entity_id, e.id) and p.merged_into is null)
        + (select count(*) from event v where v.work_id in (r.entity_id, e.id) and v.merged_into is null)""",
    KindCode.PRODUCT: """(select count(*) from offer o
        where o.product_id in (r.entity_id, e.id) and o.merged_into is null)""",
    KindCode.VENUE: "(select count(*) from event v where v.venue_id in (r.entity_id, e.id))",
    KindCode.EVENT: "(select count(*) from session x where x.event_id in (r.entity_id, e.id) and x.begins_at > now())",
}


@dataclass(frozen=True, slots=True)
class Question:
    """A record that may be of an entity: what both say, what is thought of it, and what hangs on the answer."""

    id: int
    kind: KindCode
    score: int
    explanation: dict[str, Any]
    source: str
    newcomer: int
    candidate: int
    left: dict[str, Any]
    right: dict[str, Any]
    dependents: int
    is_unsure: bool = False
    """Somebody was asked already, and could not tell."""

    @property
    def value(self) -> float:
        """What an answer is worth: how likely it joins two things, by how much is shown once instead of twice."""
        return self.score / 100 * (1 + self.dependents)


async def forbidden(conn: Connection, kind: KindCode, one: int, other: int) -> bool:
    """Whether a person said of these two, or of anything joined to them, that they are never the same."""
    found: bool = await conn.fetchval(_FORBIDDEN.format(table=kind.name.lower()), kind.value, one, other)
    return found


async def refused(
    conn: Connection, kind: KindCode, source_id: int, names: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], frozenset[int]]:
    """By (key, part), the entities of which a person said that this record is none, wherever they were merged since."""
    found: dict[tuple[str, str], set[int]] = {}
    rows = await conn.fetch(
        _REFUSED.format(table=kind.name.lower()), kind.value, source_id, [n[0] for n in names], [n[1] for n in names]
    )
    for row in rows:
        found.setdefault((row["key"], row["part"]), set()).add(row["entity_id"])
    return {name: frozenset(ids) for name, ids in found.items()}


async def never(conn: Connection, kind: KindCode, one: int, other: int, *, author: str) -> None:
    """A person decides that two entities are not the same, for good. Open questions about the two are settled."""
    if not await conn.fetch(_NEVER, kind.value, one, other, PERSON + author):
        raise UnknownEntity(f"personne ne parle de {one}")
    await conn.execute(_SETTLE, kind.value, one, other)


async def unsay(conn: Connection, kind: KindCode, one: int, other: int, question: int) -> None:
    """A person takes back that two entities are not the same: the question is open again."""
    await conn.execute(_UNSAY, kind.value, one, other)
    await conn.execute("update merge_decision set undone_at = null where id = $1 and outcome = 'ask'", question)


Place = tuple[int, int, int]
"""Where a question stands in the order they are asked in: unsure ones last, then by falling value, then by number."""


def place_of(asked: Question) -> Place:
    """The question's place; the value in thousandths."""
    return int(asked.is_unsure), -round(asked.value * 1000), asked.id


async def questions(
    conn: Connection, limit: int = 50, *, kind: KindCode | None = None, after: Place | None = None
) -> Sequence[Question]:
    """What people should be asked, the most valuable answer first; of one kind, after a place in the order."""
    found = []
    for one in MATCHED if kind is None else (kind,):
        found += await _asked(conn, one, f"order by d.score desc, d.id limit {_CONSIDERED}")
    waiting = [one for one in found if after is None or place_of(one) > after]
    return sorted(waiting, key=place_of)[:limit]


async def question(conn: Connection, question_id: int) -> Question | None:
    """One question, None where it is none any more."""
    kind = await conn.fetchval("select kind from merge_decision where id = $1", question_id)
    found = [] if kind is None else await _asked(conn, KindCode(kind), "and d.id = $2", question_id)
    return found[0] if found else None


async def _asked(conn: Connection, kind: KindCode, which: str, *arguments: int) -> list[Question]:
    statement = _QUESTIONS.format(table=kind.name.lower(), dependents=_DEPENDENTS[kind])
    return [
        Question(
            row["id"],
            kind,
            row["score"],
            row["explanation"],
            row["source"],
            row["newcomer"],
            row["candidate"],
            row["record"] or {},
            row["fields"] or {},
            row["dependents"],
            row["is_unsure"],
        )
        for row in await conn.fetch(f"{statement} {which}", kind.value, *arguments)
    ]

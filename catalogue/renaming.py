"""A source that calls its things otherwise from one day to the next: the same things under new keys stay the same.

Recognised are records that an identifier does not: word for word what another record of the same source said, which
this reading has not named; of events at the same venue, with a date in common. The new name stands beside the old one,
on the same entity, until the old one is said or found to be gone. A stock takes its new name in place, for a stock is
what one row sells. What is merely alike, or alike to several, is not renamed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from catalogue.contents import Matched, content_of
from catalogue.entities import Place
from catalogue.kinds import KindCode
from catalogue.merging import Merge, Reading
from catalogue.resolve import hold_kind

RENAMED = "renamed"
"""Who decides where a source only changed its keys: the author of such decisions."""

_FEW = 5
_MOST_OF_A_BATCH = 0.9

_SAID_ALIKE = """
select t.n, r.key, r.part, coalesce(e.merged_into, e.id) as entity_id, r.gone_at is null as is_live,
       {place} as venue_id, {dates} as begins
from unnest($3::int[], $4::bytea[]) as t (n, content)
join source_record r on r.source_id = $1 and r.content = t.content and r.kind = $2
join {table} e on e.id = r.entity_id
order by 1, 2, 3
"""
_DATES = """
array(select x.begins_at from session x
      where x.event_id = coalesce(e.merged_into, e.id) and x.merged_into is null and x.begins_at > $5)
"""
_DECIDED = """
insert into merge_decision (kind, source_id, key, part, entity_id, outcome, score, explanation, author)
values ($1, $2, $3, $4, $5, 'same', 100, $6, $7)
"""
# What people decided about it, and the merges it came by, hold under its new name too.
_TAKE_ALONG = (
    """
    insert into merge_decision
        (kind, source_id, key, part, entity_id, outcome, score, explanation, author, decided_at)
    select d.kind, d.source_id, t.key, t.part, d.entity_id, d.outcome, d.score, d.explanation, d.author, d.decided_at
    from unnest($3::text[], $4::text[], $5::text[], $6::text[]) as t (was, was_part, key, part)
    join merge_decision d on d.source_id = $1 and d.kind = $2 and d.key = t.was and d.part = t.was_part
    where d.outcome = 'different' and d.author like 'person:%' and d.undone_at is null
    """,
    """
    insert into merge_member (merge_id, source_id, kind, key, part, former_id)
    select m.merge_id, m.source_id, m.kind, t.key, t.part, m.former_id
    from unnest($3::text[], $4::text[], $5::text[], $6::text[]) as t (was, was_part, key, part)
    join merge_member m on m.source_id = $1 and m.kind = $2 and m.key = t.was and m.part = t.was_part
    join entity_merge g on g.id = m.merge_id and g.undone_at is null
    on conflict do nothing
    """,
)


@dataclass(frozen=True, slots=True)
class Found:
    """A row of the batch, and what its source called it before."""

    n: int
    key: str
    part: str
    entity_id: int


@dataclass(slots=True)
class _Newcomer:
    record: Matched
    venue_id: int | None
    begins: frozenset[datetime]
    candidates: list[asyncpg.Record] = field(default_factory=list)


async def known_otherwise(
    merge: Merge,
    kind: KindCode,
    newcomers: Sequence[tuple[int, Matched]],
    places: Mapping[int, Place],
    begins: Mapping[int, Sequence[datetime]],
    batch: Collection[tuple[str, str]],
) -> dict[int, int]:
    """By row number, the entities of those newcomers that the source called otherwise until now.

    `batch`: all names of the batch, none of which is an old one.
    """
    if merge.reading is None:
        return {}
    said = {n: content for n, record in newcomers if (content := content_of(record)) is not None}
    if not said:
        return {}
    statement = _SAID_ALIKE.format(
        table=kind.name.lower(),
        place="e.venue_id" if kind is KindCode.EVENT else "null::bigint",
        dates=_DATES if kind is KindCode.EVENT else "'{}'::timestamptz[]",
    )
    await hold_kind(merge.conn, kind)
    arguments: list[object] = [merge.source.id, kind.value, list(said), list(said.values())]
    if kind is KindCode.EVENT:
        arguments.append(merge.observed_at)
    rows = [row for row in await merge.conn.fetch(statement, *arguments) if (row["key"], row["part"]) not in batch]
    named = await merge.reading.named(kind, {(row["key"], row["part"]) for row in rows})
    at: dict[int, _Newcomer] = {}
    for n, record in newcomers:
        place = places.get(n)
        future = frozenset(moment for moment in begins.get(n, ()) if moment > merge.observed_at)
        at[n] = _Newcomer(record, place.venue_id if place else None, future)
    for row in rows:
        one = at[row["n"]]
        if (row["key"], row["part"]) not in named and _may_be(kind, one, row):
            one.candidates.append(row)
    found = _paired(at)
    await _remember(merge, kind, at, found)
    return {one.n: one.entity_id for one in found}


def _may_be(kind: KindCode, newcomer: _Newcomer, row: asyncpg.Record) -> bool:
    if kind is not KindCode.EVENT:
        return True
    if newcomer.venue_id is None or newcomer.venue_id != row["venue_id"]:
        return False
    # Next season's show says the same words on other days. Where a side tells no date yet, a living one is believed.
    if newcomer.begins and row["begins"]:
        return not newcomer.begins.isdisjoint(row["begins"])
    return bool(row["is_live"])


def _paired(newcomers: Mapping[int, _Newcomer]) -> list[Found]:
    """One old name for one new one: a living one before one that is gone, then most dates in common; no ties."""
    wanted: list[tuple[tuple[bool, int], int, Found]] = []
    for n, one in newcomers.items():
        ranked = sorted(one.candidates, key=lambda row: _rank(one, row), reverse=True)
        entities = {row["entity_id"] for row in ranked if _rank(one, row) == _rank(one, ranked[0])}
        if len(entities) == 1:
            best = ranked[0]
            wanted.append((_rank(one, best), n, Found(n, best["key"], best["part"], best["entity_id"])))
    claims = Counter((found.entity_id, rank) for rank, _, found in wanted)
    taken: set[int] = set()
    pairs = []
    for rank, _, found in sorted(wanted, key=lambda one: (one[0], -one[1]), reverse=True):
        if found.entity_id not in taken and claims[found.entity_id, rank] == 1:
            pairs.append(found)
        taken.add(found.entity_id)
    return pairs


def _rank(newcomer: _Newcomer, row: asyncpg.Record) -> tuple[bool, int]:
    return row["is_live"], len(newcomer.begins.intersection(row["begins"]))


async def _remember(merge: Merge, kind: KindCode, at: Mapping[int, _Newcomer], found: Sequence[Found]) -> None:
    refs = [at[one.n].record.ref for one in found]
    pairs = [(one.key, one.part, ref.key, ref.part) for one, ref in zip(found, refs, strict=True)]
    await take_along(merge, kind, pairs)
    await merge.conn.executemany(
        _DECIDED,
        [
            (kind.value, merge.source.id, ref.key, ref.part, one.entity_id, _explanation(one), RENAMED)
            for one, ref in zip(found, refs, strict=True)
        ],
    )


async def take_along(merge: Merge, kind: KindCode, pairs: Sequence[tuple[str, str, str, str]]) -> None:
    """Lets what people decided and what merges remember of an old name hold of the new one: (was, part, is, part)."""
    if pairs:
        for statement in _TAKE_ALONG:
            await merge.conn.execute(statement, merge.source.id, kind.value, *map(list, zip(*pairs, strict=True)))


def _explanation(one: Found) -> dict[str, object]:
    return {
        "outcome": "same",
        "score": 100,
        "settledBy": RENAMED,
        "formerKey": one.key,
        "levels": [],
        "reasons": [f"La même source disait la même chose, mot pour mot, sous la clé « {one.key} »."],
    }


def is_overnight(reading: Reading, pairs: int, news: int) -> bool:
    """Whether so many of a batch's new rows are old ones under other keys that its source must have renamed all."""
    return reading.mends and pairs >= _FEW and pairs >= _MOST_OF_A_BATCH * news


_ELSEWHERE = """
with going as (
    select * from unnest($2::smallint[], $3::text[], $4::text[]) as t (kind, key, part)
)
select g.kind, g.key, g.part from going g
join source_record r on r.source_id = $1 and r.kind = g.kind and r.key = g.key and r.part = g.part
where exists (
    select from source_record o
    where o.kind = r.kind and o.entity_id = r.entity_id and o.source_id = $1 and o.gone_at is null
      and not exists (select from going h where h.kind = o.kind and h.key = o.key and h.part = o.part))
"""


async def named_otherwise(merge: Merge, going: Iterable[tuple[KindCode, str, str]]) -> set[tuple[KindCode, str, str]]:
    """Of names that go, those whose thing the source still names by another: nothing is lost with them."""
    names = [(kind.value, key, part) for kind, key, part in going if kind is not KindCode.STOCK]
    if not names:
        return set()
    rows = await merge.conn.fetch(_ELSEWHERE, merge.source.id, *map(list, zip(*names, strict=True)))
    return {(KindCode(row["kind"]), row["key"], row["part"]) for row in rows}

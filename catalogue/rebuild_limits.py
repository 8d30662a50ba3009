"""What a rebuild may not do: what people said, what was asked already, and what the rules of a kind forbid."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import compress
from typing import Final, Literal

import numpy as np

from catalogue.database import Connection
from catalogue.kinds import KindCode
from catalogue.portraits import portraits
from matching.features import Features
from matching.identify import CONTRADICTORY, DIFFERENT, SAME, settle
from matching.scoring import forbidden
from schemas.records import Kind

_WEEKS_APART: Final = 2 * 7 * 24 * 60
"""Minutes between two runs of one title at one venue, beyond which nobody is asked whether they are one."""

_DIFFERENT: Final = """
select distinct r.entity_id as one, coalesce(e.merged_into, e.id) as other
from merge_decision d
join source_record r on r.source_id = d.source_id and r.kind = d.kind and r.key = d.key and r.part = d.part
join {table} e on e.id = d.entity_id
where d.kind = $1 and d.outcome = 'different' and d.author like 'person:%' and d.undone_at is null
  and r.entity_id is not null
"""
_ASKED: Final = """
select distinct r.entity_id as one, coalesce(e.merged_into, e.id) as other
from merge_decision d
join source_record r on r.source_id = d.source_id and r.kind = d.kind and r.key = d.key and r.part = d.part
join {table} e on e.id = d.entity_id
where d.kind = $1 and d.outcome = 'ask' and d.undone_at is null and r.entity_id is not null
"""
_UNDONE: Final = """
select distinct coalesce(a.merged_into, a.id) as one, coalesce(b.merged_into, b.id) as other
from entity_merge m join {table} a on a.id = m.absorbed_id join {table} b on b.id = m.survivor_id
where m.kind = $1 and m.undone_by like 'person:%'
"""
_SELLING: Final = """
select id from venue v where id = any($1::bigint[])
  and (exists (select from stock k where k.venue_id = v.id) or exists (select from source s where s.venue_id = v.id))
"""

Say = Literal["join", "ask", "no"]
_SETTLED: Final[Mapping[int, Say]] = {SAME: "join", CONTRADICTORY: "ask", DIFFERENT: "no"}

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Limits:
    """Pairs of entities of one kind, the lower id first."""

    different: frozenset[Pair]
    asked: frozenset[Pair]
    undone: frozenset[Pair]

    def is_settled(self, one: int, other: int) -> bool:
        """Whether a person said that they are never the same."""
        return _pair(one, other) in self.different

    def is_asked(self, one: int, other: int) -> bool:
        """Whether a person is being asked about them."""
        return _pair(one, other) in self.asked

    def was_undone(self, one: int, other: int) -> bool:
        """Whether a person took a merge of them back: they are asked before it is made again."""
        return _pair(one, other) in self.undone


async def limits(conn: Connection, kind: KindCode) -> Limits:
    """All that people decided about this kind, as entities stand today."""
    table = kind.name.lower()
    found = [
        frozenset(_pair(row["one"], row["other"]) for row in await conn.fetch(sql.format(table=table), kind.value))
        for sql in (_DIFFERENT, _ASKED, _UNDONE)
    ]
    return Limits(*found)


def _pair(one: int, other: int) -> Pair:
    return (one, other) if one < other else (other, one)


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a kind, for some of its entities."""

    known: dict[int, Features]
    selling: frozenset[int]
    forbidden: frozenset[Pair]
    """Never one thing, unless an identifier says so."""

    def say(self, one: int, other: int) -> Say:
        """What the rules allow for two entities: to join them, only to ask, or neither."""
        left, right = self.known.get(one), self.known.get(other)
        if left is None or right is None or {one, other} <= self.selling:
            return "no"
        settled = _SETTLED.get(settle(left, right).level)
        if settled is not None:
            return settled
        if _pair(one, other) in self.forbidden:
            return "no"
        if left.begins and right.begins and set(left.begins).isdisjoint(right.begins):
            apart = max(left.begins[0], right.begins[0]) - min(left.begins[-1], right.begins[-1])
            return "ask" if apart <= _WEEKS_APART else "no"
        if left.kind in (Kind.WORK, Kind.PRODUCT) and left.contributors and right.contributors:
            names = [{word for name in one.contributors for word in name.split()} for one in (left, right)]
            # One title by two authors is mostly two things, however seldom it is met in what was learned from.
            return "ask" if names[0].isdisjoint(names[1]) else "join"
        return "join"


async def policy_of(conn: Connection, kind: KindCode, pairs: Collection[Pair], venue_of: Mapping[int, int]) -> Policy:
    """The rules for these pairs of entities. `venue_of`: venues that are about to be other ones."""
    ids = sorted({id_ for pair in pairs for id_ in pair})
    selling: frozenset[int] = frozenset()
    if kind is KindCode.VENUE:
        selling = frozenset(row["id"] for row in await conn.fetch(_SELLING, ids))
    known = await portraits(conn, kind, ids)
    for id_, one in known.items():
        if one.venue_id is not None and one.venue_id in venue_of:
            known[id_] = replace(one, venue_id=venue_of[one.venue_id])
    place = {id_: place for place, id_ in enumerate(known)}
    met = [pair for pair in pairs if pair[0] in place and pair[1] in place]
    left, right = (np.array([place[pair[side]] for pair in met], np.int64) for side in (0, 1))
    barred = forbidden(list(known.values()), left, right)
    return Policy(known, selling, frozenset(_pair(*pair) for pair in compress(met, barred.tolist())))

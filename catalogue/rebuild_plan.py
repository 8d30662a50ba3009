"""What a rebuild would do to one kind: which entities it joins, which records it parts, what it asks a person.

Judged by `matching.whole` over all that sources say today; joined only what is all but certain and what nothing
forbids, parted only what a rule had joined and nothing speaks for any more. People's decisions stand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

import numpy as np

from catalogue.database import Connection
from catalogue.kinds import KindCode
from catalogue.members import Member
from catalogue.rebuild_limits import Limits, Policy, limits, policy_of
from catalogue.rebuild_splits import Part, parts_apart
from catalogue.record_columns import RecordColumns
from matching.reasons import explanation
from matching.whole import ASK, Judged, gathered, judge_all
from schemas.records import Kind

JOIN_FROM: Final = 95
"""Score from which two standing entities are joined without a person: of a hundred such, at most five are wrong."""
_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Join:
    """Two entities found to be one, by the two records that say it best."""

    one: int
    other: int
    members: tuple[Member, Member]
    """A record of each, which must still be theirs when it is done."""
    score: int
    outcome: str
    pair: int
    """Of `judged`: the explanation is only written down where somebody reads it."""
    judged: Judged = field(repr=False, compare=False)

    @property
    def explanation(self) -> dict[str, Any]:
        """Why, as JSON that adds up to the score."""
        return explanation(self.judged, self.pair, self.outcome)

    @property
    def ids(self) -> tuple[int, ...]:
        """The entities it changes."""
        return self.one, self.other


@dataclass(slots=True)
class Plan:
    """What a rebuild does to one kind, in this order."""

    kind: KindCode
    records: int
    entities: int
    parts: list[Part] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    asks: list[Join] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether all is as it would be."""
        return not (self.parts or self.joins or self.asks)

    def concerned(self) -> list[int]:
        """The entities that would not stay as they are."""
        ids = {id_ for join in self.joins for id_ in join.ids}
        return sorted(ids.union(*(part.ids for part in self.parts)))

    def renamed(self) -> dict[int, int]:
        """What each entity that is joined would be: the oldest of those it is joined with."""
        group = _Groups()
        for join in self.joins:
            group.unite(join.one, join.other)
        return {id_: root for id_ in group.parent if (root := group.root(id_)) != id_}


def judge_table(table: RecordColumns) -> Judged | None:
    """Judges all records with one another: the long part, which needs no database. None where there is but one."""
    if len(table) < 2:
        return None
    source = np.frombuffer(table.source, np.int64)
    [judged] = judge_all(table.columns, [Kind(table.kind.name.lower())] * len(table), source)
    return judged


async def plan(conn: Connection, table: RecordColumns, judged: Judged | None) -> Plan:
    """Works out what would change; reads only."""
    made = Plan(table.kind, len(table), len(set(table.entity)))
    if judged is None:
        return made
    cluster = gathered(judged)
    entity = np.frombuffer(table.entity, np.int64)
    bounds = await limits(conn, table.kind)
    made.parts = await parts_apart(conn, table, judged, cluster)
    parted = {part.entity_id for part in made.parts}
    found = _Found(table, judged, cluster, entity, bounds)
    await found.weigh(conn, parted)
    made.joins, made.asks = found.joins, found.asks
    return made


class _Groups:
    """Entities by the group they are joined to; the oldest names it."""

    def __init__(self) -> None:
        self.parent: dict[int, int] = {}

    def root(self, id_: int) -> int:
        self.parent.setdefault(id_, id_)
        while self.parent[id_] != id_:
            self.parent[id_] = self.parent[self.parent[id_]]
            id_ = self.parent[id_]
        return id_

    def unite(self, one: int, other: int) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        self.parent[high] = low


class _Found:
    """Pairs of entities gone through from the surest on."""

    def __init__(
        self, table: RecordColumns, judged: Judged, cluster: np.ndarray, entity: np.ndarray, bounds: Limits
    ) -> None:
        self._table, self._judged, self._cluster, self._entity, self._bounds = table, judged, cluster, entity, bounds
        self._groups = _Groups()
        self._members: dict[int, list[int]] = {}
        self._sources: dict[int, set[int]] = {}
        self._asked_about: set[int] = set()
        self.joins: list[Join] = []
        self.asks: list[Join] = []

    async def weigh(self, conn: Connection, parted: set[int]) -> None:
        pairs = self._best_pairs()
        for at in range(0, len(pairs), _AT_ONCE):
            some = pairs[at : at + _AT_ONCE].tolist()
            ids = [(int(self._entity[left]), int(self._entity[right])) for left, right in map(self._rows, some)]
            await self._note_sources(conn, set(chain.from_iterable(ids)))
            policy = await policy_of(conn, self._table.kind, ids, self._table.venue_of)
            for pair in some:
                self._consider(pair, policy, parted)
        self.asks = [ask for ask in self.asks if self._groups.root(ask.one) != self._groups.root(ask.other)]

    def _best_pairs(self) -> np.ndarray:
        """Of each two entities the surest pair of records that comes into question, the surest first."""
        judged = self._judged
        left, right = judged.matched.left, judged.matched.right
        one, other = self._entity[left], self._entity[right]
        asked = np.flatnonzero((one != other) & (judged.scores >= ASK))
        low, high = np.minimum(one[asked], other[asked]), np.maximum(one[asked], other[asked])
        order = np.lexsort((asked, -judged.odds[asked], high, low))
        low, high, asked = low[order], high[order], asked[order]
        first = np.ones(len(asked), bool)
        first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
        best = asked[first]
        return best[np.lexsort((best, -judged.odds[best]))]

    def _rows(self, pair: int) -> tuple[int, int]:
        return int(self._judged.matched.left[pair]), int(self._judged.matched.right[pair])

    def _consider(self, pair: int, policy: Policy, parted: set[int]) -> None:
        rows = self._rows(pair)
        one, other = sorted((int(self._entity[row]), row) for row in rows)
        ids = (one[0], other[0])
        # Whoever is being parted is looked at again once that is done.
        if parted.intersection(ids) or self._bounds.is_settled(*ids):
            return
        said = policy.say(*ids)
        if said == "no" or self._groups.root(ids[0]) == self._groups.root(ids[1]):
            return
        score, outcome = int(self._judged.scores[pair]), self._judged.outcome(pair)
        is_sure = outcome == "same" and score >= JOIN_FROM and self._cluster[rows[0]] == self._cluster[rows[1]]
        if is_sure and said == "join" and not self._bounds.was_undone(*ids):
            if self._may_unite(*ids):
                self._unite(*ids)
                self.joins.append(self._join(pair, one, other, outcome))
        elif not self._bounds.is_asked(*ids) and not self._asked_about.issuperset(ids):
            self._asked_about.update(ids)
            self.asks.append(self._join(pair, one, other, "ask"))

    def _join(self, pair: int, one: tuple[int, int], other: tuple[int, int], outcome: str) -> Join:
        members = Member(*self._table.name(one[1])), Member(*self._table.name(other[1]))
        return Join(one[0], other[0], members, int(self._judged.scores[pair]), outcome, pair, self._judged)

    async def _note_sources(self, conn: Connection, ids: Iterable[int]) -> None:
        rows = await conn.fetch(
            """
            select distinct r.entity_id, r.source_id from source_record r join source s on s.id = r.source_id
            where r.kind = $1 and r.entity_id = any($2::bigint[]) and r.gone_at is null and s.is_clean
              and r.part <> 'product'
            """,
            self._table.kind.value,
            sorted(ids),
        )
        found: dict[int, set[int]] = defaultdict(set)
        for row in rows:
            found[row["entity_id"]].add(row["source_id"])
        for id_ in ids:
            self._sources.setdefault(id_, found[id_])

    def _may_unite(self, one: int, other: int) -> bool:
        ours, theirs = self._members_of(one), self._members_of(other)
        told = [set().union(*(self._sources[id_] for id_ in side)) for side in (ours, theirs)]
        return told[0].isdisjoint(told[1]) and not any(self._bounds.is_settled(a, b) for a in ours for b in theirs)

    def _members_of(self, id_: int) -> Sequence[int]:
        root = self._groups.root(id_)
        return self._members.get(root, [root])

    def _unite(self, one: int, other: int) -> None:
        members = [*self._members_of(one), *self._members_of(other)]
        self._groups.unite(one, other)
        self._members[self._groups.root(one)] = members

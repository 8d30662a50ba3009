"""Records that a rule had joined to an entity and that nothing holds there any more, neither the model nor the rules.

Those that a person, an identifier or their source itself put there stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np

from catalogue.database import Connection
from catalogue.decisions import REBUILD, RULES
from catalogue.kinds import KindCode
from catalogue.members import Member
from catalogue.portraits import TYPES
from catalogue.record_columns import RecordColumns
from matching.choose import alone
from matching.features import features
from matching.pairs import judged_pairs
from matching.reasons import explanation
from matching.whole import ASK, Judged

_RULES: Final = frozenset(author.rpartition("-")[0] for author in (RULES, REBUILD))
"""Whatever their version was when they decided."""
_MOST: Final = 30
"""So many records of an entity are compared with each of its others."""
_AUTHORS: Final = """
select t.n, r.record,
       (select d.author from merge_decision d
        where d.source_id = r.source_id and d.kind = r.kind and d.key = r.key and d.part = r.part
          and d.outcome = 'same' and d.undone_at is null order by d.id desc limit 1) as author,
       (select array[g.id::text, g.author] from merge_member m join entity_merge g on g.id = m.merge_id
        where m.source_id = r.source_id and m.kind = r.kind and m.key = r.key and m.part = r.part
          and g.undone_at is null order by m.merge_id desc limit 1) as came_by
from unnest($1::int[], $2::bigint[], $3::text[], $4::text[]) as t (n, source_id, key, part)
join source_record r on r.source_id = t.source_id and r.kind = $5 and r.key = t.key and r.part = t.part
"""


@dataclass(frozen=True, slots=True)
class Part:
    """Records that leave an entity together, or the merge that brought them and is undone."""

    entity_id: int
    members: tuple[Member, ...]
    merge_id: int | None
    score: int
    explanation: dict[str, Any]

    @property
    def ids(self) -> tuple[int, ...]:
        """The entities it changes."""
        return (self.entity_id,)


async def parts_apart(conn: Connection, table: RecordColumns, judged: Judged, cluster: np.ndarray) -> list[Part]:
    """The parts of entities that would leave them; reads only."""
    found = []
    for entity_id, groups in _in_several(table, cluster).items():
        rows = [row for group in groups for row in group][:_MOST]
        said = {row["n"]: row for row in await conn.fetch(
            _AUTHORS, rows, [table.source_id[n] for n in rows], [table.key[n] for n in rows],
            [table.part[n] for n in rows], table.kind.value,
        )}  # fmt: skip
        movable = [all(row in said and _by_a_rule(said[row]) for row in group) for group in groups]
        stays = movable.index(False) if False in movable else 0
        for place, group in enumerate(groups):
            if place == stays or not movable[place]:
                continue
            others = [row for row in rows if row not in group]
            best = _best(judged, group, others)
            if best is None or any(
                _still_alike(table.kind, said[a]["record"], said[b]["record"]) for a in group for b in others
            ):
                continue
            merges = {int(said[row]["came_by"][0]) if said[row]["came_by"] else None for row in group}
            if len(merges) == 1:
                members = tuple(Member(*table.name(row)) for row in group)
                found.append(Part(entity_id, members, merges.pop(), *best))
    return found


def _in_several(table: RecordColumns, cluster: np.ndarray) -> dict[int, list[list[int]]]:
    """The entities whose records the model does not hold together: their rows by cluster, the first record's first."""
    entity = np.frombuffer(table.entity, np.int64)
    order = np.lexsort((cluster, entity))
    ids, clusters = entity[order], cluster[order]
    broken = np.unique(ids[1:][(ids[1:] == ids[:-1]) & (clusters[1:] != clusters[:-1])])
    grouped: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in order[np.isin(ids, broken)].tolist():
        grouped[int(entity[row])][int(cluster[row])].append(row)
    return {id_: list(groups.values()) for id_, groups in grouped.items()}


def _by_a_rule(row: Any) -> bool:
    """Whether nobody but a rule has put the record where it is."""
    author = row["author"] if row["came_by"] is None else row["came_by"][1]
    return str(author).rpartition("-")[0] in _RULES


def _best(judged: Judged, group: Sequence[int], others: Sequence[int]) -> tuple[int, dict[str, Any]] | None:
    """The likeliest pair between a group and the rest, where even that one is unlikely."""
    left, right = np.repeat(group, len(others)), np.tile(others, len(group))
    pairs = judged_pairs(judged, np.minimum(left, right), np.maximum(left, right))
    if not len(pairs.scores) or pairs.scores.max() >= ASK:
        return None
    best = int(pairs.odds.argmax())
    return int(pairs.scores[best]), explanation(pairs, best, "different")


def _still_alike(kind: KindCode, one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether the rules that decide about newcomers would not call them different."""
    records = [msgspec.convert(said, TYPES[kind], strict=False) for said in (one, other)]
    return alone(*(features(record) for record in records)).candidate is not None

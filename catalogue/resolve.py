"""Which canonical entity a new record is of: candidates by identifiers and keys, scored together, decided in turn.

Newcomers of a batch are candidates of one another too, so that two editions of one work, or the same thing named twice,
meet within the batch. Deciding is serialised per kind by an advisory lock: two workers that read the same new thing at
once must not make two entities of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from catalogue.database import Connection
from catalogue.entities import reserve
from catalogue.kinds import KindCode
from catalogue.portraits import Filed, entities_keyed, entities_named, portraits
from catalogue.rarity import rarity
from matching.blocking import block_keys
from matching.choose import decide, explain
from matching.features import Features
from matching.meeting import meetings
from matching.models import shipped
from matching.scoring import score
from schemas.records import Kind

DECIDING = 0x6465_6369
"""First number of the per-kind advisory lock."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """The entity a newcomer is of, and why."""

    entity_id: int
    is_new: bool
    named_id: int | None
    """The entity the decision names: the same one, or the one a person is asked about; None where there is none."""
    why: dict[str, Any] | None
    """The decision explained, where it names an entity."""
    filed: Filed
    """What the newcomer is found under, alone."""


async def resolve(
    conn: Connection, kind: KindCode, newcomers: Sequence[Features], refused: Mapping[int, frozenset[int]] | None = None
) -> list[Resolution]:
    """One resolution per newcomer, in order. Entities that are new have ids but no rows yet.

    `refused`: by a newcomer's place, the entities of which a person said that it is none.
    """
    if not newcomers:
        return []
    await hold_kind(conn, kind)
    keys = [block_keys(newcomer) for newcomer in newcomers]
    by_identifier = await entities_named(conn, kind, (i for newcomer in newcomers for i in newcomer.identifiers))
    by_key = await entities_keyed(conn, kind, (key for some in keys for key in some))
    named = [{id_ for i in newcomer.identifiers for id_ in by_identifier.get(i, ())} for newcomer in newcomers]
    known, earlier = meetings(keys, by_key, named)
    entities = await portraits(conn, kind, sorted({id_ for ids in known for id_ in ids}))

    records = [*newcomers, *entities.values()]
    place_of = {id_: place for place, id_ in enumerate(entities, len(newcomers))}
    refusals = {n: {place_of[id_] for id_ in ids if id_ in place_of} for n, ids in (refused or {}).items()}
    pairs = [
        (n, other)
        for n in range(len(newcomers))
        for other in (*earlier[n], *(place_of[id_] for id_ in known[n] if id_ in place_of))
    ]
    left, right = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    scored = score(Kind[kind.name], records, left, right, await rarity(conn, kind, _words(records)), shipped())
    decisions = decide(records, len(newcomers), scored, refusals)

    fresh = iter(await reserve(conn, kind, sum(decision.is_new for decision in decisions)))
    ids = [0] * len(newcomers) + list(entities)
    resolutions = []
    for place, decision in enumerate(decisions):
        ids[place] = next(fresh) if decision.is_new or decision.candidate is None else ids[decision.candidate]
        about = None if decision.candidate is None else ids[decision.candidate]
        why = None if about is None else explain(decision, scored)
        filed = Filed(newcomers[place].identifiers, keys[place])
        resolutions.append(Resolution(ids[place], decision.is_new, about, why, filed))
    return resolutions


async def hold_kind(conn: Connection, kind: KindCode) -> None:
    """Waits until nobody else decides about entities of this kind; held until the transaction ends."""
    await conn.execute("select pg_advisory_xact_lock($1, $2)", DECIDING, kind.value)


def _words(records: Iterable[Features]) -> set[str]:
    texts = (text for one in records for text in (one.title, *one.other_titles, *one.contributors, one.city))
    return {word for text in texts for word in text.split()}

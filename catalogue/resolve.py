"""Which canonical entity a new record is of: identifiers first, then candidates by key, then a judged choice.

Newcomers of one batch are decided one after the other, so that two editions of one work, or the same
thing named twice, meet within the batch too. Deciding is serialised per kind by an advisory lock: two
workers that read the same new thing at once must not make two entities of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from catalogue.database import Connection
from catalogue.entities import reserve
from catalogue.kinds import KindCode
from catalogue.portraits import COMMON_KEY, entities_keyed, entities_named, portraits
from matching.blocking import block_keys
from matching.choose import Decision, choose
from matching.features import Features

DECIDING = 0x6465_6369
"""First number of the per-kind advisory lock."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """The entity a newcomer is of, and why."""

    entity_id: int
    is_new: bool
    decision: Decision


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
    wanted = {id_ for ids in (*by_identifier.values(), *by_key.values()) for id_ in ids}
    known = await portraits(conn, kind, sorted(wanted))
    fresh = iter(await reserve(conn, kind, len(newcomers)))

    here: dict[str, list[int]] = defaultdict(list)
    resolutions = []
    for place, (newcomer, its_keys) in enumerate(zip(newcomers, keys, strict=True)):
        ids = {id_ for i in newcomer.identifiers for id_ in by_identifier.get(i, ())}
        ids |= {id_ for key in its_keys for id_ in (*by_key.get(key, ()), *here[key][:COMMON_KEY])}
        ids -= (refused or {}).get(place, frozenset())
        decision = choose(newcomer, {id_: known[id_] for id_ in sorted(ids) if id_ in known})
        # While a person is asked, the record stands alone: a wrong merge is worse than a double.
        is_new = decision.entity_id is None or decision.ask
        entity_id = next(fresh) if decision.entity_id is None or decision.ask else decision.entity_id
        resolutions.append(Resolution(entity_id, is_new, decision))
        if is_new:
            # What the rest of the batch may meet.
            known[entity_id] = newcomer
            for key in its_keys:
                here[key].append(entity_id)
            for identifier in newcomer.identifiers:
                by_identifier.setdefault(identifier, []).append(entity_id)
        else:
            # A known entity keeps the portrait its sources gave it; but this source now speaks of it, and if it
            # is a clean one, no other record of its may join.
            joined = known[entity_id]
            known[entity_id] = replace(joined, sources=joined.sources | newcomer.sources)
    return resolutions


async def hold_kind(conn: Connection, kind: KindCode) -> None:
    """Waits until nobody else decides about entities of this kind; held until the transaction ends."""
    await conn.execute("select pg_advisory_xact_lock($1, $2)", DECIDING, kind.value)

"""Canonical entities as matching compares them, and the keys under which they are found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from catalogue.database import Connection
from catalogue.kinds import IMPLIED, KindCode
from matching.blocking import block_keys
from matching.features import Features, features
from matching.meeting import COMMON_KEY
from schemas.records import Event, Kind, Product, Venue, Work

TYPES: Mapping[KindCode, type[Work] | type[Product] | type[Venue] | type[Event]] = {
    KindCode.WORK: Work,
    KindCode.PRODUCT: Product,
    KindCode.VENUE: Venue,
    KindCode.EVENT: Event,
}


_FORGET = (
    "delete from entity_identifier where kind = $1 and entity_id = any($2::bigint[])",
    "delete from match_key where kind = $1 and entity_id = any($2::bigint[])",
)


@dataclass(frozen=True, slots=True)
class Filed:
    """What an entity is found under."""

    identifiers: frozenset[tuple[str, str]]
    keys: frozenset[int]


async def portraits(
    conn: Connection,
    kind: KindCode,
    ids: Sequence[int],
    begins: Mapping[int, Iterable[datetime]] | None = None,
) -> dict[int, Features]:
    """What is compared of each entity; `begins` adds sessions that are about to be merged."""
    if not ids:
        return {}
    sources: dict[int, set[str]] = defaultdict(set)
    for row in await conn.fetch(
        """
        select r.entity_id, r.source_id from source_record r join source s on s.id = r.source_id
        where r.kind = $1 and r.entity_id = any($2::bigint[]) and r.gone_at is null and s.is_clean and r.part <> $3
        """,
        kind.value,
        list(ids),
        IMPLIED,
    ):
        sources[row["entity_id"]].add(str(row["source_id"]))
    sessions: dict[int, list[datetime]] = defaultdict(list)
    if kind is KindCode.EVENT:
        for row in await conn.fetch(
            "select event_id, begins_at from session where event_id = any($1::bigint[]) and cancelled_at is null",
            list(ids),
        ):
            sessions[row["event_id"]].append(row["begins_at"])
        for id_, more in (begins or {}).items():
            sessions[id_].extend(more)
    columns = {
        KindCode.EVENT: "venue_id, work_id, null as ean",
        KindCode.PRODUCT: "null::bigint as venue_id, work_id, ean",
    }.get(kind, "null::bigint as venue_id, null::bigint as work_id, null as ean")
    rows = await conn.fetch(
        f"""
        select id, fields, {columns} from {kind.name.lower()}
        where id = any($1::bigint[]) and merged_into is null
        """,  # noqa: S608 - names of our own tables and columns
        list(ids),
    )
    return {
        row["id"]: features(
            canonical(kind, row["id"], row["fields"]),
            sources=sources[row["id"]],
            venue_id=row["venue_id"],
            work_id=row["work_id"],
            begins=sessions[row["id"]],
        )
        # A till's EAN that nobody has described yet has no words to compare, only its identifier.
        if row["fields"]
        else Features(kind=Kind.PRODUCT, identifiers=frozenset({("ean", row["ean"])}))
        for row in rows
    }


def canonical(kind: KindCode, id_: int, fields: Mapping[str, Any]) -> Work | Product | Venue | Event:
    """The entity in the shape of the format's record, named by our own id."""
    ref = {"connector": "catalogue", "account": "passerelle", "key": str(id_)}
    document = {"kind": kind.name.lower(), **fields, "ref": ref}
    return msgspec.convert(document, TYPES[kind], strict=False)


async def index(
    conn: Connection,
    kind: KindCode,
    ids: Sequence[int],
    begins: Mapping[int, Iterable[datetime]] | None = None,
    fresh: Mapping[int, Filed] | None = None,
) -> None:
    """Files the entities under their identifiers and blocking keys, anew; `fresh` ones never were, and are told."""
    filed = dict(fresh or {})
    again = [id_ for id_ in ids if id_ not in filed]
    if again:
        found = await portraits(conn, kind, again, begins)
        for statement in _FORGET:
            await conn.execute(statement, kind.value, list(found))
        filed |= {id_: Filed(it.identifiers, block_keys(it)) for id_, it in found.items()}
    named = sorted((kind.value, scheme, value, id_) for id_, it in filed.items() for scheme, value in it.identifiers)
    keyed = sorted((kind.value, key, id_) for id_, it in filed.items() for key in it.keys)
    if named:
        await conn.copy_records_to_table(
            "entity_identifier", columns=("kind", "scheme", "value", "entity_id"), records=named
        )
    if keyed:
        await conn.copy_records_to_table("match_key", columns=("kind", "key", "entity_id"), records=keyed)


async def entities_named(
    conn: Connection, kind: KindCode, identifiers: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], list[int]]:
    """Which entities carry each identifier."""
    wanted = sorted(set(identifiers))
    if not wanted:
        return {}
    rows = await conn.fetch(
        """
        select i.scheme, i.value, i.entity_id
        from unnest($2::text[], $3::text[]) as t (scheme, value)
        join entity_identifier i on i.kind = $1 and i.scheme = t.scheme and i.value = t.value
        """,
        kind.value,
        *map(list, zip(*wanted, strict=True)),
    )
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rows:
        found[row["scheme"], row["value"]].append(row["entity_id"])
    return found


async def entities_keyed(conn: Connection, kind: KindCode, keys: Iterable[int]) -> dict[int, list[int]]:
    """Which entities share each blocking key; keys that say nothing are left out."""
    rows = await conn.fetch(
        """
        select k.key, array_agg(k.entity_id) as ids
        from unnest($2::bigint[]) as t (key)
        cross join lateral (select key, entity_id from match_key where kind = $1 and key = t.key limit $3 + 1) k
        group by k.key having count(*) <= $3
        """,
        kind.value,
        sorted(set(keys)),
        COMMON_KEY,
    )
    return {row["key"]: list(row["ids"]) for row in rows}

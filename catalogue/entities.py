"""Writes canonical works, products, venues and events as their sources together say they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalogue.database import Connection
from catalogue.field_locks import locked_fields
from catalogue.kinds import KindCode
from catalogue.survivorship import Statement, Survivor, survive
from matching.normalise import fold

STATEMENTS = """
select r.entity_id, r.source_id, s.trust, s.trust_by_field, r.observed_at, r.record
from source_record r join source s on s.id = r.source_id
where r.kind = $1 and r.entity_id = any($2::bigint[]) and r.gone_at is null and r.record is not null
"""

# A statement a set, rows in the order of their ids: two batches that write the same things wait, and do not deadlock.
WRITE = {
    KindCode.WORK: """
        insert into work (id, fields, provenance, type, title, folded) overriding system value
        select * from unnest($1::bigint[], $2::jsonb[], $3::jsonb[], $4::text[], $5::text[], $6::text[])
        on conflict (id) do update set type = excluded.type, title = excluded.title, folded = excluded.folded,
            fields = excluded.fields, provenance = excluded.provenance, withdrawn_at = null, changed_at = now()
    """,
    KindCode.PRODUCT: """
        insert into product
            (id, fields, provenance, ean, title, folded, subcategory, price_cents, sellable, sellable_from)
        overriding system value
        select * from unnest($1::bigint[], $2::jsonb[], $3::jsonb[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::int[], $9::bool[], $10::timestamptz[])
        on conflict (id) do update set ean = coalesce(excluded.ean, product.ean), title = excluded.title,
            folded = excluded.folded, subcategory = excluded.subcategory, price_cents = excluded.price_cents,
            sellable = excluded.sellable, sellable_from = excluded.sellable_from, fields = excluded.fields,
            provenance = excluded.provenance, withdrawn_at = null, changed_at = now()
    """,
    KindCode.VENUE: """
        insert into venue (id, fields, provenance, siret, name, folded, time_zone, department, latitude, longitude)
        overriding system value
        select * from unnest($1::bigint[], $2::jsonb[], $3::jsonb[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::text[], $9::float8[], $10::float8[])
        on conflict (id) do update set siret = coalesce(excluded.siret, venue.siret), name = excluded.name,
            folded = excluded.folded, time_zone = excluded.time_zone, department = excluded.department,
            latitude = excluded.latitude, longitude = excluded.longitude, fields = excluded.fields,
            provenance = excluded.provenance, withdrawn_at = null, changed_at = now()
    """,
    KindCode.EVENT: """
        insert into event (id, fields, provenance, venue_id, work_id, title, folded, subcategory, is_duo)
        overriding system value
        select * from unnest($1::bigint[], $2::jsonb[], $3::jsonb[], $4::bigint[], $5::bigint[], $6::text[],
            $7::text[], $8::text[], $9::bool[])
        on conflict (id) do update set work_id = coalesce(excluded.work_id, event.work_id), title = excluded.title,
            folded = excluded.folded, subcategory = excluded.subcategory, is_duo = excluded.is_duo,
            fields = excluded.fields, provenance = excluded.provenance, withdrawn_at = null, changed_at = now()
    """,
}


@dataclass(frozen=True, slots=True)
class Place:
    """What an event needs besides its own words: where it is, and of which work."""

    venue_id: int
    work_id: int | None


async def reserve(conn: Connection, kind: KindCode, count: int) -> list[int]:
    """Ids for entities that are about to be written."""
    if not count:
        return []
    rows = await conn.fetch(
        "select nextval($1::text::regclass) as id from generate_series(1, $2)", f"{kind.name.lower()}_id_seq", count
    )
    return [row["id"] for row in rows]


_LAST_WORD = {KindCode.PRODUCT: "ean = null", KindCode.VENUE: "siret = null", KindCode.EVENT: "work_id = null"}
"""Columns that keep the last word where nobody says anything new."""


async def empty(conn: Connection, kind: KindCode, entity_id: int) -> None:
    """Forgets the last words of an entity that a record has left; `derive` then writes those of whoever stays."""
    if kind in _LAST_WORD:
        await conn.execute(f"update {kind.name.lower()} set {_LAST_WORD[kind]} where id = $1", entity_id)  # noqa: S608


async def derive(
    conn: Connection, kind: KindCode, ids: Sequence[int], places: Mapping[int, Place] | None = None
) -> dict[int, Survivor]:
    """Writes the entities anew from what their live sources say, with provenance per field.

    Entities nobody speaks of any more are left as they are. `places` is needed for events that are new.
    """
    # Two sources may bring news of one entity at once: the second waits, and then reads what the first said.
    await conn.execute(
        f"select from {kind.name.lower()} where id = any($1::bigint[]) order by id for no key update",
        list(ids),
    )
    statements: dict[int, list[Statement]] = {}
    for row in await conn.fetch(STATEMENTS, kind.value, list(ids)):
        statements.setdefault(row["entity_id"], []).append(
            Statement(row["source_id"], row["trust"], row["observed_at"], row["record"], row["trust_by_field"])
        )
    locked = await locked_fields(conn, kind, list(statements))
    survivors = {id_: survive(said, locked.get(id_)) for id_, said in sorted(statements.items())}
    if kind is KindCode.EVENT:
        places = dict(places or {})
        known = await conn.fetch(
            "select id, venue_id from event where id = any($1::bigint[])",
            [i for i in survivors if i not in places],
        )
        places |= {row["id"]: Place(row["venue_id"], None) for row in known}
    rows = [
        (id_, it.fields, it.provenance, *_columns(kind, it.fields, (places or {}).get(id_)))
        for id_, it in survivors.items()
    ]
    if rows:
        await conn.execute(WRITE[kind], *map(list, zip(*rows, strict=True)))
    return survivors


def _columns(kind: KindCode, fields: dict[str, Any], place: Place | None) -> tuple[Any, ...]:
    if kind is KindCode.WORK:
        words = [fields["title"], fields.get("originalTitle"), *_names(fields)]
        return fields["type"], fields["title"], _folded(words)
    if kind is KindCode.PRODUCT:
        words = [fields["title"], fields.get("subtitle"), fields.get("volume"), *_names(fields)]
        embargo = fields.get("sellableFrom")
        return (
            identifier(fields, "ean"), fields["title"], _folded(words), fields["subcategory"],
            fields.get("priceCents"), fields.get("sellable"),
            datetime.fromisoformat(embargo) if embargo else None,
        )  # fmt: skip
    if kind is KindCode.VENUE:
        address = fields.get("address") or {}
        position = fields.get("position") or {}
        return (
            identifier(fields, "siret"), fields["name"], _folded([fields["name"], address.get("city")]),
            fields["timeZone"], department(address), position.get("latitude"), position.get("longitude"),
        )  # fmt: skip
    assert place is not None
    words = [fields["title"], *_names(fields)]
    return (
        place.venue_id, place.work_id, fields["title"], _folded(words), fields["subcategory"],
        bool(fields.get("isDuo")),
    )  # fmt: skip


def identifier(fields: Mapping[str, Any], scheme: str) -> str | None:
    """The first identifier of a scheme, in the order of its values."""
    values: list[str] = [i["value"] for i in fields.get("identifiers", ()) if i["scheme"] == scheme]
    return values[0] if values else None


def department(address: Mapping[str, Any]) -> str | None:
    """The département of a French address: 97x and 98x overseas, 2A and 2B from the commune's code."""
    code: str = address.get("inseeCode") or address.get("postalCode") or ""
    if address.get("country", "FR") != "FR" or len(code) < 5:
        return None
    return code[:3] if code.startswith(("97", "98")) else code[:2]


def _names(fields: Mapping[str, Any]) -> list[str]:
    return [person["name"] for person in fields.get("contributors", ())]


def _folded(words: Sequence[str | None]) -> str:
    return " ".join(folded for word in words if word and (folded := fold(word)))

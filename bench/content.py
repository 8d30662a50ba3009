"""What a database says, without the ids and times that differ from one run to the next: equal for equal knowledge."""

# ruff: noqa: S608 - every part of these statements stands here

from __future__ import annotations

import hashlib
from typing import Any

from catalogue.database import Connection


async def content(conn: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All that the référentiel and the feeds say, without ids and times: equal for databases that say the same."""
    account = "(select account from source s where s.id = {})"
    tables: dict[str, str] = {
        "records": f"""
            select {account.format("r.source_id")}, r.kind, r.key, r.part, r.hash, r.gone_at is not null, r.record::text
            from source_record r""",
        "feeds": f"select {account.format('f.source_id')}, cursor, snapshot_open from feed f",
        "quarantine": f"""
            select {account.format("q.source_id")}, kind, key, part, why, raw, resolved_at is not null
            from quarantine q""",
        "works": "select title, type, folded, fields::text, withdrawn_at is not null from work",
        "products": """
            select p.title, ean, p.folded, p.fields::text, subcategory, price_cents, p.withdrawn_at is not null, w.title
            from product p left join work w on w.id = p.work_id""",
        "venues": "select name, siret, folded, time_zone, department, fields::text, withdrawn_at is null from venue",
        "events": """
            select e.title, v.name, e.folded, e.fields::text, e.subcategory, e.is_duo, e.withdrawn_at is not null
            from event e join venue v on v.id = e.venue_id""",
        "sessions": """
            select e.title, x.begins_at, x.ends_at, x.hall, x.version, x.features, x.cancelled_at is not null
            from session x join event e on e.id = x.event_id""",
        "offers": """
            select v.name, p.ean, p.title, e.title, o.withdrawn_at is not null
            from offer o join venue v on v.id = o.venue_id
            left join product p on p.id = o.product_id left join event e on e.id = o.event_id""",
        "stocks": f"""
            select {account.format("u.source_id")}, u.key, u.part, p.ean, e.title, x.begins_at, k.price_cents,
                   k.price_label, k.sellable_until, k.withdrawn_at is not null
            from stock k left join supply u on u.stock_id = k.id and u.venue_id = k.venue_id
            join offer o on o.id = k.offer_id left join product p on p.id = o.product_id
            left join event e on e.id = o.event_id left join session x on x.id = k.session_id""",
        "supplies": f"""
            select {account.format("u.source_id")}, v.name, u.key, u.part, u.ean, u.of_kind, u.of_key, u.price_cents,
                   u.price_label, u.sellable_until, u.available, u.seen, u.gone_at is not null, u.stock_id is null
            from supply u join venue v on v.id = u.venue_id""",
        "together": f"""
            select r.kind, array_agg({account.format("r.source_id")} || ' ' || r.key || ' ' || r.part order by
                   {account.format("r.source_id")}, r.key, r.part)
            from source_record r group by r.kind, r.entity_id""",
        "identifiers": "select kind, scheme, value, count(*) from entity_identifier group by 1, 2, 3",
        # Of events the venue's id is in the key.
        "keys": "select kind, case when kind = 4 then 0 else key end, count(*) from match_key group by 1, 2",
    }
    return {name: sorted((tuple(row) for row in await conn.fetch(query)), key=repr) for name, query in tables.items()}


async def fingerprint(conn: Connection) -> dict[str, str]:
    """A hash of each part of `content` but the cursors, which for most providers are times.

    Two databases with the same hashes hold the same rows as often: nothing is lost and nothing doubled.
    """
    said = await content(conn)
    del said["feeds"]
    return {name: hashlib.sha256(repr(rows).encode()).hexdigest() for name, rows in said.items()}

"""Published offers: the derived document that the app, the open data and the feeds show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from catalogue.database import Connection
from catalogue.faces import Faces
from catalogue.kinds import KindCode
from schemas.ids import public_id
from schemas.offers import (
    Attribution,
    Offer,
    PublishedEvent,
    PublishedProduct,
    PublishedSession,
    PublishedStock,
    PublishedVenue,
    PublishedWork,
)
from schemas.taxonomy import SUBCATEGORIES

OFFERS = """
select o.id, o.venue_id, o.product_id, o.event_id, o.changed_at, coalesce(p.work_id, e.work_id) as work_id
from offer o
left join product p on p.id = o.product_id
left join event e on e.id = o.event_id
where o.id = any($1::bigint[]) and o.merged_into is null and o.withdrawn_at is null
  and p.withdrawn_at is null and e.withdrawn_at is null and coalesce(p.title, e.title) is not null
order by o.id
"""

SESSIONS = """
select x.id, x.event_id, x.begins_at, x.ends_at, x.hall, x.version, x.features, said.record
from session x left join lateral (
    select r.record from source_record r join source s on s.id = r.source_id
    where r.kind = 5 and r.entity_id = x.id and r.gone_at is null and r.source_id = any($3)
    order by s.trust desc, r.observed_at desc, r.source_id limit 1) said on true
where x.event_id = any($1::bigint[]) and x.cancelled_at is null and x.merged_into is null and x.begins_at > $2
  and ($3::bigint[] is null or said.record is not null)
order by x.begins_at, x.id
"""

STOCKS = """
select k.id, k.offer_id, k.session_id, k.price_cents, k.price_label, k.sellable_until, s.source_id, s.observed_at
from stock k join supply s on s.stock_id = k.id and s.venue_id = k.venue_id
left join session x on x.id = k.session_id
where k.offer_id = any($1::bigint[]) and k.withdrawn_at is null and (k.sellable_until is null or k.sellable_until > $2)
  and (x.id is null or (x.begins_at > $2 and x.cancelled_at is null))
  and ($3::bigint[] is null or s.source_id = any($3))
  and s.source_id not in (select id from source where stale_since is not null)
order by x.begins_at nulls first, k.price_cents, k.id
"""

SAID_BY = """
select r.kind, r.entity_id, s.id as source_id, s.connector, s.licence, max(r.observed_at) as observed_at
from unnest($1::smallint[], $2::bigint[]) as t (kind, id)
join source_record r on r.kind = t.kind and r.entity_id = t.id
join source s on s.id = r.source_id
where r.gone_at is null and ($3::bigint[] is null or s.id = any($3))
group by r.kind, r.entity_id, s.id
"""


async def open_sources(conn: Connection, licences: Collection[str]) -> frozenset[int]:
    """The sources whose licence is among these."""
    rows = await conn.fetch("select id from source where licence = any($1::text[])", sorted(licences))
    return frozenset(row["id"] for row in rows)


async def offer_ids(conn: Connection, *, after: int = 0, limit: int = 500) -> list[int]:
    """Ids of standing offers in their order, to read them all page by page."""
    rows = await conn.fetch(
        "select id from offer where id > $1 and merged_into is null and withdrawn_at is null order by id limit $2",
        after,
        limit,
    )
    return [row["id"] for row in rows]


async def standing_offers(conn: Connection) -> int:
    """How many offers stand."""
    count: int = await conn.fetchval("select count(*) from offer where merged_into is null and withdrawn_at is null")
    return count


async def read_offers(
    conn: Connection, ids: Sequence[int], *, at: datetime, sources: frozenset[int] | None = None
) -> list[Offer]:
    """The offers as published at an instant, in the order of their ids; what must not be shown is left out.

    `sources` limits everything in them to the words of these sources: an offer none of them speaks of is
    left out too.
    """
    rows = await conn.fetch(OFFERS, list(ids))
    allowed = None if sources is None else sorted(sources)
    faces = Faces(conn, sources)
    venues = await faces.of(KindCode.VENUE, [row["venue_id"] for row in rows])
    works = await faces.of(KindCode.WORK, [row["work_id"] for row in rows if row["work_id"]])
    products = await faces.of(KindCode.PRODUCT, [row["product_id"] for row in rows if row["product_id"]])
    events = await faces.of(KindCode.EVENT, [row["event_id"] for row in rows if row["event_id"]])
    sessions: dict[int, list[Any]] = defaultdict(list)
    for row in await conn.fetch(SESSIONS, list(events), at, allowed):
        sessions[row["event_id"]].append(row)
    stocks: dict[int, list[Any]] = defaultdict(list)
    for row in await conn.fetch(STOCKS, [row["id"] for row in rows], at, allowed):
        stocks[row["offer_id"]].append(row)
    shown = {
        KindCode.VENUE: venues,
        KindCode.WORK: works,
        KindCode.PRODUCT: products,
        KindCode.EVENT: events,
    }
    said_by: dict[tuple[int, int | None], list[Attribution]] = defaultdict(list)
    pairs = [(kind.value, id_) for kind, some in shown.items() for id_ in some]
    for row in await conn.fetch(SAID_BY, [kind for kind, _ in pairs], [id_ for _, id_ in pairs], allowed):
        said_by[row["kind"], row["entity_id"]].append(
            Attribution(connector=row["connector"], licence=row["licence"], observed_at=row["observed_at"])
        )
    sold_by = await _sources(conn, {row["source_id"] for some in stocks.values() for row in some})

    offers = []
    for row in rows:
        kind, thing = (KindCode.PRODUCT, row["product_id"]) if row["product_id"] else (KindCode.EVENT, row["event_id"])
        face, venue = shown[kind].get(thing), venues.get(row["venue_id"])
        attributions = _attributions(said_by[kind.value, thing], stocks[row["id"]], sold_by)
        if face is None or venue is None or not attributions:
            continue
        work = _work(row["work_id"], works)
        around = [*said_by[KindCode.VENUE.value, row["venue_id"]]]
        if work is not None:
            around += said_by[KindCode.WORK.value, row["work_id"]]
        is_event = kind is KindCode.EVENT
        offers.append(
            Offer(
                id=public_id("offer", row["id"]),
                venue=_shaped(PublishedVenue, public_id("venue", row["venue_id"]), venue),
                subcategory=face["subcategory"],
                sources=attributions,
                licence=joined_licences([*attributions, *around]),
                updated_at=row["changed_at"],
                product=None if is_event else _shaped(PublishedProduct, public_id("product", thing), face, work),
                event=_shaped(PublishedEvent, public_id("event", thing), face, work) if is_event else None,
                is_duo=bool(face.get("isDuo")),
                is_digital=SUBCATEGORIES[face["subcategory"]].is_digital,
                sessions=[_session(s) for s in sessions[thing]] if is_event else [],
                stocks=[_stock(s, face.get("priceCents")) for s in stocks[row["id"]]],
            )
        )
    return offers


def joined_licences(attributions: Sequence[Attribution]) -> str:
    """The licence of the whole: those of all whose words are in it, joined where they differ."""
    return " AND ".join(sorted({one.licence for one in attributions}))


def _shaped(type_: type[Any], id_: str, face: Mapping[str, Any], work: PublishedWork | None = None) -> Any:
    known = {field.encode_name for field in msgspec.structs.fields(type_)}
    document = {name: value for name, value in face.items() if name in known} | {"id": id_}
    shaped = msgspec.convert(document, type_, strict=False)
    return msgspec.structs.replace(shaped, work=work) if work is not None else shaped


def _work(work_id: int | None, works: Mapping[int, Mapping[str, Any]]) -> PublishedWork | None:
    face = works.get(work_id) if work_id else None
    if face is None or work_id is None:
        return None
    return PublishedWork(id=public_id("work", work_id), title=face["title"], type=face["type"])


def _session(row: Mapping[str, Any]) -> PublishedSession:
    id_ = public_id("session", row["id"])
    if row["record"] is not None:
        # A reader limited to some sources is told what the best of them says, not what all make of it.
        shaped: PublishedSession = _shaped(PublishedSession, id_, row["record"])
        return shaped
    return PublishedSession(
        id=id_,
        begins_at=row["begins_at"],
        ends_at=row["ends_at"],
        hall=row["hall"],
        version=row["version"],
        features=list(row["features"]),
    )


def _stock(row: Mapping[str, Any], legal_price: int | None) -> PublishedStock:
    return PublishedStock(
        id=public_id("stock", row["id"]),
        price_cents=legal_price if row["price_cents"] is None else row["price_cents"],
        price_label=row["price_label"],
        session_id=public_id("session", row["session_id"]) if row["session_id"] else None,
        sellable_until=row["sellable_until"],
    )


def _attributions(
    said: Sequence[Attribution], stocks: Sequence[Mapping[str, Any]], sold_by: Mapping[int, Mapping[str, Any]]
) -> list[Attribution]:
    found = {(one.connector, one.licence): one for one in said}
    for row in stocks:
        source = sold_by[row["source_id"]]
        found.setdefault(
            (source["connector"], source["licence"]),
            Attribution(connector=source["connector"], licence=source["licence"], observed_at=row["observed_at"]),
        )
    return [found[key] for key in sorted(found)]


async def _sources(conn: Connection, ids: Collection[int]) -> dict[int, Mapping[str, Any]]:
    rows = await conn.fetch("select id, connector, licence from source where id = any($1::bigint[])", sorted(ids))
    return {row["id"]: dict(row) for row in rows}

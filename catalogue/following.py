"""What refers to an entity follows the records that moved: works' editions and events, events' dates and tickets,
products' offers, venues' events. By what the records themselves say, so that going back is the same as going.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from catalogue import following_events, following_products
from catalogue.changes import Touched
from catalogue.database import Connection
from catalogue.kinds import IMPLIED, KindCode
from catalogue.members import Member
from catalogue.refusals import MergeRefused


@dataclass(frozen=True, slots=True)
class Step:
    """Records that went from one entity to another."""

    merge_id: int | None
    """None where a record was split off for good."""
    left: int
    joined: int
    members: Sequence[Member] = field(default_factory=list)
    back: bool = False
    """It is a merge being undone."""


_SELLS = """
select exists (select from stock where venue_id = $1) or exists (select from source where venue_id = $1)
"""
# Things whose own record names a work's record that moved: an event by its `workKey`, an edition by that or by itself.
_OF_WORKS = """
select r.kind, r.entity_id as id
from unnest($1::bigint[], $2::text[], $3::text[]) as m (source_id, key, part)
join source_record r on r.source_id = m.source_id and r.kind in (2, 4) and r.gone_at is null
 and case when m.part = $4 then r.kind = 2 and r.key = m.key and r.record ->> 'workKey' is null
          else r.record ->> 'workKey' = m.key end
where r.entity_id is not null
"""
_MOVE_EVENTS = """
with of_venue as (
    select distinct r.entity_id as id
    from unnest($1::bigint[], $2::text[]) as m (source_id, key)
    join source_record r on r.source_id = m.source_id and r.kind = 4 and r.record ->> 'venueKey' = m.key
), ordered as (
    select e.id from event e join of_venue v on v.id = e.id where e.venue_id = $3 order by e.id for no key update of e
)
update event e set venue_id = $4, changed_at = now() from ordered o where e.id = o.id returning e.id
"""
_MOVE_OFFERS = """
with ordered as (
    select id from offer where event_id = any($1::bigint[]) and venue_id = $2 order by id for no key update
)
update offer o set venue_id = $3, changed_at = now() from ordered where o.id = ordered.id returning o.id
"""
_EVENTS_WORK = """
update event e set work_id = found.work_id
from (
    select distinct on (r.entity_id) r.entity_id as id, w.entity_id as work_id
    from source_record r join source s on s.id = r.source_id
    join source_record w on w.source_id = r.source_id and w.kind = 1 and w.key = r.record ->> 'workKey' and w.part = ''
    where r.kind = 4 and r.entity_id = any($1::bigint[]) and r.gone_at is null and w.entity_id is not null
    order by r.entity_id, s.trust desc, r.observed_at desc, r.source_id, r.key
) found
where e.id = found.id and e.work_id is distinct from found.work_id
"""
_PRODUCTS_WORK = """
update product p set work_id = found.work_id
from (
    select distinct on (r.entity_id) r.entity_id as id, w.entity_id as work_id
    from source_record r join source s on s.id = r.source_id
    join source_record w on w.source_id = r.source_id and w.kind = 1
     and (w.key, w.part) = (coalesce(r.record ->> 'workKey', r.key),
                            case when r.record ->> 'workKey' is null then $2 else '' end)
    where r.kind = 2 and r.entity_id = any($1::bigint[]) and r.gone_at is null and w.entity_id is not null
    order by r.entity_id, s.trust desc, r.observed_at desc, r.source_id, r.key
) found
where p.id = found.id and p.work_id is distinct from found.work_id
"""
_OFFERS_OF = """
select id from offer where merged_into is null and (product_id = any($1::bigint[]) or event_id = any($2::bigint[]))
"""


async def sells(conn: Connection, venue_id: int) -> bool:
    """Whether a venue has stocks, or a source that is bound to it."""
    found: bool = await conn.fetchval(_SELLS, venue_id)
    return found


async def check(conn: Connection, kind: KindCode, survivor: int, absorbed: int) -> None:
    """`MergeRefused` where the two cannot be one as things stand."""
    if kind is KindCode.VENUE and await sells(conn, absorbed):
        raise MergeRefused(
            "les deux lieux vendent : leurs stocks ne changent pas de lieu, désactivez d'abord une source"
        )
    if kind is KindCode.EVENT:
        places = await conn.fetch(
            "select distinct venue_id from event where id = any($1::bigint[])", [survivor, absorbed]
        )
        if len(places) > 1:
            raise MergeRefused("ces événements ne sont pas au même lieu : rapprochez d'abord les lieux")
    if kind is KindCode.PRODUCT:
        eans = await conn.fetch(
            "select distinct ean from product where id = any($1::bigint[]) and ean is not null", [survivor, absorbed]
        )
        if len(eans) > 1:
            raise MergeRefused("deux EAN sont deux éditions : rapprochez plutôt leurs œuvres")


async def follow(conn: Connection, kind: KindCode, step: Step, touched: Touched) -> None:
    """Lets everything that refers to the moved records refer to where they are now."""
    if kind is KindCode.WORK:
        await _follow_works(conn, step, touched)
    elif kind is KindCode.VENUE:
        await _follow_venues(conn, step, touched)
    elif kind is KindCode.EVENT:
        await following_events.follow(conn, step, touched)
    else:
        await following_products.follow(conn, step, touched)


async def relink_events(conn: Connection, ids: Sequence[int]) -> None:
    """Events are of the work that their most trusted record names, where one does."""
    await conn.execute(_EVENTS_WORK, list(ids))


async def relink_products(conn: Connection, ids: Sequence[int]) -> None:
    """Editions are of the work that their most trusted record names or implies."""
    await conn.execute(_PRODUCTS_WORK, list(ids), IMPLIED)


async def _follow_works(conn: Connection, step: Step, touched: Touched) -> None:
    rows = await conn.fetch(
        _OF_WORKS,
        [member.source_id for member in step.members],
        [member.key for member in step.members],
        [member.part for member in step.members],
        IMPLIED,
    )
    products = sorted({row["id"] for row in rows if row["kind"] == KindCode.PRODUCT})
    events = sorted({row["id"] for row in rows if row["kind"] == KindCode.EVENT})
    for kind, ids in ((KindCode.PRODUCT, products), (KindCode.EVENT, events)):
        await conn.execute(
            f"select from {kind.name.lower()} where id = any($1::bigint[]) order by id for no key update",
            ids,
        )
        touched.add(kind, ids)
    await relink_products(conn, products)
    await relink_events(conn, events)
    touched.add(KindCode.OFFER, [row["id"] for row in await conn.fetch(_OFFERS_OF, products, events)])


async def _follow_venues(conn: Connection, step: Step, touched: Touched) -> None:
    events = [
        row["id"]
        for row in await conn.fetch(
            _MOVE_EVENTS,
            [member.source_id for member in step.members],
            [member.key for member in step.members],
            step.left,
            step.joined,
        )
    ]
    offers = await conn.fetch(_MOVE_OFFERS, events, step.left, step.joined)
    touched.add(KindCode.EVENT, events)
    touched.add(KindCode.OFFER, [row["id"] for row in offers])

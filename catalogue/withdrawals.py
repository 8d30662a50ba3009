"""What a source no longer names, or says is gone. Nothing is deleted: rows become tombstones and may come back.

A thing goes only when no other source still speaks of it. Sessions that are over are not withdrawals.
Which sessions may not be cancelled because seats of them are sold is the caller's to say.
"""

from __future__ import annotations

from collections.abc import Sequence

from catalogue.changes import Op
from catalogue.entities import derive
from catalogue.kinds import IMPLIED, MATCHED, KindCode
from catalogue.merging import Merge, Outcome
from catalogue.portraits import index

STAGE = """
create temp table if not exists stage_gone (kind smallint, key text, part text, entity_id bigint) on commit delete rows
"""

NAME = """
insert into stage_gone (kind, key, part, entity_id)
select r.kind, r.key, r.part, r.entity_id
from unnest($2::smallint[], $3::text[], $4::text[]) as g (kind, key, part)
join source_record r on r.source_id = $1 and r.kind = g.kind and r.key = g.key and r.part = g.part
where r.gone_at is null and r.observed_at <= $5
"""

NAME_STOCKS = """
insert into stage_gone (kind, key, part, entity_id)
select 6, u.key, u.part, u.stock_id
from unnest($2::text[], $3::text[]) as g (key, part)
join supply u on u.source_id = $1 and u.key = g.key and u.part = g.part
where u.gone_at is null and u.observed_at <= $4
"""

DEPENDENTS = (
    """
    insert into stage_gone
    select r.kind, r.key, r.part, r.entity_id from source_record r
    where r.source_id = $1 and r.kind = 1 and r.part = 'product' and r.gone_at is null
      and r.key in (select key from stage_gone where kind = 2)
    """,
    """
    insert into stage_gone
    select r.kind, r.key, r.part, r.entity_id from source_record r join session x on x.id = r.entity_id
    where r.source_id = $1 and r.kind = 5 and r.gone_at is null and x.begins_at > now()
      and r.record ->> 'eventKey' in (select key from stage_gone where kind = 4)
      and not exists (select from stage_gone g where g.kind = 5 and g.key = r.key and g.part = r.part)
    """,
    """
    insert into stage_gone
    select 6, u.key, u.part, u.stock_id
    from stock k join supply u on u.source_id = $1 and u.stock_id = k.id and u.venue_id = k.venue_id
    where u.gone_at is null and k.session_id in (
        select x.entity_id from stage_gone x where x.kind = 5 and not exists (
            select from source_record o where o.kind = 5 and o.entity_id = x.entity_id and o.source_id = $1
              and o.gone_at is null
              and not exists (select from stage_gone h where h.kind = 5 and h.key = o.key and h.part = o.part)))
      and not exists (select from stage_gone g where g.kind = 6 and g.key = u.key and g.part = u.part)
    """,
)

SPARE = "delete from stage_gone where kind = 5 and entity_id = any($1::bigint[])"

BURY = (
    """
    update source_record r set gone_at = now(), hash = ''::bytea, observed_at = greatest(r.observed_at, $2)
    from stage_gone g where r.source_id = $1 and r.kind = g.kind and r.key = g.key and r.part = g.part
    """,
    """
    update supply u set gone_at = now(), observed_at = greatest(u.observed_at, $2)
    from stage_gone g where g.kind = 6 and u.source_id = $1 and u.key = g.key and u.part = g.part
    """,
)

ALONE = """
select distinct g.entity_id as id from stage_gone g
where g.kind = $1 and g.entity_id is not null and not exists (
    select from source_record r where r.kind = $1 and r.entity_id = g.entity_id and r.gone_at is null)
order by 1
"""

STOCKS = """
with ordered as (
    select k.id, k.venue_id from stock k where k.id in (select entity_id from stage_gone where kind = 6)
    order by k.id for no key update
)
update stock k set withdrawn_at = now() from ordered o
where k.id = o.id and k.venue_id = o.venue_id and k.withdrawn_at is null returning k.offer_id
"""

SESSIONS = """
update session set cancelled_at = now(), changed_at = now()
where id = any($1::bigint[]) and cancelled_at is null and begins_at > now() returning event_id
"""

EMPTY_OFFERS = """
with ordered as (
    select o.id from offer o
    left join event e on e.id = o.event_id
    where o.merged_into is null and o.withdrawn_at is null
      and (o.id = any($1::bigint[]) or o.product_id = any($2::bigint[]) or o.event_id = any($3::bigint[]))
      and (o.event_id is null or e.withdrawn_at is not null)
      and not exists (select from stock k where k.offer_id = o.id and k.withdrawn_at is null)
    order by o.id for no key update of o
)
update offer o set withdrawn_at = now(), changed_at = now() from ordered where o.id = ordered.id returning o.id
"""

# What the source names by another key has not gone.
WENT = """
select count(*) from stage_gone g where (g.part <> $2 or g.kind <> 1) and (g.kind = 6 or not exists (
    select from source_record o where o.source_id = $1 and o.kind = g.kind and o.entity_id = g.entity_id
      and o.gone_at is null))
"""

TOUCHED_OFFERS = """
select id from offer where merged_into is null and withdrawn_at is null
  and (id = any($1::bigint[]) or product_id = any($2::bigint[]) or event_id = any($3::bigint[])) order by id
"""


async def withdraw(
    merge: Merge, gone: Sequence[tuple[KindCode, str, str]], *, spared_sessions: Sequence[int] = ()
) -> Outcome:
    """Takes what is gone off the catalogue: (kind, key, part) as the source named them, once known.

    `spared_sessions` stay as they are, though their stocks go off sale. Tells how many records went.
    """
    if not gone:
        return Outcome()
    conn, source = merge.conn, merge.source
    await conn.execute(STAGE)
    await conn.execute("delete from stage_gone")
    matched = [name for name in gone if name[0] is not KindCode.STOCK]
    stocks = [name for name in gone if name[0] is KindCode.STOCK]
    kinds, keys, parts = [k.value for k, _, _ in matched], [key for _, key, _ in matched], [p for _, _, p in matched]
    await conn.execute(NAME, source.id, kinds, keys, parts, merge.observed_at)
    keys, parts = [key for _, key, _ in stocks], [part for _, _, part in stocks]
    await conn.execute(NAME_STOCKS, source.id, keys, parts, merge.observed_at)
    if not await conn.fetchval("select exists (select from stage_gone)"):
        return Outcome()
    for statement in DEPENDENTS:
        await conn.execute(statement, source.id)
    await conn.execute(SPARE, list(spared_sessions))
    for statement in BURY:
        await conn.execute(statement, source.id, merge.observed_at)

    offers = [row["offer_id"] for row in await conn.fetch(STOCKS)]
    sessions = [row["id"] for row in await conn.fetch(ALONE, KindCode.SESSION.value)]
    events = {row["event_id"] for row in await conn.fetch(SESSIONS, sessions)}
    alone: dict[KindCode, list[int]] = {}
    for kind in MATCHED:
        alone[kind], others = await _bury_entities(merge, kind)
        if kind is KindCode.EVENT:
            events.update(others, alone[kind])
    await close_offers(merge, offers, alone[KindCode.PRODUCT], sorted(events))
    return Outcome(withdrawn=await conn.fetchval(WENT, source.id, IMPLIED))


async def _bury_entities(merge: Merge, kind: KindCode) -> tuple[list[int], list[int]]:
    """Of the staged entities, those nobody speaks of are withdrawn, the others derived anew; the ids of both."""
    conn = merge.conn
    alone = [row["id"] for row in await conn.fetch(ALONE, kind.value)]
    await conn.execute(
        f"update {kind.name.lower()} set withdrawn_at = now(), changed_at = now() where id = any($1::bigint[])",  # noqa: S608
        alone,
    )
    named = await conn.fetch("select distinct entity_id as id from stage_gone where kind = $1", kind.value)
    others = sorted({row["id"] for row in named if row["id"]}.difference(alone))
    if others:
        await derive(conn, kind, others)
        await index(conn, kind, others)
        merge.touched.add(kind, others)
    merge.touched.add(kind, alone, Op.WITHDRAWN)
    return alone, others


async def abandon(merge: Merge, kind: KindCode, ids: Sequence[int]) -> None:
    """Of entities a record has just left for another one, takes those off that nobody speaks of any more."""
    if not ids:
        return
    await merge.conn.execute(STAGE)
    await merge.conn.execute("delete from stage_gone")
    await merge.conn.execute(
        "insert into stage_gone (kind, entity_id) select $1, id from unnest($2::bigint[]) as t (id)",
        kind.value,
        sorted(set(ids)),
    )
    await _bury_entities(merge, kind)


async def close_offers(
    merge: Merge, offers: Sequence[int], products: Sequence[int] = (), events: Sequence[int] = ()
) -> None:
    """Logs that these offers, and those of these things, lost something; takes off the catalogue what is left empty."""
    about = (list(offers), list(products), list(events))
    merge.touched.add(KindCode.OFFER, [row["id"] for row in await merge.conn.fetch(TOUCHED_OFFERS, *about)])
    emptied = [row["id"] for row in await merge.conn.fetch(EMPTY_OFFERS, *about)]
    merge.touched.add(KindCode.OFFER, emptied, Op.WITHDRAWN)

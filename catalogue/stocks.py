"""Merges a batch of stocks: what changed, what each is of, then offer, stock and supply, all set-based.

What a source says of a stock is one row of `supply`. A till names books by EAN: while nobody has described one, its
row waits there, without product, offer or stock, until `waiting.py` takes it up. What was not asked for after a
newer answer does not overwrite it.
"""

from __future__ import annotations

from collections.abc import Sequence

from catalogue.kinds import KindCode
from catalogue.merging import Fault, Merge, Outcome
from catalogue.renaming_stocks import take_known_stocks
from catalogue.withdrawals import close_offers
from schemas.records import Stock

DESCRIBING = 0x6465_7363
"""The advisory lock between who looks whether a book is described (shared) and who describes some (exclusive).

Without it one could miss the other: each looks before the other has committed, and a row would wait for ever.
"""

COLUMNS = (
    "n", "key", "part", "ean", "of_kind", "of_key", "price_cents", "price_label", "available", "sellable_until",
)  # fmt: skip

STAGE = """
create temp table if not exists stage_stock (
    n int, key text collate "C", part text collate "C", ean text collate "C", of_kind smallint,
    of_key text collate "C", price_cents int, price_label text, available int, sellable_until timestamptz,
    known boolean not null default false, unchanged boolean not null default false, fault text,
    source_id bigint, product_id bigint, session_id bigint, event_id bigint, venue_id bigint, offer_id bigint,
    stock_id bigint, is_new boolean not null default false
) on commit delete rows
"""

COMPARE = """
update stage_stock s
set known = true, stock_id = u.stock_id, venue_id = u.venue_id,
    unchanged = u.observed_at > $2 or (u.gone_at is null
        and (u.ean, u.of_kind, u.of_key, u.price_cents, u.price_label, u.available, u.sellable_until)
        is not distinct from
        (s.ean, s.of_kind, s.of_key, s.price_cents, s.price_label, s.available, s.sellable_until))
from supply u
where u.source_id = $1 and u.key = s.key and u.part = s.part
"""

# Where it was does not say where it is.
FORGET_PLACE = "update stage_stock set venue_id = null where not unchanged and known"

RESOLVE_EAN = """
update stage_stock s set venue_id = $1, product_id = (
    select p.id from product p where p.ean = s.ean and p.merged_into is null)
where not s.unchanged and s.ean is not null
"""

RESOLVE_PRODUCT = """
update stage_stock s set product_id = r.entity_id, venue_id = $2
from source_record r
where not s.unchanged and s.of_kind = 2 and r.source_id = $1 and r.kind = 2 and r.key = s.of_key and r.part = ''
  and r.gone_at is null
"""

RESOLVE_SESSION = """
update stage_stock s set session_id = x.id, event_id = e.id, venue_id = e.venue_id
from source_record r join session x on x.id = r.entity_id join event e on e.id = x.event_id
where not s.unchanged and s.of_kind = 5 and r.source_id = $1 and r.kind = 5 and r.key = s.of_key and r.part = ''
  and r.gone_at is null
"""

RESOLVE_EVENT = """
update stage_stock s set event_id = e.id, venue_id = e.venue_id
from source_record r join event e on e.id = r.entity_id
where not s.unchanged and s.of_kind = 4 and r.source_id = $1 and r.kind = 4 and r.key = s.of_key and r.part = ''
  and r.gone_at is null
"""

FAULT = """
update stage_stock set fault = case
    when of_kind = 5 then 'stock d''une séance inconnue : ' || of_key
    when of_kind = 4 then 'stock d''un événement inconnu : ' || of_key
    when of_kind = 2 and product_id is null then 'stock d''un produit inconnu : ' || of_key
    else 'la source n''est liée à aucun lieu' end
where not unchanged and (venue_id is null or (ean is null and product_id is null and event_id is null))
returning n, fault
"""

PROPOSE = (
    """
    insert into offer (venue_id, product_id)
    select distinct s.venue_id, s.product_id from stage_stock s
    where not s.unchanged and s.fault is null and s.product_id is not null and not exists (
        select from offer o where o.merged_into is null and o.venue_id = s.venue_id and o.product_id = s.product_id)
    order by 1, 2 on conflict do nothing
    """,
    """
    insert into offer (venue_id, event_id)
    select distinct s.venue_id, s.event_id from stage_stock s
    where not s.unchanged and s.fault is null and s.event_id is not null and not exists (
        select from offer o where o.merged_into is null and o.event_id = s.event_id)
    order by 1, 2 on conflict do nothing
    """,
)

FIND_OFFER = (
    """
    update stage_stock s set offer_id = o.id from offer o
    where not s.unchanged and s.fault is null and o.merged_into is null
      and o.venue_id = s.venue_id and o.product_id = s.product_id
    """,
    """
    update stage_stock s set offer_id = o.id from offer o
    where not s.unchanged and s.fault is null and o.merged_into is null and o.event_id = s.event_id
    """,
)

# A stock does not change venues: the row gets another one. One whose new EAN nobody has described has none for now.
LEAVE = """
with moved as (
    update stage_stock s set stock_id = null from stock k
    where not s.unchanged and s.fault is null and k.id = s.stock_id
      and (k.venue_id <> s.venue_id or s.offer_id is null)
    returning k.id, k.venue_id
)
update stock k set withdrawn_at = now() from moved m where k.id = m.id and k.venue_id = m.venue_id
returning k.offer_id
"""

LEFT_OFFERS = """
select distinct k.offer_id from stock k join stage_stock s on s.stock_id = k.id and s.venue_id = k.venue_id
where not s.unchanged and s.fault is null and s.offer_id <> k.offer_id order by 1
"""

NUMBER_NEW = """
update stage_stock set stock_id = nextval((select pg_get_serial_sequence('stock', 'id')::regclass)), is_new = true
where not unchanged and fault is null and stock_id is null and offer_id is not null
"""

INSERT = """
insert into stock (id, venue_id, offer_id, session_id, price_cents, price_label, sellable_until)
overriding system value
select stock_id, venue_id, offer_id, session_id, price_cents, price_label, sellable_until
from stage_stock where not unchanged and fault is null and is_new order by stock_id
"""

UPDATE = """
with ordered as (
    select k.id, k.venue_id from stock k join stage_stock s on k.id = s.stock_id and k.venue_id = s.venue_id
    where not s.unchanged and s.fault is null and not s.is_new order by k.id for no key update of k
)
update stock k
set offer_id = s.offer_id, session_id = s.session_id, price_cents = s.price_cents, price_label = s.price_label,
    sellable_until = s.sellable_until, withdrawn_at = null
from ordered o join stage_stock s on s.stock_id = o.id
where k.id = o.id and k.venue_id = o.venue_id
  and (k.offer_id, k.session_id, k.price_cents, k.price_label, k.sellable_until, k.withdrawn_at)
      is distinct from (s.offer_id, s.session_id, s.price_cents, s.price_label, s.sellable_until, null)
"""

ZEROED = """
select count(*) from stage_stock s join supply u on u.source_id = $1 and u.key = s.key and u.part = s.part
where not s.unchanged and s.fault is null and s.known and s.available = 0
  and u.available is distinct from 0 and u.gone_at is null
"""

SAY_ANEW = """
with ordered as (
    select u.key, u.part from supply u join stage_stock s on u.source_id = $1 and u.key = s.key and u.part = s.part
    where not s.unchanged and s.fault is null and s.known order by u.key, u.part for no key update of u
)
update supply u
set venue_id = s.venue_id, stock_id = s.stock_id, ean = s.ean, of_kind = s.of_kind, of_key = s.of_key,
    price_cents = s.price_cents, price_label = s.price_label, sellable_until = s.sellable_until,
    available = s.available, seen = 0, observed_at = $2, generation = $3, gone_at = null
from ordered o join stage_stock s on s.key = o.key and s.part = o.part
where u.source_id = $1 and u.key = o.key and u.part = o.part
"""

SAY = """
insert into supply (source_id, key, part, venue_id, stock_id, ean, of_kind, of_key, price_cents, price_label,
                    sellable_until, available, observed_at, generation)
select $1::bigint, key, part, venue_id, stock_id, ean, of_kind, of_key, price_cents, price_label, sellable_until,
       available, $2::timestamptz, $3::int
from stage_stock where not unchanged and fault is null and not known order by key, part
"""

TOUCHED_OFFERS = """
with touched as (
    select distinct offer_id as id from stage_stock
    where not unchanged and fault is null and offer_id is not null
), ordered as (
    -- What this very transaction made or touched needs no second version.
    select o.id from offer o join touched t on t.id = o.id
    where o.changed_at < now() or o.withdrawn_at is not null
    order by o.id for no key update of o
), reopened as (
    update offer o set changed_at = now(), withdrawn_at = null from ordered where o.id = ordered.id
)
select id from touched
"""

TALLY = """
select count(*) filter (where unchanged) as unchanged,
       count(*) filter (where not unchanged and fault is null and known) as changed,
       count(*) filter (where not unchanged and fault is null and not known) as created
from stage_stock
"""


def said_of(record: Stock) -> tuple[str | None, int | None, str | None]:
    """Of what a stock is, as `supply` keeps it: an EAN, or a kind and the key of a thing of the same source."""
    if record.session_key is not None:
        return None, KindCode.SESSION.value, record.session_key
    if record.event_key is not None:
        return None, KindCode.EVENT.value, record.event_key
    if record.product_key is not None:
        return None, KindCode.PRODUCT.value, record.product_key
    return record.ean, None, None


async def open_stage(merge: Merge) -> None:
    """The batch's own table, empty. It lasts until the transaction ends: what follows the merge reads it."""
    await merge.conn.execute(STAGE)
    await merge.conn.execute("delete from stage_stock")


async def merge_stocks(merge: Merge, rows: Sequence[tuple[int, Stock]]) -> Outcome:
    """Merges stocks given as (row number, record); keys are unique within the batch.

    The stage table holds the batch until the transaction ends: sync reads it to work out what the
    provider had seen of our sales.
    """
    if not rows:
        return Outcome()
    conn = merge.conn
    await open_stage(merge)
    await conn.copy_records_to_table(
        "stage_stock",
        columns=COLUMNS,
        records=[
            (n, r.ref.key, r.ref.part, *said_of(r), r.price_cents, r.price_label, r.available, r.sellable_until)
            for n, r in rows
        ],
    )
    await conn.execute("analyze stage_stock")
    await conn.execute(COMPARE, merge.source.id, merge.observed_at)
    return await merge_staged(merge)


async def merge_staged(merge: Merge) -> Outcome:
    """Merges what differs of the stage table's rows, once they have been compared."""
    conn, source = merge.conn, merge.source
    [tally] = await conn.fetch(TALLY)
    if not tally["created"] and not tally["changed"]:
        return Outcome(unchanged=tally["unchanged"])
    await conn.execute(FORGET_PLACE)
    if await conn.fetchval("select exists (select from stage_stock where not unchanged and ean is not null)"):
        await hold_descriptions(merge)
    await conn.execute(RESOLVE_EAN, source.venue_id)
    await conn.execute(RESOLVE_PRODUCT, source.id, source.venue_id)
    await conn.execute(RESOLVE_SESSION, source.id)
    await conn.execute(RESOLVE_EVENT, source.id)
    faults = [Fault(row["n"], row["fault"]) for row in await conn.fetch(FAULT)]
    await find_offers(merge)
    await take_known_stocks(merge)
    left = [row["offer_id"] for row in (*await conn.fetch(LEAVE), *await conn.fetch(LEFT_OFFERS))]
    await conn.execute(NUMBER_NEW)
    await conn.execute(INSERT)
    await conn.execute(UPDATE)
    zeroed: int = await conn.fetchval(ZEROED, source.id)
    await conn.execute(SAY_ANEW, source.id, merge.observed_at, merge.generation)
    await conn.execute(SAY, source.id, merge.observed_at, merge.generation)
    await touch_offers(merge)
    if left:
        await close_offers(merge, left)
    [tally] = await conn.fetch(TALLY)
    return Outcome(tally["created"], tally["changed"], tally["unchanged"], zeroed=zeroed, faults=faults)


async def hold_descriptions(merge: Merge) -> None:
    """From now on, until this transaction ends, nobody describes a book that it has not found described."""
    if not merge.is_rehearsal:
        await merge.conn.execute("select pg_advisory_xact_lock_shared($1)", DESCRIBING)


async def find_offers(merge: Merge) -> None:
    """Gives the staged rows that are of something their offers, made where there was none."""
    for statement in (*PROPOSE, *FIND_OFFER):
        await merge.conn.execute(statement)


async def touch_offers(merge: Merge) -> None:
    """Logs the staged rows' offers, and puts those back that were withdrawn."""
    merge.touched.add(KindCode.OFFER, [row["id"] for row in await merge.conn.fetch(TOUCHED_OFFERS)])

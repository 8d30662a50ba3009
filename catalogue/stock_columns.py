"""Merges whole pages of a till: most rows are as they were, or new.

One statement compares the rows and writes the new ones: a book that nobody has described is a row of `supply` that
waits, one that is described gets its offer and its stock as well. What is left goes the way of all stocks
(`stocks.py`): rows that changed, and new ones of books that the venue has an offer of already.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from catalogue.kinds import KindCode
from catalogue.merging import Merge, Outcome
from catalogue.stocks import hold_descriptions, merge_staged, open_stage

Row = tuple[str, int | None, int | None, datetime | None]
"""An EAN, which is the row's key, how many, the price in cents, until when."""

STAGE = """
create temp table if not exists stage_page (
    key text collate "C", available int, price_cents int, sellable_until timestamptz
) on commit delete rows
"""

# Laterals with a limit: never a join by hash or sort over a source's whole supply, whatever the statistics say. Should
# another source of the venue propose one of the books at this very moment, the batch is refused and tried again.
MERGE = """
with numbers as materialized (
    select pg_get_serial_sequence('offer', 'id')::regclass as of_offer,
           pg_get_serial_sequence('stock', 'id')::regclass as of_stock
), highest as materialized (
    -- Beyond it nothing is known: a first load in the order of its keys looks none of them up.
    select max(key) as key from supply where source_id = $1
), looked as materialized (
    select s.key, s.available, s.price_cents, s.sellable_until, u.known, u.late, u.same, u.stock_id, u.venue_id,
           p.id as product_id, o.id as offer_id
    from stage_page s
    left join lateral (
        select true as known, w.observed_at > $3 as late, w.stock_id, w.venue_id,
               w.gone_at is null and w.ean = s.key and w.available is not distinct from s.available
               and w.price_cents is not distinct from s.price_cents
               and w.sellable_until is not distinct from s.sellable_until and w.price_label is null as same
        from supply w
        where s.key <= (select key from highest) and w.source_id = $1 and w.key = s.key and w.part = '' limit 1
    ) u on true
    left join lateral (
        select d.id from product d where u.known is null and d.ean = s.key and d.merged_into is null limit 1) p on true
    left join lateral (
        select f.id from offer f where f.product_id = p.id and f.venue_id = $2 and f.merged_into is null limit 1
    ) o on true
), arriving as materialized (
    select key, available, price_cents, sellable_until, product_id,
           case when product_id is not null then nextval(n.of_offer) end as offer_id,
           case when product_id is not null then nextval(n.of_stock) end as stock_id
    from looked, numbers n where known is null and offer_id is null
), proposed as (
    insert into offer (id, venue_id, product_id) overriding system value
    select offer_id, $2, product_id from arriving where product_id is not null
), stocked as (
    insert into stock (id, venue_id, offer_id, price_cents, sellable_until) overriding system value
    select stock_id, $2, offer_id, price_cents, sellable_until from arriving where product_id is not null
), said as (
    insert into supply (source_id, key, venue_id, stock_id, ean, available, price_cents, sellable_until, observed_at,
                        generation)
    select $1, key, $2, stock_id, key, available, price_cents, sellable_until, $3, $4 from arriving
), others as (
    insert into stage_stock (key, part, ean, available, price_cents, sellable_until, known, stock_id, venue_id)
    select key, '', key, available, price_cents, sellable_until, known is not null, stock_id, venue_id
    from looked where (known and not late and same is not true) or offer_id is not null
)
select count(*) filter (where known is null and offer_id is null) as created,
       count(*) filter (where known and (late or same)) as unchanged,
       count(*) filter (where known and late and same is not true) as late,
       (select coalesce(array_agg(offer_id), '{}') from arriving where product_id is not null) as offers
from looked
"""


async def merge_columns(merge: Merge, rows: Iterable[Row]) -> tuple[Outcome, bool]:
    """Merges rows of a source that is bound to a venue, keys unique and without parts.

    Tells what came of them, and whether all are now as told: a row that was told of otherwise since is not.
    """
    conn, source = merge.conn, merge.source
    await open_stage(merge)
    await conn.execute(STAGE)
    await conn.execute("delete from stage_page")
    await conn.copy_records_to_table("stage_page", records=rows)
    await hold_descriptions(merge)
    [tally] = await conn.fetch(MERGE, source.id, source.venue_id, merge.observed_at, merge.generation)
    merge.touched.add(KindCode.OFFER, tally["offers"])
    outcome = Outcome(created=tally["created"], unchanged=tally["unchanged"])
    outcome.add(await merge_staged(merge))
    return outcome, not tally["late"]

"""Rows of tills that wait for somebody to describe their book, and what becomes of them when somebody does.

A till counts what it has by EAN, described or not. Until a publisher's feed names an EAN there is nothing to show or
to book: the row of `supply` is all there is. The batch that describes the book makes the rest, for all who have it.
"""

from __future__ import annotations

from collections.abc import Sequence

from catalogue.merging import Merge
from catalogue.stocks import DESCRIBING, INSERT, NUMBER_NEW, find_offers, open_stage, touch_offers

TAKE_UP = """
insert into stage_stock (source_id, venue_id, key, part, product_id, price_cents, price_label, sellable_until, known)
select u.source_id, u.venue_id, u.key, u.part, p.id, u.price_cents, u.price_label, u.sellable_until, true
from unnest($1::bigint[]) as t (id) join product p on p.id = t.id and p.merged_into is null
cross join lateral (
    select * from supply w where w.ean = p.ean and w.stock_id is null and w.gone_at is null) u
"""

GIVE_STOCKS = """
with ordered as (
    select u.source_id, u.key, u.part, u.venue_id, s.stock_id
    from stage_stock s join supply u on (u.source_id, u.key, u.part, u.venue_id)
        = (s.source_id, s.key, s.part, s.venue_id)
    where s.stock_id is not null order by u.source_id, u.key, u.part for no key update of u
)
update supply u set stock_id = o.stock_id from ordered o
where (u.source_id, u.key, u.part, u.venue_id) = (o.source_id, o.key, o.part, o.venue_id)
"""


async def take_up(merge: Merge, products: Sequence[int]) -> int:
    """Makes offers and stocks of the rows that wait for these products; tells how many.

    Waits for the tills' transactions under way, and they for this one: whoever commits second has seen the other.
    """
    if not products:
        return 0
    conn = merge.conn
    if not merge.is_rehearsal:
        await conn.execute("select pg_advisory_xact_lock($1)", DESCRIBING)
    await open_stage(merge)
    taken = int((await conn.execute(TAKE_UP, list(products))).split()[-1])
    if taken:
        await find_offers(merge)
        await conn.execute(NUMBER_NEW)
        await conn.execute(INSERT)
        await conn.execute(GIVE_STOCKS)
        await touch_offers(merge)
    return taken

"""Stocks under new keys: of the same thing at the same price, which this reading has not named.

The row takes its new name and keeps its stock, so that what was sold of it stays sold. A till that restates half its
shop under new keys in one batch has renamed it; one that adds a second row of one EAN has not.
"""

from __future__ import annotations

from collections import Counter

import asyncpg

from catalogue.kinds import KindCode
from catalogue.merging import Merge, Reading
from catalogue.renaming import is_overnight

_CANDIDATES = """
select s.n, s.key, s.part, s.of_kind, s.of_key, u.key as was, u.part as was_part, u.of_key as was_of,
       u.venue_id, u.stock_id, u.gone_at is not null as is_gone
from stage_stock s
join stock k on k.offer_id = s.offer_id and k.venue_id = s.venue_id and k.session_id is not distinct from s.session_id
 and k.price_cents is not distinct from s.price_cents and k.price_label is not distinct from s.price_label
join supply u on u.stock_id = k.id and u.venue_id = k.venue_id and u.source_id = $1
where not s.unchanged and s.fault is null and not s.known and u.key <> s.key
  and not exists (select from stage_stock t where t.key = u.key and t.part = u.part)
union all
select s.n, s.key, s.part, s.of_kind, s.of_key, u.key, u.part, u.of_key, u.venue_id, u.stock_id, false
from stage_stock s
join supply u on u.ean = s.ean and u.stock_id is null and u.gone_at is null and u.source_id = $1
 and u.venue_id = s.venue_id
 and u.price_cents is not distinct from s.price_cents and u.price_label is not distinct from s.price_label
where not s.unchanged and s.fault is null and not s.known and s.offer_id is null and u.key <> s.key
  and not exists (select from stage_stock t where t.key = u.key and t.part = u.part)
order by 1, 6, 7
"""
_RENAME = """
with ordered as (
    select u.venue_id, u.key, u.part, t.new_key, t.new_part
    from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[])
        as t (venue_id, was, was_part, new_key, new_part)
    join supply u on u.source_id = $1 and u.venue_id = t.venue_id and u.key = t.was and u.part = t.was_part
    order by u.key, u.part for no key update of u
)
update supply u set key = o.new_key, part = o.new_part from ordered o
where u.source_id = $1 and u.venue_id = o.venue_id and u.key = o.key and u.part = o.part
"""
_TAKE = """
update stage_stock s set known = true, stock_id = t.stock_id
from unnest($1::int[], $2::bigint[]) as t (n, stock_id) where s.n = t.n
"""


async def take_known_stocks(merge: Merge) -> None:
    """Gives staged rows that their source called otherwise until now the stock they are, and `supply` their new name.

    A reading that need not name everything is believed where what the stock is of has a new key too, where it says
    that the old row goes, or where nearly all of a batch's new rows are such.
    """
    if merge.reading is None:
        return
    rows = await merge.conn.fetch(_CANDIDATES, merge.source.id)
    if not rows:
        return
    named = await merge.reading.named(KindCode.STOCK, {(row["was"], row["was_part"]) for row in rows})
    # What sold out and came back as another delivery starts its own count; a session's seats go on being counted.
    found = [
        row
        for row in rows
        if (row["was"], row["was_part"]) not in named and (not row["is_gone"] or row["of_kind"] == KindCode.SESSION)
    ]
    by_row, by_old = Counter(row["n"] for row in found), Counter((row["was"], row["was_part"]) for row in found)
    found = [row for row in found if by_row[row["n"]] == 1 and by_old[row["was"], row["was_part"]] == 1]
    if not merge.reading.is_full:
        news: int = await merge.conn.fetchval(
            "select count(*) from stage_stock where not unchanged and fault is null and not known"
        )
        living = sum(not row["is_gone"] for row in found)
        if not is_overnight(merge.reading, living, news):
            found = [row for row in found if _is_told(merge.reading, row)]
    if not found:
        return
    names = [[row[column] for row in found] for column in ("venue_id", "was", "was_part", "key", "part")]
    await merge.conn.execute(_RENAME, merge.source.id, *names)
    await merge.conn.execute(_TAKE, [row["n"] for row in found], [row["stock_id"] for row in found])


def _is_told(reading: Reading, row: asyncpg.Record) -> bool:
    return (
        row["is_gone"]
        or (row["of_key"] is not None and row["of_key"] != row["was_of"])
        or reading.goes(KindCode.STOCK, row["was"], row["was_part"])
    )

"""The pages of a till's whole readings: which keys each named, and by what bytes it is known again.

A page that comes with the bytes of last time is not read twice: it costs one small row, whatever it holds. That holds
while every row of it stands as the page told it, so whatever else writes one of its rows makes it forgotten:
a delta, a replay, a deletion, emptying. What changes the meaning of the same bytes (settings, the version that reads
them) is in the digest (`connectors/stocks_api_columns.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from catalogue.database import Connection
from connectors.pages import KnownPage, SamePage, StockPage
from net.errors import FeedChanged
from sync.runs import RunContext

_KNOWN = """
select place, digest, first, last, rows, announced from stock_page where source_id = $1 and digest is not null
"""
_NOTE = """
insert into stock_page (source_id, place, digest, reading, rows, announced, first, last, keys)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (source_id, place) do update
set digest = excluded.digest, reading = excluded.reading, rows = excluded.rows, announced = excluded.announced,
    first = excluded.first, last = excluded.last, keys = excluded.keys
"""
_SEEN_AGAIN = """
update stock_page set reading = $2 where source_id = $1 and place = $3 and digest = $4
"""
# The names of the reading under way stay: its sweep asks for them.
_FORGET_BETWEEN = """
update stock_page set digest = null
where source_id = $1 and digest is not null and first <= $3 and last >= $2 and not place = any($4::text[])
"""
_FORGET_HOLDING = """
update stock_page set digest = null
where source_id = $1 and digest is not null
  and exists (select from unnest($2::text[]) as t (key) where t.key between first and last)
"""
FEW = 1_000
"""So many keys are looked for one by one."""


async def known_pages(conn: Connection, source_id: int) -> dict[str, KnownPage]:
    """By their places, the pages that need not be read again while they come with the same bytes."""
    return {place: KnownPage(*page) for place, *page in await conn.fetch(_KNOWN, source_id)}


async def note_pages(
    conn: Connection, run: RunContext, pages: Sequence[StockPage], same: Sequence[SamePage], *, as_told: bool
) -> None:
    """Notes what whole readings named. `as_told`: every row of `pages` now stands as its page says.

    Raises FeedChanged where a page was taken for the same and something has written its rows in the meantime.
    """
    for page in pages:
        if page.place is not None:
            digest = page.digest if as_told else None
            told = (digest, run.of_reading, len(page), page.announced, page.first, page.last, page.keys)
            await conn.execute(_NOTE, run.source.id, page.place, *told)
    for one in same:
        status = await conn.execute(_SEEN_AGAIN, run.source.id, run.of_reading, one.place, one.known.digest)
        if status != "UPDATE 1":
            raise FeedChanged("une page tenue pour la même a changé pendant la lecture")


async def forget_written(conn: Connection, source_id: int, keys: Collection[str]) -> None:
    """Pages that may hold one of these keys must be read again."""
    if len(keys) > FEW:
        await conn.execute(_FORGET_BETWEEN, source_id, min(keys), max(keys), [])
    elif keys:
        await conn.execute(_FORGET_HOLDING, source_id, list(keys))


async def forget_others(conn: Connection, source_id: int, pages: Sequence[StockPage]) -> None:
    """Other pages that may hold a key of these must be read again: theirs is now the last word."""
    first, last = min(page.first for page in pages), max(page.last for page in pages)
    places = [page.place for page in pages if page.place is not None]
    await conn.execute(_FORGET_BETWEEN, source_id, first, last, places)


async def forget_all(conn: Connection, source_id: int) -> None:
    """Every page of the source is read again."""
    await conn.execute("update stock_page set digest = null where source_id = $1 and digest is not null", source_id)


async def forget_earlier(conn: Connection, run: RunContext) -> None:
    """At the end of a whole reading: pages that it did not show are no more."""
    await conn.execute("delete from stock_page where source_id = $1 and reading <> $2", run.source.id, run.of_reading)

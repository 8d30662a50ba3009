"""All offers that may leave, page by page: no connection is held while the reader of a page takes its time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime

from catalogue.database import Connection, Pool
from catalogue.offers import offer_ids, open_sources, read_offers
from open_data.licences import OPEN, joined, may_leave
from schemas.offers import Offer

PAGE = 500
"""Offers read in one short transaction."""


async def pages(pool: Pool, *, at: datetime, size: int = PAGE) -> AsyncGenerator[list[Offer], None]:
    """Every offer that may leave, as published at `at`, in the order of our row ids, `size` rows at a time.

    Each page is one consistent view of its own; the whole is not one snapshot of the base, so that a slow
    reader keeps no transaction open. Which sources are open is asked anew for each page: a licence that
    closes is obeyed at once. Pages may be empty.
    """
    after = 0
    while True:
        async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            ids = await offer_ids(conn, after=after, limit=size)
            if not ids:
                return
            found = await published(conn, ids, at=at)
        after = ids[-1]
        yield found


async def published(conn: Connection, ids: Sequence[int], *, at: datetime) -> list[Offer]:
    """Those of these offers that may leave, as published at `at`. To be asked within one transaction's view."""
    sources = await open_sources(conn, OPEN)
    found = await read_offers(conn, ids, at=at, sources=sources)
    return [offer for offer in found if may_leave(joined(offer.licence))]

"""`GET /jobs/{id}`: what became of a batch, item by item."""

from __future__ import annotations

from aiohttp import web

from edge.answers import answer
from edge.paging import link_next, page_asked, write_cursor
from partner_api import shown
from partner_api.keys import PARTNER_API, VENDOR
from schemas.ids import internal_id
from sync.pushing import job_of


async def job(request: web.Request) -> web.Response:
    """A batch of the caller's, with a page of its receipts in the order of its items."""
    page, vendor = page_asked(request, shape=(int,)), request[VENDOR]
    job_id = internal_id("job", request.match_info["id"])
    after = int(page.after[0]) if page.after else 0
    async with request.app[PARTNER_API].pool.acquire() as conn:
        found = await job_of(conn, job_id, vendor.vendor_id, vendor.venue_ids, after=after, limit=page.limit)
    response = answer(shown.job(found))
    more = bool(found.receipts) and found.receipts[-1].n < found.items
    link_next(response, request, write_cursor(found.receipts[-1].n) if more else None)
    return response

"""`GET /offers/{id}`: one offer as it is published now, for those who follow the changes."""

from __future__ import annotations

from aiohttp import hdrs, web

from catalogue.kinds import KindCode
from catalogue.redirects import survivor
from edge.answers import answer
from edge.compression import compressed
from edge.etags import kept_by_etag
from open_data.errors import NotPublished
from open_data.formats import AS_LINKED_DATA
from open_data.keys import OPEN_DATA
from open_data.published import published
from schemas.ids import internal_id, public_id

CACHE = "public, max-age=60"


async def offer(request: web.Request) -> web.Response:
    """The line that the stream would give; 308 to the offer it was merged into. Raises `NotPublished`."""
    deps, offer_id = request.app[OPEN_DATA], internal_id("offer", request.match_info["id"])
    async with deps.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        found = await published(conn, [offer_id], at=deps.clock())
        kept = None if found else await survivor(conn, KindCode.OFFER, offer_id)
    if found:
        return compressed(request, kept_by_etag(request, answer(found[0], headers=AS_LINKED_DATA), CACHE))
    if kept is None:
        raise NotPublished
    place = request.app.router["offer"].url_for(id=public_id("offer", kept))
    return web.Response(status=308, headers={hdrs.LOCATION: str(place)})

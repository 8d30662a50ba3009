"""`GET /offers/{id}`: one offer, with what is left of it, for anybody."""

from __future__ import annotations

from aiohttp import hdrs, web

from app_api import shown
from app_api.errors import OfferUnknown
from app_api.keys import APP_API
from bookings.remaining import remaining
from catalogue.kinds import KindCode
from catalogue.offers import read_offers
from catalogue.redirects import survivor
from edge.answers import answer
from edge.compression import compressed
from edge.etags import kept_by_etag
from schemas.ids import internal_id, public_id


async def offer(request: web.Request) -> web.Response:
    """The offer; 308 to the one it was merged into. Raises `OfferUnknown`, for withdrawn ones too."""
    deps, offer_id = request.app[APP_API], internal_id("offer", request.match_info["id"])
    async with deps.pool.acquire() as conn:
        found = await read_offers(conn, [offer_id], at=deps.clock())
        if not found:
            return _moved(request, await survivor(conn, KindCode.OFFER, offer_id))
        stock_ids = [internal_id("stock", stock.id) for stock in found[0].stocks]
        left = await remaining(conn, stock_ids)
    said = answer(shown.bookable(found[0], left))
    return compressed(request, kept_by_etag(request, said, "no-cache"))


def _moved(request: web.Request, survivor_id: int | None) -> web.Response:
    if survivor_id is None:
        raise OfferUnknown
    place = request.app.router["offer"].url_for(id=public_id("offer", survivor_id))
    return web.Response(status=308, headers={hdrs.LOCATION: str(place)})

"""`GET /venues`: the venues the vendor acts for."""

from __future__ import annotations

from aiohttp import web

from catalogue.directory import listed
from edge.answers import answer
from partner_api import shown
from partner_api.answers import VenuesAnswer
from partner_api.keys import PARTNER_API, VENDOR


async def venues(request: web.Request) -> web.Response:
    """The caller's venues, by name."""
    async with request.app[PARTNER_API].pool.acquire() as conn:
        found = await listed(conn, request[VENDOR].venue_ids)
    return answer(VenuesAnswer(venues=[shown.venue(venue) for venue in found]))

"""`GET /wallet`: what the person may still spend."""

from __future__ import annotations

from aiohttp import web

from app_api import shown
from app_api.keys import APP_API, BENEFICIARY
from edge.answers import answer


async def wallet(request: web.Request) -> web.Response:
    """The caller's wallet."""
    view = await request.app[APP_API].wallets.view(request[BENEFICIARY].pseudonym)
    return answer(shown.wallet(view))

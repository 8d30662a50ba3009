"""`/me`: who the person is here, all that is kept of them, and forgetting it."""

from __future__ import annotations

from aiohttp import web

from app_api import shown
from app_api.keys import APP_API, BENEFICIARY
from edge.answers import answer


async def me(request: web.Request) -> web.Response:
    """The caller, as the register knows them."""
    return answer(shown.person(request[BENEFICIARY]))


async def export(request: web.Request) -> web.Response:
    """All that is kept of the caller, as one JSON document to keep."""
    person = request[BENEFICIARY]
    told = await request.app[APP_API].privacy.export(person.id, actor=f"beneficiary:{person.pseudonym}")
    headers = {"Content-Disposition": 'attachment; filename="mes-donnees.json"', "Cache-Control": "no-store"}
    return web.Response(body=told, content_type="application/json", headers=headers)


async def erase(request: web.Request) -> web.Response:
    """204: the caller is forgotten; the next request with their token is nobody's."""
    person = request[BENEFICIARY]
    await request.app[APP_API].privacy.erase(person.id, actor=f"beneficiary:{person.pseudonym}")
    return web.Response(status=204)

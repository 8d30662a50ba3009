"""What a key may do."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from edge.errors import Forbidden
from partner_api.keys import VENDOR


def needs(scope: str, handler: Handler) -> Handler:
    """The handler, for callers whose key has this scope (`accounts.keys.SCOPES`); Forbidden for others."""

    async def allowed(request: web.Request) -> web.StreamResponse:
        if scope not in request[VENDOR].scopes:
            raise Forbidden(f"Cette clé n'a pas le droit {scope}.")
        return await handler(request)

    return allowed

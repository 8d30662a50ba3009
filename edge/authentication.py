"""Who is calling: the bearer token out of the request, and a typed place for whom a face found behind it.

No look-up happens here: a face gives `authenticated` its own, and reads the caller as `request[key]`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Container
from typing import TypeVar

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from edge.errors import Unauthenticated

Principal = TypeVar("Principal")

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,4096}=*")


def bearer(request: web.Request) -> str:
    """The token of `Authorization: Bearer …` (RFC 6750 §2.1). Raises Unauthenticated, without repeating it."""
    given = request.headers.getall(hdrs.AUTHORIZATION, [])
    if not given:
        raise Unauthenticated("L'en-tête Authorization manque.")
    scheme, _, token = given[0].partition(" ")
    token = token.strip()
    if len(given) > 1 or scheme.lower() != "bearer" or not _TOKEN.fullmatch(token):
        raise Unauthenticated("L'en-tête Authorization doit être « Bearer » suivi d'une clé ou d'un jeton.")
    return token


def authenticated(
    recognise: Callable[[str], Awaitable[Principal | None]],
    key: web.RequestKey[Principal],
    *,
    public: Container[str] = (),
    read: Callable[[web.Request], str] = bearer,
    unknown: str = "Cette clé est inconnue, expirée ou révoquée.",
) -> Middleware:
    """The middleware that puts who is calling under `key`, or raises Unauthenticated, with `unknown` for a stranger.

    `recognise` says who holds a token, None for nobody; it may raise Forbidden. `public`: names of the routes
    that need no caller; `read`: where the token is. An unknown address or method is answered as such to everybody.
    """

    @web.middleware
    async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
        match = request.match_info
        if match.http_exception is None and match.route.name not in public:
            principal = await recognise(read(request))
            if principal is None:
                raise Unauthenticated(unknown, error="invalid_token")
            request[key] = principal
        return await handler(request)

    return identify

"""Who is calling a dialect: a vendor's key, as a bearer token or, where the dialect had it, as a password."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from accounts.errors import AccessRefused
from accounts.keys import VendorKey
from edge.app import face
from edge.authentication import authenticated, bearer
from edge.errors import Unauthenticated
from edge.limits import address_of, rate_limited
from edge.outages import outages
from partner_api.dialects.spoken import Matrix, spoken
from partner_api.keys import PARTNER_API, VENDOR, PartnerApi


def dialect(deps: PartnerApi, matrix: Mapping[str, Matrix], *, basic: bool = False) -> web.Application:
    """A face without routes yet whose refusals are the dialect's own. `basic`: HTTP Basic is a form of its keys."""

    async def recognise(token: str) -> VendorKey | None:
        try:
            return await deps.keys.verify(token)
        except AccessRefused:
            return None

    def address(request: web.Request) -> str:
        return address_of(request, proxies=deps.proxies)

    def caller(request: web.Request) -> str:
        return f"key:{request[VENDOR].key_id}" if VENDOR in request else "nobody"

    middlewares: list[Middleware] = [
        spoken(matrix),
        outages,
        rate_limited(deps.buckets, deps.address_allowance, address),
        authenticated(recognise, VENDOR, read=password_or_bearer if basic else bearer),
        rate_limited(deps.buckets, deps.key_allowance, caller),
    ]
    app = face(middlewares=middlewares)
    app[PARTNER_API] = deps
    return app


def password_or_bearer(request: web.Request) -> str:
    """The key of `Authorization: Bearer <key>` or of `Basic`, as its password: whatever the user is called."""
    given = request.headers.getall(hdrs.AUTHORIZATION, [])
    scheme, _, encoded = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    if scheme.lower() != "basic":
        return bearer(request)
    try:
        _, colon, password = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        colon = password = ""
    if not colon or not password:
        raise Unauthenticated("L'en-tête Authorization est illisible : la clé est le mot de passe.")
    return password

"""Builds the open data face, to be mounted at `/open/v1`."""

from __future__ import annotations

from aiohttp import hdrs, web

from edge.app import face
from edge.limits import address_of, rate_limited
from open_data import formats
from open_data.changes import changes
from open_data.keys import OPEN_DATA, OpenData
from open_data.offers import offer
from open_data.problems import PROBLEMS
from open_data.stream import offers


def build(deps: OpenData) -> web.Application:
    """The application. Its readers are anonymous, limited by address; pages of any site may read it."""
    limited = rate_limited(deps.buckets, deps.allowance, lambda request: address_of(request, proxies=deps.proxies))
    app = face(PROBLEMS, middlewares=[limited])
    app[OPEN_DATA] = deps
    app.on_response_prepare.append(_let_pages_read)
    app.router.add_get("/offers.ndjson", offers, name="offers")
    app.router.add_get("/offers/{id}", offer, name="offer")
    app.router.add_get("/changes", changes, name="changes")
    app.router.add_get("/schemas/{kind}", formats.schema, name="schema")
    app.router.add_get("/context.jsonld", formats.context, name="context")
    app.router.add_get("/subcategories", formats.subcategories, name="subcategories")
    return app


async def _let_pages_read(request: web.Request, response: web.StreamResponse) -> None:
    response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
    response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = "ETag, Link, RateLimit, RateLimit-Policy, X-Request-Id"

"""`/.well-known/passerelle-keys.json`: the keys that sign tickets, for anybody."""

from __future__ import annotations

from aiohttp import web

from edge.answers import answer
from edge.app import face
from edge.etags import kept_by_etag
from edge.limits import address_of, rate_limited
from partner_api import shown_offline
from partner_api.answers_offline import PublishedKeysAnswer
from partner_api.keys import PARTNER_API, PartnerApi
from partner_api.problems import PROBLEMS

FRESH_SECONDS = 3600


def build(deps: PartnerApi) -> web.Application:
    """The application, to be mounted at `/.well-known`. It asks nobody who they are."""
    limited = rate_limited(
        deps.buckets, deps.address_allowance, lambda request: address_of(request, proxies=deps.proxies)
    )
    app = face(PROBLEMS, middlewares=[limited])
    app[PARTNER_API] = deps
    app.router.add_get("/passerelle-keys.json", keys, name="keys")
    return app


async def keys(request: web.Request) -> web.Response:
    """Every key with its times; 304 where the caller has this list already."""
    found = await request.app[PARTNER_API].ticket_keys.published()
    said = answer(PublishedKeysAnswer(keys=[shown_offline.key(one) for one in found]))
    return kept_by_etag(request, said, f"public, max-age={FRESH_SECONDS}")

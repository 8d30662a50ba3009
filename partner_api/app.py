"""Builds the vendors' face, to be mounted at `/partner/v1`."""

from __future__ import annotations

from aiohttp import web

from accounts.errors import AccessRefused
from accounts.keys import VendorKey
from edge.app import face
from edge.authentication import authenticated
from edge.limits import address_of, rate_limited
from partner_api import countermarks, jobs, offline, pushes, review, runs, sources, venues, webhooks
from partner_api.keys import PARTNER_API, VENDOR, PartnerApi
from partner_api.misses import counted
from partner_api.problems import PROBLEMS
from partner_api.rights import needs

CHECK, USE, READ = "countermarks:check", "countermarks:use", "runs:read"
WRITE, RELEASE, MANAGE = "stocks:write", "runs:release", "webhooks:manage"
DECIDE = "review:decide"


def build(deps: PartnerApi) -> web.Application:
    """The application. Every route wants an API key; what a key may do is in its scopes."""

    async def recognise(token: str) -> VendorKey | None:
        try:
            return await deps.keys.verify(token)
        except AccessRefused:
            return None

    app = face(
        PROBLEMS,
        middlewares=[
            rate_limited(
                deps.buckets, deps.address_allowance, lambda request: address_of(request, proxies=deps.proxies)
            ),
            authenticated(recognise, VENDOR),
            rate_limited(deps.buckets, deps.key_allowance, _caller),
        ],
    )
    app[PARTNER_API] = deps
    one = "/countermarks/{token}"
    app.router.add_get(one, needs(CHECK, counted(countermarks.check)), name="countermark")
    app.router.add_post(
        "/countermarks/check", needs(CHECK, counted(countermarks.check_presented)), name="check-presented"
    )
    app.router.add_post("/countermarks/use", needs(USE, countermarks.use_several), name="use-several")
    app.router.add_post(f"{one}/use", needs(USE, counted(countermarks.use)), name="use")
    app.router.add_post(f"{one}/keep", needs(USE, counted(countermarks.keep)), name="keep")
    app.router.add_post(f"{one}/cancel", needs(USE, counted(countermarks.cancel)), name="cancel")
    app.router.add_get("/venues", venues.venues, name="venues")
    app.router.add_get("/sources", needs(READ, sources.sources), name="sources")
    app.router.add_get("/sources/{id}/rejects", needs(READ, sources.rejects), name="rejects")
    app.router.add_get("/runs/{id}", needs(READ, runs.run), name="run")
    app.router.add_post("/runs/{id}/release", needs(RELEASE, runs.release), name="release")
    venue = "/venues/{id}"
    app.router.add_post(f"{venue}/stocks", needs(WRITE, pushes.stocks), name="push-stocks")
    app.router.add_delete(f"{venue}/stocks/{{ref}}", needs(WRITE, pushes.delete_stock), name="delete-stock")
    app.router.add_post(f"{venue}/events", needs(WRITE, pushes.events), name="push-events")
    alone = f"{venue}/offline"
    app.router.add_get(alone, needs(CHECK, offline.policy), name="offline")
    app.router.add_get(f"{alone}/revocations", needs(CHECK, offline.revocations), name="revocations")
    app.router.add_post(f"{alone}/entries", needs(USE, offline.upload), name="upload")
    app.router.add_get(f"{alone}/conflicts", needs(CHECK, offline.conflicts), name="conflicts")
    app.router.add_get(f"{alone}/risk", needs(CHECK, offline.risk), name="risk")
    app.router.add_get("/jobs/{id}", needs(WRITE, jobs.job), name="job")
    hook = "/webhooks/{id}"
    app.router.add_get("/webhooks", needs(MANAGE, webhooks.listed), name="webhooks")
    app.router.add_post("/webhooks", needs(MANAGE, webhooks.add), name="webhooks")
    app.router.add_get(hook, needs(MANAGE, webhooks.one), name="webhook")
    app.router.add_patch(hook, needs(MANAGE, webhooks.change), name="webhook")
    app.router.add_delete(hook, needs(MANAGE, webhooks.remove), name="webhook")
    app.router.add_post(f"{hook}/rotate", needs(MANAGE, webhooks.rotate), name="rotate")
    app.router.add_get(f"{hook}/deliveries", needs(MANAGE, webhooks.deliveries), name="deliveries")
    app.router.add_post(f"{hook}/deliveries/{{delivery}}/replay", needs(MANAGE, webhooks.replay), name="replay")
    asked = "/review/questions/{id}"
    app.router.add_get("/review/questions", needs(DECIDE, review.questions), name="questions")
    app.router.add_get(asked, needs(DECIDE, review.question), name="question")
    app.router.add_put(f"{asked}/answer", needs(DECIDE, review.decide), name="question-answer")
    app.router.add_delete(f"{asked}/answer", needs(DECIDE, review.undo), name="question-answer")
    return app


def _caller(request: web.Request) -> str:
    vendor = request.get(VENDOR)
    return f"key:{vendor.key_id}" if vendor is not None else "nobody"

"""Builds the youth app's face, to be mounted at `/app/v1`."""

from __future__ import annotations

from aiohttp import web

from accounts.errors import BeneficiaryUnknown, TokenRefused
from accounts.people import Beneficiary
from app_api import bookings, me, offers, qr, search, wallet
from app_api.keys import APP_API, BENEFICIARY, AppApi
from app_api.problems import PROBLEMS
from edge.app import face
from edge.authentication import authenticated
from edge.limits import address_of, rate_limited

PUBLIC = frozenset({"offers", "offer"})
UNKNOWN = "Ce jeton est inconnu ou a expiré : il faut se connecter de nouveau."


def build(deps: AppApi) -> web.Application:
    """The application. Offers are for anybody; the rest wants a beneficiary's bearer token."""

    async def recognise(token: str) -> Beneficiary | None:
        try:
            return await deps.people.get(deps.issuers.verify(token))
        except (TokenRefused, BeneficiaryUnknown):
            return None

    limited = rate_limited(deps.buckets, deps.allowance, lambda request: address_of(request, proxies=deps.proxies))
    app = face(PROBLEMS, middlewares=[limited, authenticated(recognise, BENEFICIARY, public=PUBLIC, unknown=UNKNOWN)])
    app[APP_API] = deps
    app.router.add_get("/offers", search.offers, name="offers")
    app.router.add_get("/offers/{id}", offers.offer, name="offer")
    app.router.add_get("/wallet", wallet.wallet, name="wallet")
    app.router.add_get("/bookings", bookings.mine, name="bookings")
    app.router.add_post("/bookings", bookings.book, name="bookings")
    app.router.add_get("/bookings/{id}", bookings.booking, name="booking")
    app.router.add_get("/bookings/{id}/qr", qr.qr, name="qr")
    app.router.add_post("/bookings/{id}/cancel", bookings.cancel, name="cancel")
    app.router.add_get("/me", me.me, name="me")
    app.router.add_delete("/me", me.erase, name="me")
    app.router.add_get("/me/export", me.export, name="export")
    return app

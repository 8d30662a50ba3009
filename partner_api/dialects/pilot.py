"""`/bookings/token/{token}`: the countermark interface of the pilot, 2018 to 2021.

Statuses: the reference's account of it (A.8). Then, whoever held a countermark and an e-mail address could try them
without a key; here a key is asked for, as one was of the tills themselves. Address and offer, where given, must be
the booking's own.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import web

from accounts.people import Contact
from bookings import errors
from bookings.errors import CountermarkUnknown
from bookings.listing import VenueBooking
from edge.answers import answer
from partner_api.app import CHECK, USE
from partner_api.dialects import acts, shown
from partner_api.dialects.callers import dialect
from partner_api.dialects.shown import humanised
from partner_api.dialects.spoken import Matrix, Said
from partner_api.keys import PartnerApi
from partner_api.misses import counted
from partner_api.rights import needs
from schemas.ids import public_id

EMAIL, OFFER = "email", "offer_id"
_USABLE: Matrix = {
    errors.AlreadyReimbursed: Said(410, "booking"),
    errors.NotYet: Said(403, "booking"),
    errors.AlreadyUsed: Said(410, "booking"),
    errors.Cancelled: Said(410, "booking"),
    errors.Expired: Said(410, "booking"),
}
MATRIX: Mapping[str, Matrix] = MappingProxyType({"check": _USABLE, "use": _USABLE})


def build(deps: PartnerApi) -> web.Application:
    """The application, to be mounted at `/bookings`."""
    app = dialect(deps, MATRIX, basic=True)
    app.router.add_get("/token/{token}", needs(CHECK, counted(check)), name="check")
    app.router.add_patch("/token/{token}", needs(USE, counted(use)), name="use")
    return app


async def check(request: web.Request) -> web.Response:
    """The booking, where its countermark could be used now and is of that person and offer."""
    made, who, where = await acts.found(request)
    _check_named(request, made, who)
    return answer(shown.pilot(made, who, where))


async def use(request: web.Request) -> web.Response:
    """Accepts it, where it is of that person and offer."""
    if EMAIL in request.query or OFFER in request.query:
        made, who, _ = await acts.found(request)
        _check_named(request, made, who)
    return await acts.use(request)


def _check_named(request: web.Request, made: VenueBooking, who: Contact) -> None:
    """Raises `CountermarkUnknown` for another person's or offer's, in the same time whichever differs."""
    # Few tills wrote the plus of an address as %2B.
    email = request.query.get(EMAIL, who.email).strip().replace(" ", "+")
    offer = request.query.get(OFFER, humanised(made.offer_id))
    is_person = _same(email.casefold(), who.email.casefold())
    is_offer = _same(offer, humanised(made.offer_id)) | _same(offer, public_id("offer", made.offer_id))
    if not (is_person & is_offer):
        raise CountermarkUnknown


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))

"""What tills do in every dialect: the desk's acts, answered without a body, and what a check finds out."""

from __future__ import annotations

from aiohttp import web

from accounts.people import Contact
from bookings import listing
from bookings.errors import CountermarkUnknown
from bookings.listing import VenueBooking
from catalogue.directory import VenueAddress, addresses
from partner_api.app import USE
from partner_api.dialects.shown import NOBODY, NOWHERE
from partner_api.keys import PARTNER_API, VENDOR
from partner_api.misses import counted
from partner_api.rights import needs


async def found(request: web.Request) -> tuple[VenueBooking, Contact, VenueAddress]:
    """The booking whose countermark could be used now, who made it, and where it is."""
    deps, vendor = request.app[PARTNER_API], request[VENDOR]
    view = await deps.desk.check(request.match_info["token"], vendor.venue_ids, vendor.key_id)
    made = await listing.one(deps.pool, view.booking_id, vendor.venue_ids)
    if made is None:
        raise CountermarkUnknown
    [told] = await told_of(request, [made])
    return told


async def told_of(request: web.Request, made: list[VenueBooking]) -> list[tuple[VenueBooking, Contact, VenueAddress]]:
    """Each booking with its person and its place, all that a partner may know of them."""
    deps = request.app[PARTNER_API]
    who = await deps.people.contacts(one.pseudonym for one in made)
    where = await addresses(deps.pool, [one.venue_id for one in made])
    return [(one, who.get(one.pseudonym, NOBODY), where.get(one.venue_id, NOWHERE)) for one in made]


async def use(request: web.Request) -> web.Response:
    """Accepts it."""
    vendor = request[VENDOR]
    await request.app[PARTNER_API].desk.use(request.match_info["token"], vendor.venue_ids, vendor.key_id)
    return web.Response(status=204)


async def keep(request: web.Request) -> web.Response:
    """Takes the use back."""
    vendor = request[VENDOR]
    await request.app[PARTNER_API].desk.keep(request.match_info["token"], vendor.venue_ids, vendor.key_id)
    return web.Response(status=204)


async def cancel(request: web.Request) -> web.Response:
    """Cancels the booking in the venue's name."""
    vendor = request[VENDOR]
    await request.app[PARTNER_API].desk.cancel(request.match_info["token"], vendor.venue_ids, vendor.key_id)
    return web.Response(status=204)


def add_acts(app: web.Application) -> None:
    """Use, keep and cancel where the dialects of 2019 and 2023 have them."""
    for name, act in (("use", use), ("keep", keep), ("cancel", cancel)):
        app.router.add_patch(f"/{name}/token/{{token}}", needs(USE, counted(act)), name=name)

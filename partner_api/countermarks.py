"""`/countermarks/…`: what a till does with a countermark, a secret that is in no answer and no log."""

from __future__ import annotations

from aiohttp import web

from bookings.errors import Refusal
from bookings.presented import Expected
from edge.answers import answer
from edge.bodies import read_json
from edge.errors import InvalidParameter, TooManyRequests
from edge.idempotency import HEADER, idempotency_key
from partner_api import misses, shown
from partner_api.answers import UseAnswer, UseReceiptAnswer, UsesAnswer
from partner_api.keys import PARTNER_API, VENDOR
from partner_api.requests import Check, OneUse, Use, Uses
from schemas.ids import UnknownId, internal_id


async def check(request: web.Request) -> web.Response:
    """What the countermark is good for, where it could be used now; else the problem that using it would give."""
    vendor = request[VENDOR]
    view = await request.app[PARTNER_API].desk.check(request.match_info["token"], vendor.venue_ids, vendor.key_id)
    return answer(shown.countermark(view))


async def check_presented(request: web.Request) -> web.Response:
    """The same of what is in the body, where a signed ticket has room and no proxy's log reads it."""
    vendor, asked = request[VENDOR], await read_json(request, Check)
    desk = request.app[PARTNER_API].desk
    return answer(shown.countermark(await desk.check(asked.token, vendor.venue_ids, vendor.key_id, _expected(asked))))


async def use(request: web.Request) -> web.Response:
    """Accepts it. A till that lost our answer asks again with the same number, and is answered the same."""
    vendor = request[VENDOR]
    told = await read_json(request, Use) if request.body_exists else Use()
    nonce, desk = _nonce(request, told), request.app[PARTNER_API].desk
    token, expected = request.match_info["token"], _expected(told)
    return answer(UseAnswer(used_at=await desk.use(token, vendor.venue_ids, vendor.key_id, nonce, expected)))


async def use_several(request: web.Request) -> web.Response:
    """Decides each by itself, in their order; what was refused is told within the answer, which is 200."""
    asked = await read_json(request, Uses)
    return answer(UsesAnswer(uses=[await _receipt(request, one) for one in asked.uses]))


async def keep(request: web.Request) -> web.Response:
    """Takes a use back: the countermark can be used again."""
    vendor = request[VENDOR]
    await request.app[PARTNER_API].desk.keep(request.match_info["token"], vendor.venue_ids, vendor.key_id)
    return web.Response(status=204)


async def cancel(request: web.Request) -> web.Response:
    """Cancels the booking in the venue's name: the person gets the money back."""
    vendor = request[VENDOR]
    await request.app[PARTNER_API].desk.cancel(request.match_info["token"], vendor.venue_ids, vendor.key_id)
    return web.Response(status=204)


async def _receipt(request: web.Request, asked: OneUse) -> UseReceiptAnswer:
    vendor, desk = request[VENDOR], request.app[PARTNER_API].desk
    try:
        await misses.check(request)
        used_at = await desk.use(asked.token, vendor.venue_ids, vendor.key_id, asked.nonce, _expected(asked))
    except (Refusal, UnknownId, TooManyRequests) as error:
        if isinstance(error, misses.MISSES):
            await misses.note(request)
        return UseReceiptAnswer(nonce=asked.nonce, problem=shown.refused(error))
    return UseReceiptAnswer(nonce=asked.nonce, used_at=used_at)


def _expected(told: Use | OneUse | Check) -> Expected:
    venue_id = None if told.venue_id is None else internal_id("venue", told.venue_id)
    return Expected(venue_id=venue_id, quantity=told.quantity, till=told.till)


def _nonce(request: web.Request, told: Use) -> str:
    """The number of this use: the header's, or the body's; one is needed, and two must not differ."""
    if HEADER not in request.headers and told.nonce is not None:
        return told.nonce
    key = idempotency_key(request)
    if told.nonce not in (None, key):
        raise InvalidParameter("nonce et Idempotency-Key diffèrent.", parameter=HEADER)
    return key

"""`/webhooks`: where a vendor's software is told of what happens, and what was sent there."""

from __future__ import annotations

from aiohttp import hdrs, web

from bookings.deliveries import STATES
from edge.answers import answer
from edge.bodies import read_json
from edge.errors import InvalidParameter
from edge.paging import link_next, page_asked, write_cursor
from partner_api import webhook_answers as shown
from partner_api.keys import PARTNER_API, VENDOR
from partner_api.requests import NewWebhook, WebhookChange
from partner_api.webhook_answers import DeliveriesAnswer, WebhooksAnswer
from schemas.ids import internal_id


async def listed(request: web.Request) -> web.Response:
    """The caller's addresses, without their secrets."""
    found = await request.app[PARTNER_API].webhooks.listed(request[VENDOR])
    return answer(WebhooksAnswer(webhooks=[shown.webhook(one) for one in found]))


async def add(request: web.Request) -> web.Response:
    """201 with the new address and its secret, shown this once."""
    wanted = await read_json(request, NewWebhook)
    made = await request.app[PARTNER_API].webhooks.add(
        request[VENDOR], wanted.url, wanted.events, wanted.form or "standard"
    )
    told = shown.made(made)
    place = str(request.app.router["webhook"].url_for(id=told.id))
    return answer(told, status=201, headers={hdrs.LOCATION: place})


async def one(request: web.Request) -> web.Response:
    """An address, and how sending to it goes."""
    found = await request.app[PARTNER_API].webhooks.one(request[VENDOR], _endpoint(request))
    return answer(shown.webhook(found))


async def change(request: web.Request) -> web.Response:
    """Told elsewhere, or of something else; a disabled one is tried again."""
    wanted = await read_json(request, WebhookChange)
    changed = await request.app[PARTNER_API].webhooks.change(
        request[VENDOR], _endpoint(request), url=wanted.url, events=wanted.events
    )
    return answer(shown.webhook(changed))


async def remove(request: web.Request) -> web.Response:
    """Nothing is sent there any more, what waits included."""
    await request.app[PARTNER_API].webhooks.remove(request[VENDOR], _endpoint(request))
    return web.Response(status=204)


async def rotate(request: web.Request) -> web.Response:
    """A new secret, shown this once; for a day the old one signs beside it."""
    return answer(shown.made(await request.app[PARTNER_API].webhooks.rotate(request[VENDOR], _endpoint(request))))


async def deliveries(request: web.Request) -> web.Response:
    """What was sent there, the newest first."""
    page = page_asked(request, shape=(str,), default=50, most=99)
    state = request.query.get("state")
    if state is not None and state not in STATES:
        raise InvalidParameter(f"state : {', '.join(STATES)}.", parameter="state")
    before = internal_id("delivery", str(page.after[0])) if page.after else None
    found = await request.app[PARTNER_API].deliveries.of_vendor(
        request[VENDOR], _endpoint(request), state=state, before=before, limit=page.limit + 1
    )
    told = [shown.delivery(delivery) for delivery in found]
    response = answer(DeliveriesAnswer(deliveries=told[: page.limit]))
    link_next(response, request, write_cursor(told[page.limit - 1].id) if len(told) > page.limit else None)
    return response


async def replay(request: web.Request) -> web.Response:
    """202: it is sent again under its id, as soon as its turn comes."""
    delivery_id = internal_id("delivery", request.match_info["delivery"])
    await request.app[PARTNER_API].deliveries.replay(request[VENDOR], _endpoint(request), delivery_id)
    return web.Response(status=202)


def _endpoint(request: web.Request) -> int:
    return internal_id("webhook", request.match_info["id"])

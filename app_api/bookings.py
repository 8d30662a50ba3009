"""`/bookings`: to book, to look at one's bookings, to cancel one."""

from __future__ import annotations

from aiohttp import hdrs, web

from app_api import shown
from app_api.answers import BookingsAnswer
from app_api.keys import APP_API, BENEFICIARY
from app_api.requests import NewBooking
from bookings.records import Booking
from edge.answers import answer
from edge.bodies import read_json
from edge.idempotency import idempotency_key
from edge.paging import link_next, page_asked, write_cursor
from schemas.ids import internal_id

ASK_AGAIN_SECONDS = "2"
"""When it is worth looking whether the venue's ticketing has confirmed."""


async def book(request: web.Request) -> web.Response:
    """201 with the booking; 202 while the venue's ticketing has not said whether it sold, to be looked up."""
    key = idempotency_key(request)
    wanted = await read_json(request, NewBooking)
    made = await request.app[APP_API].bookings.book(
        request[BENEFICIARY].pseudonym,
        internal_id("stock", wanted.stock_id),
        wanted.quantity,
        key,
        wanted.expected_price_cents,
        request[BENEFICIARY].birth_date,
    )
    place: dict[str, str] = {hdrs.LOCATION: str(request.app.router["booking"].url_for(id=made.public_id))}
    if made.is_pending:
        return answer(shown.booking(made), status=202, headers=place | {hdrs.RETRY_AFTER: ASK_AGAIN_SECONDS})
    return answer(shown.booking(made), status=201, headers=place)


async def mine(request: web.Request) -> web.Response:
    """The caller's bookings, the newest first."""
    page = page_asked(request, shape=(str,), default=50, most=99)
    before = internal_id("booking", str(page.after[0])) if page.after else None
    made = await request.app[APP_API].bookings.mine(request[BENEFICIARY].pseudonym, before=before, limit=page.limit + 1)
    response = answer(BookingsAnswer(bookings=[shown.booking(one) for one in made[: page.limit]]))
    link_next(response, request, _cursor(made, page.limit))
    return response


async def booking(request: web.Request) -> web.Response:
    """One of the caller's bookings, as it is now."""
    booking_id = internal_id("booking", request.match_info["id"])
    found = await request.app[APP_API].bookings.status(request[BENEFICIARY].pseudonym, booking_id)
    return answer(shown.booking(found))


async def cancel(request: web.Request) -> web.Response:
    """The booking cancelled and refunded; asked again, the same answer."""
    booking_id = internal_id("booking", request.match_info["id"])
    cancelled = await request.app[APP_API].bookings.cancel(request[BENEFICIARY].pseudonym, booking_id)
    return answer(shown.booking(cancelled))


def _cursor(made: list[Booking], limit: int) -> str | None:
    return write_cursor(made[limit - 1].public_id) if len(made) > limit else None

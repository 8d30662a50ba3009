"""Refusals as a dialect says them: `{"field": ["sentence"]}` under its own statuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from bookings import errors, token_errors
from edge.answers import answer
from edge.errors import Forbidden, TooManyRequests, Unauthenticated, Unavailable
from edge.problems import router_sentence


@dataclass(frozen=True, slots=True)
class Said:
    """How a refusal is answered."""

    status: int
    field: str


Matrix = Mapping[type[Exception], Said]

COMMON: Matrix = MappingProxyType(
    {
        Unauthenticated: Said(401, "auth"),
        Forbidden: Said(403, "user"),
        TooManyRequests: Said(429, "global"),
        Unavailable: Said(503, "global"),
        errors.CountermarkUnknown: Said(404, "global"),
        # These dialects know countermarks alone: a signed ticket that proves nothing is none.
        token_errors.TicketMalformed: Said(404, "global"),
        token_errors.TicketForged: Said(404, "global"),
        token_errors.TicketKeyUnknown: Said(404, "global"),
        token_errors.TicketKeyRetired: Said(404, "global"),
        token_errors.WrongVenue: Said(404, "global"),
        token_errors.TicketExpired: Said(410, "booking"),
        # No dialect has a word for a sale that the venue's ticketing has not confirmed: it is not good yet.
        errors.BookingPending: Said(403, "booking"),
        errors.Busy: Said(503, "global"),
    }
)
"""What all dialects say alike."""


def spoken(by_action: Mapping[str, Matrix]) -> Middleware:
    """The middleware that answers what is raised below it, by the matrix of the route of that name, then `COMMON`.

    Unknown addresses and wrong methods are said in the same form. What nobody expected goes on, as a crash.
    """

    @web.middleware
    async def say(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            kept = {str(hdrs.ALLOW): error.headers[hdrs.ALLOW]} if hdrs.ALLOW in error.headers else {}
            return answer({"global": [router_sentence(error) or error.reason]}, status=error.status, headers=kept)
        except Exception as error:
            known = {**COMMON, **by_action.get(request.match_info.route.name or "", {})}
            said = next((known[kind] for kind in type(error).__mro__ if kind in known), None)
            if said is None:
                raise
            return answer({said.field: [str(error)]}, status=said.status, headers=_headers(error))

    return say


def _headers(error: Exception) -> dict[str, str]:
    match error:
        case Unauthenticated():
            return {hdrs.WWW_AUTHENTICATE: error.challenge}
        case TooManyRequests() | Unavailable():
            return {hdrs.RETRY_AFTER: str(error.retry_after)}
        case errors.Busy():
            return {hdrs.RETRY_AFTER: "1"}
    return {}

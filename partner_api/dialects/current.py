"""`/public/bookings/v1`: the pass Culture's own interface for countermarks and bookings, since 2023.

Statuses: its published contract, and the reference's table of what its code answers (A.10).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from aiohttp import web

from bookings import errors, listing
from bookings.listing import SEEN
from edge.answers import answer
from partner_api.app import CHECK
from partner_api.dialects import shown
from partner_api.dialects.acts import add_acts, found, told_of
from partner_api.dialects.answers import GetFilteredBookingsResponse, ValidationErrorElement
from partner_api.dialects.callers import dialect
from partner_api.dialects.spoken import Matrix, Said
from partner_api.keys import PARTNER_API, VENDOR, PartnerApi
from partner_api.misses import counted
from partner_api.rights import needs

MOST = 50
HIGHEST = 2**63 - 1


class OfferUnknown(Exception):
    """No offer of the key's venues has this number."""

    def __init__(self) -> None:
        super().__init__("Cette offre n'existe pas.")


_USABLE: Matrix = {
    errors.AlreadyReimbursed: Said(403, "payment"),
    errors.NotYet: Said(403, "booking"),
    errors.AlreadyUsed: Said(410, "booking"),
    errors.Cancelled: Said(410, "booking"),
    errors.Expired: Said(410, "booking"),
}
MATRIX: Mapping[str, Matrix] = MappingProxyType(
    {
        "check": _USABLE,
        "use": _USABLE,
        "keep": {
            errors.NotUsed: Said(403, "booking"),
            errors.AlreadyReimbursed: Said(410, "payment"),
            errors.Cancelled: Said(410, "booking"),
            errors.Expired: Said(410, "booking"),
        },
        "cancel": {
            errors.AlreadyUsed: Said(403, "booking"),
            errors.AlreadyReimbursed: Said(403, "payment"),
            errors.TooLateToCancel: Said(403, "booking"),
            errors.Cancelled: Said(410, "booking"),
            errors.Expired: Said(410, "booking"),
        },
        "bookings": {OfferUnknown: Said(404, "global")},
    }
)
"""A booking that expired is cancelled, to this dialect."""
STATUSES = {
    "CONFIRMED": ["confirmed"],
    "USED": ["used"],
    "CANCELLED": ["cancelled", "expired"],
    "REIMBURSED": ["reimbursed"],
}


def build(deps: PartnerApi) -> web.Application:
    """The application, to be mounted at `/public/bookings/v1`."""
    app = dialect(deps, MATRIX)
    app.router.add_get("/token/{token}", needs(CHECK, counted(check)), name="check")
    app.router.add_get("/bookings", needs(CHECK, bookings), name="bookings")
    add_acts(app)
    return app


async def check(request: web.Request) -> web.Response:
    """The booking, where its countermark could be used now."""
    return answer(shown.current(*await found(request)))


async def bookings(request: web.Request) -> web.Response:
    """An offer's bookings, from an id on. Those that wait for the venue's ticketing are not among them."""
    deps, vendor, query = request.app[PARTNER_API], request[VENDOR], Query(request)
    offer_id = query.number("offerId", required=True)
    limit = query.number("limit", most=MOST) or MOST
    first_id = query.number("firstIndex") or 1
    stock_id, category_id = query.number("stockId"), query.number("priceCategoryId")
    statuses, begins_at = query.statuses(), query.moment("beginningDatetime")
    if query.wrong:
        return answer(query.wrong, status=422)
    made = await listing.of_offer(
        deps.pool,
        offer_id or 0,
        vendor.venue_ids,
        statuses=statuses,
        stock_id=stock_id,
        begins_at=begins_at,
        first_id=first_id,
        limit=limit,
    )
    if made is None:
        raise OfferUnknown
    # A price has no category here, so nothing is of the one asked for.
    seen = [] if category_id is not None else await told_of(request, made)
    return answer(GetFilteredBookingsResponse(bookings=[shown.current(*one) for one in seen]))


class Query:
    """The parameters of a list; what is wrong with them is gathered in `wrong`."""

    def __init__(self, request: web.Request) -> None:
        self._query = request.query
        self.wrong: list[ValidationErrorElement] = []

    def number(self, name: str, *, most: int = HIGHEST, required: bool = False) -> int | None:
        """A whole number from 1 to `most`."""
        text = self._query.get(name)
        if text is None:
            if required:
                self._refuse(name, "Ce paramètre est requis.")
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 20 and 1 <= int(text) <= most):
            self._refuse(name, f"Attendu un entier de 1 à {most}.")
            return None
        return int(text)

    def statuses(self) -> Collection[str]:
        """Our words for the status asked for."""
        asked = self._query.get("status")
        if asked is not None and asked not in STATUSES:
            self._refuse("status", f"Attendu l'un de : {', '.join(STATUSES)}.")
        return SEEN if asked is None else STATUSES.get(asked, [])

    def moment(self, name: str) -> datetime | None:
        """An ISO 8601 date with its zone; a plus that came as a blank is one."""
        text = self._query.get(name)
        if text is None:
            return None
        try:
            found = datetime.fromisoformat(text.replace(" ", "+"))
            if found.tzinfo is not None:
                # At the ends of the calendar a date with its zone may be none in UTC.
                return found.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        self._refuse(name, "Attendu une date ISO 8601 avec son fuseau.")
        return None

    def _refuse(self, name: str, why: str) -> None:
        self.wrong.append(ValidationErrorElement(loc=["query", name], msg=why, type="value_error"))

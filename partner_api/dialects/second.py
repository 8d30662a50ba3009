"""`/v2/bookings`: the countermark interface of 2019 to 2024, of keys that belonged to offerers.

Statuses: the reference's table of the code of 2021 (A.9), with 410 for what was cancelled, as since January 2022. One
thing is not as it was: a countermark of a venue the key does not act for is unknown (404) and not forbidden (403),
since the difference told anybody with a key which countermarks exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import web

from bookings import errors
from edge.answers import answer
from partner_api.app import CHECK
from partner_api.dialects import shown
from partner_api.dialects.acts import add_acts, found
from partner_api.dialects.callers import dialect
from partner_api.dialects.spoken import Matrix, Said
from partner_api.keys import PartnerApi
from partner_api.misses import counted
from partner_api.rights import needs

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
            errors.NotUsed: Said(410, "booking"),
            errors.AlreadyReimbursed: Said(410, "payment"),
            errors.Cancelled: Said(403, "booking"),
            errors.Expired: Said(403, "booking"),
        },
        "cancel": {
            errors.AlreadyUsed: Said(403, "global"),
            errors.AlreadyReimbursed: Said(403, "payment"),
            errors.TooLateToCancel: Said(403, "global"),
            errors.Cancelled: Said(410, "global"),
            errors.Expired: Said(410, "global"),
        },
    }
)


def build(deps: PartnerApi) -> web.Application:
    """The application, to be mounted at `/v2/bookings`."""
    app = dialect(deps, MATRIX, basic=True)
    app.router.add_get("/token/{token}", needs(CHECK, counted(check)), name="check")
    add_acts(app)
    return app


async def check(request: web.Request) -> web.Response:
    """The booking, where its countermark could be used now."""
    return answer(shown.second(*await found(request)))

"""The bookshops' tills over HTTP: the 2018 stock API, `GET /stocks/{siret}`, several shops behind one
address.

Rows come ordered by reference; several rows of one reference may be cut by a page's edge. Some tills ask for
`Authorization: Basic`, some answer with the quirks of `till.Quirk`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.clock import zulu
from sandbox.faults import Faults
from sandbox.stock_paging import Page, answer, check_token, refusal
from sandbox.till import PAGE_CAP, Quirk, Row, Till


def build(tills: Mapping[str, Till], faults: Faults) -> web.Application:
    """Returns the application over `tills`, by SIRET."""

    async def stocks(request: web.Request) -> web.Response:
        till = tills.get(request.match_info["siret"])
        if till is None:
            raise refusal(404, "siret", "Ce SIRET est inconnu.")
        check_token(request, till.token)
        page = Page.asked(request, cap=PAGE_CAP)
        rows, total, offset = page.of(till.rows, key=lambda row: row.ref, changed=lambda row: row.modified_at)
        if not rows and Quirk.NO_CONTENT in till.quirks:
            return web.Response(status=204)
        content: dict[str, Any] = {
            "total": "null" if Quirk.NULL_TOTAL in till.quirks else total,
            "limit": page.limit,
            "offset": offset,
            "stocks": [_shown(row) for row in rows],
        }
        return answer(_in_capitals(content) if Quirk.UPPER_CASE in till.quirks else content)

    app = web.Application(middlewares=[faults.middleware()])
    app.router.add_get("/stocks/{siret}", stocks)
    return app


def _shown(row: Row) -> dict[str, Any]:
    shown: dict[str, Any] = {"ref": row.ref, "available": row.available}
    if row.price is not None:
        shown["price"] = row.price
    if row.valid_until is not None:
        shown["validUntil"] = zulu(row.valid_until)
    return shown


def _in_capitals(content: dict[str, Any]) -> dict[str, Any]:
    return {
        key.upper(): [_in_capitals(item) for item in value] if isinstance(value, list) else value
        for key, value in content.items()
    }

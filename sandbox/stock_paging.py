"""Paging of the 2018 common API (pass Culture documentation, July to September 2018), shared by tills and
ticketings.

`modifiedSince` (ISO 8601, inclusive), `after` (the answer starts strictly after that key) and `limit`; a page
holds at most `cap` rows and says so. Refusals have the document's shape: `{"errors": {"<field>": ["…"]}}`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from aiohttp import web

Row = TypeVar("Row")
_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Page:
    """What a request asks for."""

    since: datetime | None
    after: str
    limit: int

    @classmethod
    def asked(cls, request: web.Request, *, cap: int) -> Page:
        """Reads the query. Raises the document's 400 on a limit or instant that is none."""
        limit = request.query.get("limit", str(cap))
        if not limit.isdecimal() or int(limit) < 1:
            raise refusal(400, "limit", "Un nombre entier positif est attendu.")
        return cls(_instant(request.query.get("modifiedSince")), request.query.get("after", ""), min(int(limit), cap))

    def of(
        self, rows: Sequence[Row], *, key: Callable[[Row], str], changed: Callable[[Row], datetime]
    ) -> tuple[list[Row], int, int]:
        """Returns the page, how many rows match in all, and where in them the page starts. `rows` are in key
        order.
        """
        since = self.since
        # An answer overwrites what was known of a key: all rows of a key are told when one of them changed.
        told = {key(row) for row in rows if since is None or changed(row) >= since}
        matching = [row for row in rows if key(row) in told]
        later = [row for row in matching if key(row) > self.after]
        return later[: self.limit], len(matching), len(matching) - len(later)


def answer(content: Any, status: int = 200) -> web.Response:
    """Returns JSON in which a `Decimal` is a number, digit for digit."""
    return web.Response(status=status, body=_ENCODER.encode(content), content_type="application/json", charset="utf-8")


def refusal(status: int, field: str, sentence: str) -> web.HTTPException:
    """Returns the refusal to raise."""
    kinds: dict[int, type[web.HTTPException]] = {
        400: web.HTTPBadRequest,
        401: web.HTTPUnauthorized,
        404: web.HTTPNotFound,
    }
    text = msgspec.json.encode({"errors": {field: [sentence]}}).decode()
    return kinds[status](text=text, content_type="application/json")


def check_token(request: web.Request, token: str | None) -> None:
    """Raises 401 unless the request carries `Authorization: Basic <token>`; a None token asks for nothing."""
    if token is not None and request.headers.get("Authorization") != f"Basic {token}":
        raise refusal(401, "global", "Jeton absent ou refusé.")


def euros(cents: int) -> Decimal:
    """Returns cents as the euros of the interface: 17.9, 18."""
    return Decimal(cents) / 100


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise refusal(400, "modifiedSince", "Une date ISO 8601 est attendue.") from error
    if instant.tzinfo is None:
        raise refusal(400, "modifiedSince", "Un fuseau est attendu.")
    return instant

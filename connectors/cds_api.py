"""The HTTP of a CDS account: one list a resource, the token in the query, and its sales."""

from __future__ import annotations

from typing import Any

from net.client import Answer, Http
from net.errors import FeedChanged

_TOLD = frozenset({200, 201, 204, 400, 404, 409, 422})
"""Statuses of a sale that say whether it was made."""


class CdsApi:
    """One account's API, for one of its cinemas. Raises the failures of `net.errors`."""

    def __init__(self, http: Http, *, base_url: str, token: str, cinema: str) -> None:
        self._http, self._base, self._token = http, base_url, token
        self.cinema = cinema

    async def get(self, resource: str) -> list[Any]:
        """All rows of a resource, or the rows of a seat map. FeedChanged when the answer is no list."""
        url = f"{self._base}/{resource}"
        rows = await self._http.get_json(url, params={"api_token": self._token})
        if not isinstance(rows, list):
            raise FeedChanged("la réponse n'est pas une liste", place=url)
        return rows

    async def send(self, method: str, resource: str, body: Any, *, retry: bool = False) -> Answer:
        """The answer to a sale or a cancellation, refusals included."""
        return await self._http.request(
            method,
            f"{self._base}/{resource}",
            params={"api_token": self._token},
            headers={"Accept": "application/json"},
            json=body,
            ok=_TOLD,
            retry=retry,
        )

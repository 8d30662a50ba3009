"""The HTTP of a Boost cinema: signing in, the programme's pages, one showtime.

The token is a JWT good for 24 hours. It is kept until the cinema refuses it; then one new one is asked for.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from typing import Any
from urllib.parse import quote

from net.client import Answer, Http
from net.errors import AccessDenied, FeedChanged, ProviderUnavailable

PAYMENT = "external:credit:passculture"
_PER_PAGE = 30
_MAX_PAGES = 1000
_TRIES = 3
_TOLD = frozenset({200, 201, 202, 400, 404, 409, 410, 422})
"""Statuses under which Boost explains itself in JSON."""


class BoostApi:
    """One cinema's API. Raises the failures of `net.errors`."""

    def __init__(self, http: Http, *, base_url: str, username: str, password: str, station_name: str) -> None:
        self._http, self._base = http, base_url
        self._credentials = {"username": username, "password": password, "stationName": station_name}
        self._token: str | None = None

    async def showtimes(self, begin: date, end: date) -> list[Any]:
        """All showtimes between two dates, included, sold-out ones too.

        Paging is by number, so that a showtime added meanwhile shifts the rest: when the counts move, all is
        read again. ProviderUnavailable when they never hold still, FeedChanged when a page repeats.
        """
        for _ in range(_TRIES):
            found = await self._all_pages(f"/api/showtimes/between/{begin.isoformat()}/{end.isoformat()}")
            if found is not None:
                return found
        raise ProviderUnavailable("le programme change pendant sa lecture", place=self._base)

    async def showtime(self, key: str) -> dict[str, Any] | None:
        """One showtime as the cinema tells it now, None when it does not know it."""
        answer = await self.call("GET", f"/api/showtimes/{quote(key, safe='')}")
        if answer.status == 404 or (answer.status == 400 and b"No showtime found" in answer.body):
            return None
        body = answer.json()
        if answer.status != 200 or not isinstance(body, dict):
            raise FeedChanged(f"réponse {answer.status} sans séance", place=f"{self._base}/api/showtimes")
        inside = body.get("data", body)
        return inside if isinstance(inside, dict) else None

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: dict[str, str] | None = None,
        retry: bool = False,
    ) -> Answer:
        """The answer to a signed-in request, refusals in words included."""
        token = self._token or await self._sign_in()
        try:
            return await self._send(method, path, token, json=json, params=params, ok=_TOLD, retry=retry)
        except AccessDenied:
            token = await self._sign_in()
            return await self._send(method, path, token, json=json, params=params, ok=_TOLD, retry=retry)

    async def _all_pages(self, path: str) -> list[Any] | None:
        found: list[Any] = []
        ids: set[Any] = set()
        counts: tuple[Any, Any] | None = None
        for number in range(1, _MAX_PAGES + 1):
            params = {
                "paymentMethod": PAYMENT,
                # Hidden when full, a showtime would look withdrawn to a whole snapshot.
                "hideFullReservation": "0",
                "page": str(number),
                "per_page": str(_PER_PAGE),
            }
            place = f"{self._base}{path}, page {number}"
            answer = await self.call("GET", path, params=params)
            rows, total_pages, total_count = _envelope(answer, number, place)
            if counts not in (None, (total_pages, total_count)):
                return None
            counts = (total_pages, total_count)
            page_ids = {row.get("id") for row in rows if isinstance(row, dict)}
            if rows and page_ids and page_ids <= ids:
                raise FeedChanged("page déjà lue", place=place)
            ids |= page_ids
            found += rows
            if number >= total_pages:
                # A page emptied on its way, or a showtime gone meanwhile: either way, not the programme.
                return found if not isinstance(total_count, int) or len(found) >= total_count else None
        raise FeedChanged(f"plus de {_MAX_PAGES} pages", place=self._base)

    async def _sign_in(self) -> str:
        answer = await self._send(
            "POST",
            "/api/vendors/login",
            None,
            json=self._credentials,
            params={"ignore_device": "true"},
            ok=(200,),
            retry=True,
        )
        body = answer.json()
        token = body.get("token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not token:
            raise FeedChanged("connexion sans jeton", place=f"{self._base}/api/vendors/login")
        self._token = token
        return token

    async def _send(
        self,
        method: str,
        path: str,
        token: str | None,
        *,
        json: Any,
        params: dict[str, str] | None,
        ok: Container[int],
        retry: bool,
    ) -> Answer:
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return await self._http.request(
            method,
            self._base + path,
            params=params,
            headers=headers,
            json=json,
            ok=ok,
            retry=retry or method == "GET",
        )


def _envelope(answer: Answer, number: int, place: str) -> tuple[list[Any], int, Any]:
    """(rows, total pages, total count) of a page. Raises FeedChanged when it is not the page asked for."""
    body = answer.json()
    if answer.status != 200 or not isinstance(body, dict) or not isinstance(body.get("data"), list):
        raise FeedChanged(f"réponse {answer.status} sans programme", place=place)
    page, total_pages = body.get("page", number), body.get("totalPages", 1)
    if page != number:
        raise FeedChanged(f"le cinéma répond la page {page}", place=place)
    if not isinstance(total_pages, int):
        raise FeedChanged("totalPages n'est pas un nombre", place=place)
    return body["data"], total_pages, body.get("totalCount")

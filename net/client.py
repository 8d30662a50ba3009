"""The one way out to other people's servers: `async with open_http(limits) as http:`.

Guarantees of every call: the address was checked and the connection pinned to it (`guard.py`), redirects are
followed by hand and checked alike, time, silence, slowness and size are bounded (`bodies.py`), and what goes
wrong is one of the kinds of `errors.py`, without queries, keys or bodies in its text. No cookies, no proxies.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Container, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp.abc import AbstractResolver

from net.addresses import Hop, Params, first_hop, next_hop
from net.answers import Answer
from net.bodies import ACCEPTED, pieces
from net.errors import FeedChanged, ProviderUnavailable
from net.failures import refuse, told_by_kind
from net.guard import CheckedResolver, check_literal
from net.limits import Limits
from net.retries import retrying
from net.traffic import Traffic

__all__ = ["Answer", "Aside", "Http", "Keep", "Limits", "open_http"]

Keep = Callable[[str, bytes, bool], Awaitable[None]]
"""Told of everything that was read: its place (without query), its bytes, and whether they continue those before.

Only of what asking changes nothing: the answer to a login holds a token."""

Pace = Callable[[], Awaitable[None]]
"""Returns when a request may be made."""

Aside = Callable[[], AbstractAsyncContextManager[None]]
"""Entered for as long as there is nothing to do but wait for the provider."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
USER_AGENT = "Passerelle/0.1 (pass Culture)"


@dataclass(frozen=True, slots=True)
class _Order:
    """One request as the caller wants it."""

    method: str
    hop: Hop
    ok: Container[int]
    json: Any = None
    data: bytes | Mapping[str, str] | None = None
    keeps: bool = True

    @property
    def safe(self) -> bool:
        """Asking changes nothing at the provider."""
        return self.method in _SAFE

    @property
    def place(self) -> str:
        return self.hop.place


@asynccontextmanager
async def open_http(
    limits: Limits | None = None,
    *,
    allow_private: bool = False,
    names: AbstractResolver | None = None,
    traffic: Traffic | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    keep: Keep | None = None,
    pace: Pace | None = None,
    aside: Aside = nullcontext,
) -> AsyncIterator[Http]:
    """An `Http` and its connections, closed on leaving.

    `allow_private` lets it reach loopback and private networks, for a source that says so; link-local,
    metadata and multicast addresses stay refused. `names` resolves names; the system's by default. `keep` is
    given what was read, before the caller is; `pace` is awaited before each try of a request, and that wait is
    not counted as the provider's; `traffic` counts what is asked and comes back; `aside` is entered for each wait.
    """
    limits = limits or Limits()
    timeout = ClientTimeout(
        total=None, connect=limits.connect_seconds, sock_read=limits.read_seconds, ceil_threshold=60
    )
    connector = TCPConnector(resolver=CheckedResolver(allow_private=allow_private, names=names), use_dns_cache=False)
    async with ClientSession(
        connector=connector,
        timeout=timeout,
        cookie_jar=DummyCookieJar(),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": ACCEPTED},
        auto_decompress=False,
    ) as session:
        traffic = traffic or Traffic()
        yield Http(
            session,
            limits,
            allow_private=allow_private,
            clock=clock,
            keep=keep,
            pace=pace,
            traffic=traffic,
            aside=aside,
        )


class Http:
    """Asks providers within `Limits`. Made by `open_http`; may be shared by many tasks.

    Every method raises AddressRefused, AccessDenied (401, 403), FeedChanged (other 4xx, 501, 505, too large,
    too many redirects) or ProviderUnavailable (down, slow, 408, 425, 429, other 5xx). A status in `ok` is an
    Answer.
    """

    def __init__(
        self,
        session: ClientSession,
        limits: Limits,
        *,
        allow_private: bool,
        clock: Callable[[], datetime],
        keep: Keep | None = None,
        pace: Pace | None = None,
        traffic: Traffic,
        aside: Aside,
    ) -> None:
        self._session = session
        self._limits = limits
        self._allow_private = allow_private
        self._clock = clock
        self._keep = keep
        self._traffic = traffic
        self._pace = pace
        self._aside = aside

    async def get(
        self,
        url: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        ok: Container[int] = (200,),
        keep: bool = True,
    ) -> Answer:
        """The whole answer, asked for again (`Limits.tries`) while the provider is unavailable.

        `keep` False: it tells of people, and is not kept as read.
        """
        return await self.request("GET", url, params=params, headers=headers, ok=ok, retry=True, keep=keep)

    async def get_json(
        self, url: str, *, params: Params | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The answer's JSON, fractional numbers as Decimal. FeedChanged when it is not JSON."""
        headers = {"Accept": "application/json"} | dict(headers or {})
        return (await self.get(url, params=params, headers=headers)).json()

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: bytes | Mapping[str, str] | None = None,
        ok: Container[int] = (200, 201, 204),
        retry: bool = False,
        keep: bool = True,
    ) -> Answer:
        """The whole answer to one request, sent once unless `retry`.

        For methods that change something: redirects are not followed, and ProviderUnavailable says by
        `outcome_unknown` whether one of the tries may have been executed. `data`: bytes, or a form's fields.
        """
        order = _Order(method.upper(), first_hop(url, params, headers), ok, json, data, keep)
        if not retry:
            async with self._waiting():
                return await self._ask(order)
        maybe_executed = False

        async def one_try() -> Answer:
            nonlocal maybe_executed
            try:
                return await self._ask(order)
            except ProviderUnavailable as failure:
                maybe_executed = failure.outcome_unknown = maybe_executed or failure.outcome_unknown
                raise

        async with self._waiting():
            return await retrying(self._limits)(one_try)

    async def stream(
        self, url: str, *, params: Params | None = None, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[bytes]:
        """The body of a GET in pieces of at most 256 KiB, decompressed, up to `Limits.max_stream_bytes`.

        Tried again until the body starts, never after: a body that breaks raises ProviderUnavailable.
        A consumer that may stop early wraps it in `contextlib.aclosing`.
        """
        order = _Order("GET", first_hop(url, params, headers), (200,))
        follows = False
        async with self._waiting():
            response: ClientResponse = await retrying(self._limits)(self._open, order)
        try:
            async with aclosing(self._body(response, order)) as body:
                async for piece in body:
                    if self._keep is not None:
                        await self._keep(order.place, piece, follows)
                        follows = True
                    yield piece
        finally:
            response.close()

    @asynccontextmanager
    async def _waiting(self) -> AsyncIterator[None]:
        """Counts the block's time as the provider's, and stands aside meanwhile."""
        async with self._aside():
            with self._traffic.waiting():
                yield

    async def _ask(self, order: _Order) -> Answer:
        if self._pace is not None:
            await self._pace()
        with told_by_kind(order.place, safe=order.safe):
            async with asyncio.timeout(self._limits.total_seconds):
                asked_at = self._clock()
                response = await self._follow(order)
                try:
                    body = await self._read(response, order)
                finally:
                    response.close()
        self._traffic.answers += 1
        if self._keep is not None and order.keeps and order.safe and body:
            await self._keep(order.place, body, False)
        return Answer(response.status, response.headers, body, str(response.url), asked_at)

    async def _read(self, response: ClientResponse, order: _Order) -> bytes:
        limits = self._limits
        seconds, place = limits.total_seconds, order.place
        body = bytearray()
        try:
            async for piece in pieces(response, limits, max_bytes=limits.max_bytes, seconds=seconds, place=place):
                body += piece
                self._traffic.bytes += len(piece)
        except (FeedChanged, ProviderUnavailable) as failure:
            if order.safe:
                raise
            # The order was executed; only its answer is unreadable.
            raise ProviderUnavailable(failure.message, place=place, outcome_unknown=True) from failure
        return bytes(body)

    async def _body(self, response: ClientResponse, order: _Order) -> AsyncGenerator[bytes]:
        limits, place = self._limits, order.place
        body = pieces(response, limits, max_bytes=limits.max_stream_bytes, seconds=limits.stream_seconds, place=place)
        self._traffic.answers += 1
        while True:
            async with self._waiting():
                with told_by_kind(place, safe=True):
                    piece = await anext(body, None)
            if piece is None:
                return
            self._traffic.bytes += len(piece)
            yield piece

    async def _open(self, order: _Order) -> ClientResponse:
        if self._pace is not None:
            await self._pace()
        with told_by_kind(order.place, safe=order.safe):
            async with asyncio.timeout(self._limits.total_seconds):
                return await self._follow(order)

    async def _follow(self, order: _Order) -> ClientResponse:
        """The answer at the end of the redirects, body unread, status in `ok`. The caller closes it."""
        hop = order.hop
        for _ in range(self._limits.max_redirects + 1):
            check_literal(hop.url, allow_private=self._allow_private)
            response = await self._session.request(
                order.method,
                hop.url,
                headers=hop.headers,
                json=order.json,
                data=order.data,
                allow_redirects=False,
            )
            status = response.status
            if status in order.ok:
                return response
            response.close()
            if order.safe and status in _REDIRECTS:
                hop = next_hop(hop, response.headers.get("Location"))
            else:
                refuse(status, response.headers, place=hop.place, safe=order.safe, now=self._clock())
        raise FeedChanged("trop de redirections", place=order.place)

"""Real servers on loopback, and a tiny name server, for the tests of the guarded client."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from net.client import Http, Limits, open_http

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Provider:
    """A provider that runs `handler` on every request, and what it was asked."""

    handler: Handler
    port: int = 0
    asked: list[web.Request] = field(default_factory=list)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        return await self.handler(request)


class Names(AbstractResolver):
    """A name server with a fixed zone that counts its questions."""

    def __init__(self, zone: dict[str, list[str]]) -> None:
        self.zone = zone
        self.questions: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.questions.append(host)
        if host not in self.zone:
            raise OSError(f"no such name: {host}")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
            for address in self.zone[host]
        ]

    async def close(self) -> None:
        """Holds nothing."""


@pytest.fixture
async def provider() -> AsyncIterator[Callable[[Handler], Awaitable[Provider]]]:
    """`await provider(handler)` starts an HTTP server on loopback."""
    runners: list[web.AppRunner] = []

    async def start(handler: Handler) -> Provider:
        made = Provider(handler)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", made.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        made.port = runner.addresses[0][1]
        return made

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def raw_provider() -> AsyncIterator[Callable[[bytes], Awaitable[str]]]:
    """`await raw_provider(answer)` serves these very bytes to everybody, then hangs up; gives its URL."""
    servers: list[asyncio.Server] = []

    async def start(answer: bytes) -> str:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/feed"

    yield start
    for server in servers:
        server.close()
        await server.wait_closed()


@pytest.fixture
def limits() -> Limits:
    """Limits small enough for tests to meet them."""
    return Limits(
        total_seconds=2,
        connect_seconds=1,
        read_seconds=0.6,
        stream_seconds=2,
        max_bytes=100_000,
        max_stream_bytes=200_000,
        max_redirects=3,
        tries=3,
        first_backoff_seconds=0.01,
        max_backoff_seconds=0.05,
        max_retry_after_seconds=1,
        slow_bytes_per_second=1000,
        slow_window_seconds=0.2,
    )


@pytest.fixture
async def http(limits: Limits) -> AsyncIterator[Http]:
    """A client that may reach loopback."""
    async with open_http(limits, allow_private=True) as http:
        yield http


@pytest.fixture
def names() -> Callable[[dict[str, list[str]]], Names]:
    """`names({"a.test": ["127.0.0.1"]})` is a name server."""
    return Names


@pytest.fixture
def text_answer() -> Callable[..., Handler]:
    """`text_answer(text, status=200, **headers)` is a handler that says this, whatever is asked."""

    def handler(text: str = "", status: int = 200, headers: dict[str, str] | None = None) -> Handler:
        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(text=text, status=status, headers=headers)

        return answer

    return handler


@pytest.fixture
def redirect_to() -> Callable[..., Handler]:
    """`redirect_to(location, status=302)` is a handler that sends everybody there."""

    def handler(location: str, status: int = 302) -> Handler:
        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(status=status, headers={"Location": location})

        return answer

    return handler

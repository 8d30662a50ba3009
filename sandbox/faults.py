"""What can be broken at a provider, for tests and demonstrations: one switchboard per simulated application."""

from __future__ import annotations

import asyncio
import enum
import json
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware


class FaultKind(enum.StrEnum):
    """The ways an answer can go wrong."""

    STATUS = "status"
    """Another status, with a text that is no JSON."""
    HANG = "hang"
    """No answer for `seconds`."""
    TRUNCATED = "truncated"
    """The connection closes in the middle of the body."""
    MALFORMED = "malformed"
    """Half the body, announced as whole: JSON or XML that does not parse."""
    REPEATED_PAGE = "repeated_page"
    """The answer given before on this path, whatever is asked now."""
    EMPTY_PAGE = "empty_page"
    """The JSON answer with its lists emptied."""
    WRONG_CHARSET = "wrong_charset"
    """Windows-1252 bytes under a declaration of UTF-8."""
    ERROR_PAGE = "error_page"
    """200 with a page of HTML."""


@dataclass(slots=True)
class Fault:
    """One fault, for the next `times` requests whose path holds `path`."""

    kind: FaultKind
    times: int = 1
    path: str = ""
    status: int = 500
    seconds: float = 30.0
    headers: dict[str, str] = field(default_factory=dict)
    after: int = 0
    """How many matching requests are answered well first."""


class Faults:
    """The faults to come of one application; `served` counts all its requests."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._last: dict[str, web.Response] = {}
        self.served = 0

    def inject(self, fault: Fault) -> None:
        """Queues a fault."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Forgets all faults."""
        self._waiting.clear()

    def middleware(self) -> Middleware:
        """Returns the middleware that lets the faults happen."""

        @web.middleware
        async def breaking(request: web.Request, handler: Handler) -> web.StreamResponse:
            self.served += 1
            fault = self._due(request.path)
            if fault is None:
                answer = await handler(request)
                if isinstance(answer, web.Response):
                    self._last[request.path] = answer
                return answer
            return await self._broken(fault, request, handler)

        return breaking

    def _due(self, path: str) -> Fault | None:
        for fault in self._waiting:
            if fault.path not in path:
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.times -= 1
            if fault.times <= 0:
                self._waiting.remove(fault)
            return fault
        return None

    async def _broken(self, fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
        if fault.kind is FaultKind.STATUS:
            return web.Response(status=fault.status, text="Service indisponible", headers=fault.headers)
        if fault.kind is FaultKind.HANG:
            await asyncio.sleep(fault.seconds)
            return web.Response(status=504)
        if fault.kind is FaultKind.ERROR_PAGE:
            return web.Response(text="<html><body><h1>HTTP Status 500</h1></body></html>", content_type="text/html")
        if fault.kind is FaultKind.REPEATED_PAGE and request.path in self._last:
            return _like(self._last[request.path], _body(self._last[request.path]))
        answer = await handler(request)
        if not isinstance(answer, web.Response):
            return answer
        body = _body(answer)
        if fault.kind is FaultKind.TRUNCATED:
            return await _cut(request, answer, body)
        if fault.kind is FaultKind.MALFORMED:
            return _like(answer, body[: len(body) // 2])
        if fault.kind is FaultKind.EMPTY_PAGE:
            return _like(answer, _emptied(body))
        if fault.kind is FaultKind.WRONG_CHARSET:
            return _like(answer, body.decode().encode("cp1252", "xmlcharrefreplace"))
        return answer


def _body(answer: web.Response) -> bytes:
    body = answer.body
    return bytes(body) if isinstance(body, bytes | bytearray) else b""


def _like(answer: web.Response, body: bytes) -> web.Response:
    return web.Response(status=answer.status, body=body, content_type=answer.content_type, charset=answer.charset)


def _emptied(body: bytes) -> bytes:
    page = json.loads(body)
    return json.dumps({key: [] if isinstance(value, list) else value for key, value in page.items()}).encode()


async def _cut(request: web.Request, answer: web.Response, body: bytes) -> web.StreamResponse:
    cut = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.headers["Content-Type"]})
    cut.content_length = len(body)
    await cut.prepare(request)
    await cut.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return cut

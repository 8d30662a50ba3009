"""The publisher's feed over HTTP: `GET /onix/full.xml` and `GET /onix/delta.xml?since=…` (inclusive, ISO 8601
with zone).

`Authorization: Bearer` or `X-Api-Key`. Answers carry `ETag` and `Last-Modified`; `If-None-Match` is answered
by 304.
"""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.imprint import TOKEN, Entry, Imprint
from sandbox.onix_message import message


def build(imprint: Imprint, clock: Clock, faults: Faults) -> web.Application:
    """Returns the application over the catalogue."""

    async def full(request: web.Request) -> web.Response:
        _check(request)
        return _sent(request, imprint.whole(), "full")

    async def delta(request: web.Request) -> web.Response:
        _check(request)
        since = _instant(request.query.get("since", ""))
        return _sent(request, imprint.since(since), since.isoformat())

    def _sent(request: web.Request, entries: list[Entry], name: str) -> web.Response:
        changed = imprint.last_change()
        tag = f'W/"{name}-{changed.timestamp():.3f}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        imprint.messages_sent += 1
        body = message(entries, sent_at=clock(), number=imprint.messages_sent)
        answer = web.Response(body=body, content_type="application/xml", charset="utf-8", headers={"ETag": tag})
        answer.last_modified = changed
        return answer

    app = web.Application(middlewares=[faults.middleware()])
    app.router.add_get("/onix/full.xml", full)
    app.router.add_get("/onix/delta.xml", delta)
    return app


def _check(request: web.Request) -> None:
    if request.headers.get("Authorization") != f"Bearer {TOKEN}" and request.headers.get("X-Api-Key") != TOKEN:
        raise web.HTTPUnauthorized(text="Clé absente ou refusée.")


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise web.HTTPBadRequest(text="since : une date ISO 8601 est attendue.") from error
    if instant.tzinfo is None:
        raise web.HTTPBadRequest(text="since : un fuseau est attendu.")
    return instant

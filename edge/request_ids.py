"""One id per request: the caller's where it is sane, else ours; on the answer, in problems, in every log line."""

from __future__ import annotations

import logging
import re
import uuid
from contextvars import ContextVar

from aiohttp import web
from aiohttp.typedefs import Handler

HEADER = "X-Request-Id"

_SANE = re.compile(r"[A-Za-z0-9._-]{8,64}")
_key = web.RequestKey("request_id", str)
_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def current_request_id() -> str | None:
    """The id of the request being answered, also in the tasks it starts; None outside of requests."""
    return _current.get()


@web.middleware
async def request_ids(request: web.Request, handler: Handler) -> web.StreamResponse:
    """To be the outermost middleware. May stand on the root and on a face: the first one decides."""
    if _key not in request:
        given = request.headers.get(HEADER, "")
        request[_key] = given if _SANE.fullmatch(given) else uuid.uuid4().hex
    token = _current.set(request[_key])
    try:
        return await handler(request)
    finally:
        _current.reset(token)


async def write_request_id(request: web.Request, response: web.StreamResponse) -> None:
    """For `Application.on_response_prepare`: streams send their headers before any middleware sees them again."""
    if _key in request:
        response.headers[HEADER] = request[_key]


def request_id_of(request: web.BaseRequest) -> str | None:
    """The id given to `request`; None for one that aiohttp could not even parse."""
    return request.get(_key)


class RequestIdFilter(logging.Filter):
    """Gives every log record a `request_id`, `-` outside of requests. To be added to the handlers."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _current.get() or "-"
        return True

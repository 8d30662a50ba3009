"""Answers that are asked for again and again: told once, then only whether they have changed."""

from __future__ import annotations

import hashlib

from aiohttp import hdrs, web


def kept_by_etag(request: web.Request, response: web.Response, cache: str) -> web.Response:
    """The response under the hash of its body, or 304 to whoever names that hash (RFC 9110 §13.1.2)."""
    assert isinstance(response.body, bytes)
    tag = hashlib.sha256(response.body).hexdigest()[:32]
    headers = {hdrs.ETAG: f'"{tag}"', hdrs.CACHE_CONTROL: cache}
    if any(one.value in (tag, "*") for one in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    response.headers.update(headers)
    return response

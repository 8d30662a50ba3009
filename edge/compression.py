"""Compresses answers for those who accept it, on slow networks above all.

Only what is public: beside a secret, the length of a compressed answer tells about the secret (the BREACH attack).
"""

from __future__ import annotations

import re

from aiohttp import hdrs, web

WORTH_BYTES = 1024
"""Shorter answers fit in one packet as they are."""
_CODING = re.compile(r"\s*(?P<name>[A-Za-z0-9*_-]+)\s*(?:;\s*q=(?P<weight>[01](?:\.[0-9]{0,3})?)\s*)?")


def accepts_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding (RFC 9110 §12.5.3) prefers gzip to nothing: named, or by `*`, and not with q=0."""
    weights: dict[str, float] = {}
    for part in accepted.split(","):
        if found := _CODING.fullmatch(part):
            weights.setdefault(found["name"].lower(), float(found["weight"] or 1))
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def compressed(request: web.Request, response: web.Response) -> web.Response:
    """The response, in gzip where that is worth it and accepted. Caches are told that there are two."""
    response.headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
    body = response.body
    worth = isinstance(body, bytes) and len(body) >= WORTH_BYTES
    # aiohttp writes a compressor's last bytes after HEAD too, where no body may come.
    if worth and request.method != hdrs.METH_HEAD and accepts_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, "")):
        if tag := response.headers.get(hdrs.ETAG):
            # The same words in other bytes: the tag is a weak one (RFC 9110 §8.8.1).
            response.headers[hdrs.ETAG] = f"W/{tag}"
        response.enable_compression(web.ContentCoding.gzip)
    return response

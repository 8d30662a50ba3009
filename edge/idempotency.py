"""The Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header-07): reading it. Whose key it is and
what was answered to it belong to the domain."""

from __future__ import annotations

import re

from aiohttp import web

from edge.errors import InvalidParameter

HEADER = "Idempotency-Key"

_KEY = re.compile(r'"([\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x5b\x5d-\x7e]{1,255})')


def idempotency_key(request: web.Request) -> str:
    """The key, 1 to 255 visible ASCII characters; the draft's quotes may be left out, as many clients do.

    Raises InvalidParameter when it is missing, given twice or of another form.
    """
    given = request.headers.getall(HEADER, [])
    found = _KEY.fullmatch(given[0].strip()) if len(given) == 1 else None
    if found is None:
        raise InvalidParameter(
            "L'en-tête Idempotency-Key est requis, une fois : un identifiant unique par opération.", parameter=HEADER
        )
    return found[1] or found[2]

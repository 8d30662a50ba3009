"""Pages of a list: a bounded `limit`, an opaque cursor, a `Link` to the next page.

A cursor holds the sort values of the last row shown, so that a page continues after it whatever was added
or removed before.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import hdrs, web

from edge.errors import InvalidParameter

CURSOR = "after"
LIMIT = "limit"

_LONGEST = 1024
_BIGINT = 2**63


@dataclass(frozen=True, slots=True)
class Page:
    """What part of a list is asked for."""

    limit: int
    after: tuple[int | str, ...] | None
    """The values of the cursor; None for the first page."""


def page_asked(
    request: web.Request, *, shape: Sequence[type[int] | type[str]], default: int = 50, most: int = 200
) -> Page:
    """The page a request asks for; `shape` is the types of the cursor's values.

    Raises InvalidParameter for a limit that is no integer from 1 to `most`, and for a cursor we did not write.
    """
    text = request.query.get(LIMIT, str(default))
    limit = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(most)) else 0
    if not 1 <= limit <= most:
        raise InvalidParameter(f"limit doit être un entier de 1 à {most}.", parameter=LIMIT)
    cursor = request.query.get(CURSOR)
    return Page(limit, None if cursor is None else read_cursor(cursor, shape))


def write_cursor(*values: int | str) -> str:
    """base64url of a JSON array, without padding."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def read_cursor(cursor: str, shape: Sequence[type[int] | type[str]]) -> tuple[int | str, ...]:
    """The values `write_cursor` was given: of these types, integers within 64 bits, texts PostgreSQL can hold.

    Raises InvalidParameter.
    """
    try:
        if len(cursor) > _LONGEST:
            raise ValueError
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        values = json.loads(raw)
        fits = isinstance(values, list) and [type(value) for value in values] == list(shape)
        if not fits or not all(_is_storable(value) for value in values):
            raise ValueError
    except (ValueError, binascii.Error, RecursionError):
        raise InvalidParameter(
            "Ce curseur n'est pas l'un des nôtres : reprenez à la première page.", parameter=CURSOR
        ) from None
    return tuple(values)


def link_next(response: web.StreamResponse, request: web.Request, cursor: str | None) -> None:
    """Adds `Link: <…>; rel="next"` (RFC 8288), none where `cursor` is None: the last page.

    The link keeps the request's other parameters.
    """
    if cursor is not None:
        response.headers.add(hdrs.LINK, next_page(request, {CURSOR: cursor}))


def next_page(request: web.Request, parameters: Mapping[str, str]) -> str:
    """The value of a `Link` to this very address with other parameters, as a path.

    Scheme and host are what the caller said, or a proxy: following `http://` behind a proxy that speaks TLS would
    send the key in clear, and what stands in `Host` may be anything.
    """
    return f'<{request.rel_url.update_query(parameters).raw_path_qs}>; rel="next"'


def _is_storable(value: int | str) -> bool:
    if isinstance(value, int):
        return -_BIGINT <= value < _BIGINT
    value.encode()  # half a surrogate pair is a ValueError
    return "\0" not in value

"""JSON answers of typed records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import hdrs, web

CONTENT_TYPE = "application/json"
"""Without a charset: RFC 8259 knows none, JSON is UTF-8."""


def answer(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """`value` (a msgspec Struct, or a list of them) as JSON, in the names its type gives its fields."""
    return web.Response(
        status=status,
        body=msgspec.json.encode(value),
        headers=dict(headers or {}) | {hdrs.CONTENT_TYPE: CONTENT_TYPE},
    )

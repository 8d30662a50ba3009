"""`/bookings/{id}/qr`: what the person shows at the venue, as a picture or as the text in it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

import segno
from aiohttp import hdrs, web

from app_api.keys import APP_API, BENEFICIARY
from bookings.tickets import Shown
from edge.errors import InvalidParameter
from schemas.ids import internal_id

SCALE = 8
"""Pixels, or units of an SVG, per module."""
NEVER_STORED = "private, no-store"
"""It is worth what was booked."""


async def qr(request: web.Request) -> web.Response:
    """The QR code of a booking that can be used: `content` signed or legacy, `format` svg, png or text."""
    content = _choice(request, "content", CONTENTS)
    rendered, kind = _choice(request, "format", FORMATS)
    booking_id = internal_id("booking", request.match_info["id"])
    shown = await request.app[APP_API].tickets.of(request[BENEFICIARY].pseudonym, booking_id)
    text, code = content(shown)
    return web.Response(body=rendered(text, code), headers={hdrs.CONTENT_TYPE: kind, hdrs.CACHE_CONTROL: NEVER_STORED})


def signed(shown: Shown) -> tuple[str, segno.QRCode]:
    """The signed ticket: upper case throughout, so that a code of 45 modules a side holds it."""
    return shown.signed, segno.make(shown.signed, error="m", micro=False)


def legacy(shown: Shown) -> tuple[str, segno.QRCode]:
    """The field's text at level Q. Its 27 bytes do not fit version 2 there, whatever the field's documents say."""
    return shown.legacy, segno.make(shown.legacy, version=3, error="q", boost_error=False, micro=False)


def svg(_: str, code: segno.QRCode) -> bytes:
    """A drawing of its own, with the quiet zone that ISO/IEC 18004 wants."""
    out = io.BytesIO()
    code.save(out, kind="svg", scale=SCALE, border=4, light="#fff")
    return out.getvalue()


def png(_: str, code: segno.QRCode) -> bytes:
    """The same in pixels."""
    out = io.BytesIO()
    code.save(out, kind="png", scale=SCALE, border=4)
    return out.getvalue()


def text(content: str, _: segno.QRCode) -> bytes:
    """For apps that draw by themselves."""
    return content.encode("ascii")


_T = TypeVar("_T")
Content = Callable[[Shown], tuple[str, segno.QRCode]]
Rendering = Callable[[str, segno.QRCode], bytes]
CONTENTS: Mapping[str, Content] = MappingProxyType({"signed": signed, "legacy": legacy})
FORMATS: Mapping[str, tuple[Rendering, str]] = MappingProxyType(
    {"svg": (svg, "image/svg+xml"), "png": (png, "image/png"), "text": (text, "text/plain; charset=utf-8")}
)


def _choice(request: web.Request, name: str, known: Mapping[str, _T]) -> _T:
    """The one asked for, the first where none is."""
    asked = request.query.get(name, next(iter(known)))
    if asked not in known:
        raise InvalidParameter(f"{name} doit être l'un de : {', '.join(known)}.", parameter=name)
    return known[asked]

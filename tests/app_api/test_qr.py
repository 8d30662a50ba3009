"""The QR code a person shows, read back by a scanner that is not ours."""

from __future__ import annotations

import re
import struct
import zlib
from typing import Any

import numpy as np
import pytest
import segno
import zxingcpp
from app_client import App

from bookings.ticket_format import read


async def ask(app: App, booking: str, headers: dict[str, str], **query: str) -> tuple[int, dict[str, str], bytes]:
    answer = await app.client.get(f"/app/v1/bookings/{booking}/qr", headers=headers, params=query)
    return answer.status, dict(answer.headers), await answer.read()


def drawn(png: bytes) -> Any:
    """The pixels of a PNG as segno writes it: one bit each, rows as they are or as what they add to the row above."""
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", png[16:29])
    assert (depth, colour, rest) == (1, 0, [0, 0, 0])
    at = png.index(b"IDAT")
    size = int.from_bytes(png[at - 4 : at], "big")
    rows = np.frombuffer(zlib.decompress(png[at + 4 : at + 4 + size]), np.uint8).reshape(height, -1)
    lines = [np.zeros(rows.shape[1] - 1, np.uint8)]
    for row in rows:
        assert row[0] in (0, 2)
        lines.append(row[1:] + lines[-1] if row[0] == 2 else row[1:])
    return np.unpackbits(np.array(lines[1:]), axis=1)[:, :width] * np.uint8(255)


def painted(svg: str) -> Any:
    """The modules of segno's SVG: horizontal strokes, each one unit high, in one path."""
    side = int(float(re.findall(r'width="(\d+)"', svg)[0])) // 8
    image = np.full((side, side), 255, np.uint8)
    x = y = 0.0
    [path] = re.findall(r'stroke="#000"[^>]* d="([^"]+)"', svg) or re.findall(r'class="qrline"[^>]* d="([^"]+)"', svg)
    for verb, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        steps = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if verb == "M":
            x, y = steps
        elif verb == "m":
            x, y = x + steps[0], y + steps[1]
        else:
            image[int(y), int(x) : int(x + steps[0])] = 0
            x += steps[0]
    return image.repeat(8, axis=0).repeat(8, axis=1)


def scanned(image: Any) -> str:
    [found] = zxingcpp.read_barcodes(np.ascontiguousarray(image))
    return found.text


@pytest.fixture
async def lou(app: App) -> dict[str, str]:
    return await app.person()


@pytest.fixture
async def booking(app: App, lou: dict[str, str]) -> Any:
    return (await app.book(lou, "book"))[1]


@pytest.mark.parametrize("content", ["legacy", "signed"])
async def test_a_scanner_reads_what_we_drew(app: App, lou: dict[str, str], booking: Any, content: str) -> None:
    """PNG and SVG hold the same text as the plain answer; nobody on the way may keep it."""
    status, headers, text = await ask(app, booking["id"], lou, content=content, format="text")
    assert (status, headers["Cache-Control"]) == (200, "private, no-store")
    expected = text.decode()
    if content == "legacy":
        assert expected == f"PASSCULTURE:v3;TOKEN:{booking['countermark']}"
    else:
        assert read(expected).ticket.quantity == booking["quantity"]
    _, headers, png = await ask(app, booking["id"], lou, content=content, format="png")
    assert (headers["Content-Type"], scanned(drawn(png))) == ("image/png", expected)
    _, headers, svg = await ask(app, booking["id"], lou, content=content)
    assert (headers["Content-Type"], scanned(painted(svg.decode()))) == ("image/svg+xml", expected)


async def test_the_codes_are_as_small_as_they_can_be(app: App, lou: dict[str, str], booking: Any) -> None:
    """The field's text is version 3 at level Q; the signed ticket stays within version 7 at level M."""
    _, _, png = await ask(app, booking["id"], lou, content="legacy", format="png")
    [found] = zxingcpp.read_barcodes(drawn(png))
    assert (drawn(png).shape, found.ec_level) == (((29 + 8) * 8, (29 + 8) * 8), "Q")
    _, _, text = await ask(app, booking["id"], lou, format="text")
    code = segno.make(text.decode(), error="m", micro=False)
    assert (int(code.version), code.mode) <= (7, "alphanumeric")


async def test_only_its_owner_is_shown_it(app: App, lou: dict[str, str], booking: Any) -> None:
    """Somebody else's booking does not exist; a cancelled one has nothing to show; the choices are named."""
    assert (await ask(app, booking["id"], await app.person("max")))[0] == 404
    assert (await ask(app, booking["id"], {}))[0] == 401
    assert (await ask(app, booking["id"], lou, format="gif"))[0] == 400
    assert (await ask(app, booking["id"], lou, content="all"))[0] == 400
    await app.cancel(lou, booking["id"])
    status, _, body = await ask(app, booking["id"], lou)
    assert (status, b"/problems/cancelled" in body) == (409, True)

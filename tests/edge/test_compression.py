"""Long public answers travel small to those who accept it, and their copies stay valid."""

from __future__ import annotations

import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpClient

from edge.answers import answer
from edge.app import face
from edge.compression import WORTH_BYTES, accepts_gzip, compressed
from edge.etags import kept_by_etag

LONG, SHORT = "x" * WORTH_BYTES, "x"


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("deflate, gzip;q=1.0", True),
        ("*", True),
        ("gzip;q=0, *", False),
        ("gzip;q=0.000", False),
        ("identity", False),
        ("x-gzip-not", False),
        ("", False),
        (";;;,,", False),
    ],
)
def test_who_accepts_gzip(accepted: str, expected: bool) -> None:
    """A weight of zero is a no, and an unreadable header asks for nothing."""
    assert expected == accepts_gzip(accepted)


async def serve(request: web.Request) -> web.Response:
    said = answer([request.match_info["text"]])
    return compressed(request, kept_by_etag(request, said, "no-cache"))


async def test_long_answers_travel_small(aiohttp_client: AiohttpClient) -> None:
    """In gzip for who accepts it, plain for others and for short ones; the same words either way."""
    app = face()
    app.router.add_get("/{text}", serve)
    client = await aiohttp_client(app, auto_decompress=False)
    for text, accepted, coding in ((LONG, "gzip, br", "gzip"), (LONG, "identity", None), (SHORT, "gzip", None)):
        got = await client.get(f"/{text}", headers={"Accept-Encoding": accepted})
        assert (got.status, got.headers.get("Content-Encoding"), got.headers["Vary"]) == (
            200,
            coding,
            "Accept-Encoding",
        )
        assert (len(await got.read()) < 100) == (coding == "gzip" or text is SHORT)
        again = await client.get(
            f"/{text}", headers={"Accept-Encoding": accepted, "If-None-Match": got.headers["ETag"]}
        )
        assert (again.status, await again.read()) == (304, b"")
        head = await client.head(f"/{text}", headers={"Accept-Encoding": accepted})
        assert (head.status, await head.read()) == (200, b"")

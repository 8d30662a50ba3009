"""Whatever is sent to whatever address: an answer of the contract's form, and nothing of our insides in it."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

INSIDES = re.compile(
    rb"Traceback|asyncpg|psycopg|\.py\b|select .* from |insert into|msgspec|aiohttp/|relation \"|constraint", re.I
)
_ENDS = re.compile(r"[\r\n\0]")
ROUTES = (
    ("GET", "/"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/problems/{x}"),
    ("GET", "/app/v1/offers"),
    ("GET", "/app/v1/offers/{x}"),
    ("GET", "/app/v1/wallet"),
    ("GET", "/app/v1/bookings"),
    ("POST", "/app/v1/bookings"),
    ("GET", "/app/v1/bookings/{x}"),
    ("GET", "/app/v1/bookings/{x}/qr"),
    ("POST", "/app/v1/bookings/{x}/cancel"),
    ("GET", "/partner/v1/countermarks/{x}"),
    ("POST", "/partner/v1/countermarks/{x}/use"),
    ("POST", "/partner/v1/countermarks/{x}/keep"),
    ("POST", "/partner/v1/countermarks/{x}/cancel"),
    ("POST", "/partner/v1/countermarks/check"),
    ("POST", "/partner/v1/countermarks/use"),
    ("GET", "/partner/v1/venues/{x}/offline/conflicts"),
    ("POST", "/partner/v1/venues/{x}/offline/entries"),
    ("GET", "/.well-known/passerelle-keys.json"),
    ("GET", "/public/bookings/v1/bookings"),
    ("GET", "/public/bookings/v1/token/{x}"),
    ("PATCH", "/v2/bookings/use/token/{x}"),
    ("PATCH", "/bookings/token/{x}"),
    ("GET", "/partner/v1/venues"),
    ("GET", "/partner/v1/sources"),
    ("GET", "/partner/v1/sources/{x}/rejects"),
    ("GET", "/partner/v1/runs/{x}"),
    ("GET", "/open/v1/offers.ndjson"),
    ("GET", "/open/v1/changes"),
)
NASTY = (
    "\0", "%00", "../../etc/passwd", "..%2f..%2f", "%", "%zz", "%ff%fe", "'; drop table booking; --", "\\", "_", "%25",
    "é" * 300, "\U0001f4a5", "\u202e", "a\r\nX-Injected: 1", "-1", "0", "9" * 400, "1e308", "NaN", "null", "{}", "b_",
    "b_0000000000000", "o_zzzzzzzzzzzzz", "k_" + "0" * 13, "AAAAAA", "ſſſſſſ", " ", "W10", "WyJhIl0", "WzldCg", "",
)  # fmt: skip
texts = st.sampled_from(NASTY) | st.text(max_size=40)
PARAMETERS = ("q", "limit", "after", "department", "subcategory", "x", "offerId", "firstIndex", "email", "offer_id")
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
BODIES = (
    b"", b"{", b"null", b"[]", b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe", b"\xef\xbb\xbf{}", b" " * 200_000,
    b'{"stockId":"\\ud800"}', b'{"stockId":"\\u0000"}', b'{"nonce":"\\u0000"}', b'{"nonce":"\\ud800"}',
    b'{"stockId":"k","quantity":1e400}', b'{"stockId":"k","quantity":' + b"9" * 5000 + b"}",
    b'{"stockId":"k","stockId":"k"}',
)  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """What came back over the socket."""

    status: int
    headers: dict[str, str]
    body: bytes


async def exchange(address: str, raw: bytes) -> Reply:
    """The answer to these very bytes."""
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        writer.write(raw)
        async with asyncio.timeout(60):
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.read()
        return Reply(int(first.split(" ")[1]), headers, body)
    finally:
        writer.close()


def request(method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes | None) -> bytes:
    """A request that closes its connection; what would end a line is left out of headers."""
    if query:
        path += "?" + "&".join(f"{name}={quote(value, errors='replace')}" for name, value in query.items())
    lines = [f"{method} {path} HTTP/1.1", "Host: h", "Connection: close"]
    lines += [f"{name}: {_ENDS.sub('', value)}" for name, value in headers.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + (body or b"")


def check(reply: Reply, method: str, route: str = "") -> None:
    """What every answer promises; the field's dialects say their errors in their own form."""
    assert reply.status < 500, reply.body[:500]
    assert "x-injected" not in reply.headers
    if reply.status >= 400 and reply.headers.get("x-request-id"):
        is_dialect = route.startswith(("/public/", "/v2/", "/bookings/"))
        assert reply.headers["content-type"] == ("application/json" if is_dialect else "application/problem+json")
        assert not INSIDES.search(reply.body), reply.body
        if is_dialect:
            assert method == "HEAD" or isinstance(json.loads(reply.body), dict | list)
        elif method != "HEAD" and "transfer-encoding" not in reply.headers:
            assert json.loads(reply.body)["status"] == reply.status


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
async def test_any_request_is_answered_in_the_contracts_form(served, data: st.DataObject) -> None:
    """No crash, no foreign form, no header of the caller's making, on any route with any method."""
    method, route = data.draw(st.sampled_from(ROUTES))
    method = data.draw(
        st.sampled_from([method, method, method, "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PURGE"])
    )
    path = route.format(x=quote(data.draw(texts), safe="%", errors="replace") or "x")
    query = data.draw(st.dictionaries(st.sampled_from(PARAMETERS), texts, max_size=3))
    headers = {
        "Authorization": f"Bearer {served.youth if route.startswith('/app') else served.till}",
        "Content-Type": data.draw(
            st.sampled_from(["application/json"] * 5 + ["application/json; charset=é", "a/b", '"'])
        ),
        "Idempotency-Key": data.draw(st.sampled_from([None, "k1", "k2", "k3"])) or data.draw(texts),
        "X-Request-Id": data.draw(texts),
        "X-Forwarded-For": data.draw(texts),
        "Accept-Encoding": data.draw(st.sampled_from(["", "gzip", "gzip;q=0", "*;q=9", ",,,;"])),
    }
    if data.draw(st.integers(0, 9)) == 0:
        headers["Authorization"] = data.draw(texts | st.just("Bearer x") | st.just("Basic eDp5"))
    body = None
    if method not in ("GET", "HEAD", "OPTIONS"):
        wanted = st.fixed_dictionaries(
            {"stockId": texts | st.just(served.stock)},
            optional={"quantity": values, "expectedPriceCents": values, "nonce": values},
        )
        sent = data.draw(values | wanted)
        body = data.draw(st.sampled_from(BODIES) | st.just(json.dumps(sent, default=str).encode()))
    await forget_limits(served)
    check(await exchange(served.address, request(method, path, query, headers, body)), method, route)


async def forget_limits(served: Any) -> None:
    """So that what is tried reaches the handlers."""
    redis, prefix = served.house.redis, served.house.settings.redis_prefix
    if keys := [key async for key in redis.scan_iter(f"{prefix}limit:*")]:
        await redis.delete(*keys)


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /partner/v1/countermarks/SECRET here HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nAuthorization : Bearer SECRET\r\n\r\n",
        b"GET /" + b"SECRET" * 3000 + b" HTTP/1.1\r\nHost: h\r\n\r\n",
        b"POST /app/v1/bookings HTTP/1.1\r\nHost: h\r\nContent-Length: SECRET\r\n\r\n",
        b"\x16\x03\x01SECRET\r\n\r\n",
    ],
    ids=["blank in path", "blank in header", "endless path", "bad length", "no HTTP"],
)
async def test_what_is_no_http_is_refused_and_not_repeated_in_the_log(served, raw: bytes, caplog) -> None:
    """The server's own parser says 400; neither what was sent nor who sent it is logged."""
    with caplog.at_level(logging.DEBUG):
        reply = await exchange(served.address, raw)
    assert reply.status == 400
    logged = caplog.text + "".join(str(record.__dict__) for record in caplog.records if record.name != "asyncio")
    assert "SECRET" not in logged
    assert "Unhandled" not in logged
    assert "127.0.0.1" not in logged.replace(served.address, "")

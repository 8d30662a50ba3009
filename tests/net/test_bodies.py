"""Bodies are decompressed, counted and timed."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import zlib
from contextlib import aclosing
from dataclasses import replace

import pytest
from aiohttp import web

from net.client import open_http
from net.errors import FeedChanged, ProviderUnavailable

FEED = json.dumps({"stocks": [{"ref": str(number)} for number in range(500)]}).encode()


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.fixture
def bytes_answer():
    """`bytes_answer(body, encoding)` is a handler that sends these bytes under this Content-Encoding."""

    def handler(body: bytes, encoding: str | None = None):
        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(body=body, headers={"Content-Encoding": encoding} if encoding else None)

        return answer

    return handler


@pytest.fixture
def dripping():
    """`dripping(piece, every)` is a handler that sends `piece` again and again, for ever."""

    def handler(piece: bytes, every: float):
        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            while True:
                await response.write(piece)
                await asyncio.sleep(every)

        return answer

    return handler


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        pytest.param(FEED, None, id="plain"),
        pytest.param(FEED, "identity", id="identity"),
        pytest.param(gzip.compress(FEED), "gzip", id="gzip"),
        pytest.param(gzip.compress(FEED), "X-GZIP", id="x-gzip"),
        pytest.param(gzip.compress(FEED[:99]) + gzip.compress(FEED[99:]), "gzip", id="two members"),
        pytest.param(gzip.compress(FEED) + b"\0" * 512, "gzip", id="padding"),
        pytest.param(zlib.compress(FEED), "deflate", id="deflate"),
        pytest.param(raw_deflate(FEED), "deflate", id="raw deflate"),
    ],
)
async def test_bodies_are_unpacked(http, provider, bytes_answer, body: bytes, encoding: str | None) -> None:
    """Every compression we ask for, and the usual ways to get it wrong, is undone."""
    feed = await provider(bytes_answer(body, encoding))
    assert (await http.get(feed.url())).body == FEED
    assert b"".join([piece async for piece in http.stream(feed.url())]) == FEED
    assert feed.asked[0].headers["Accept-Encoding"] == "gzip, deflate"


async def test_an_empty_compressed_body(http, provider, bytes_answer) -> None:
    """A 200 without a body is empty, whatever encoding it declares."""
    feed = await provider(bytes_answer(b"", "gzip"))
    assert (await http.get(feed.url())).body == b""


@pytest.mark.parametrize(
    ("body", "encoding", "kind"),
    [
        pytest.param(gzip.compress(FEED)[:-12], "gzip", ProviderUnavailable, id="gzip cut"),
        pytest.param(gzip.compress(FEED)[: len(FEED) // 20], "gzip", ProviderUnavailable, id="gzip half"),
        pytest.param(b"plain text", "gzip", FeedChanged, id="not gzip"),
        pytest.param(gzip.compress(FEED) + b"rest", "gzip", FeedChanged, id="rubbish after"),
        pytest.param(FEED, "br", FeedChanged, id="not asked for"),
        pytest.param(gzip.compress(gzip.compress(FEED)), "gzip, gzip", FeedChanged, id="twice"),
    ],
)
async def test_half_a_body_is_no_body(http, provider, bytes_answer, body, encoding, kind) -> None:
    """A compressed body that stops early or is none is an error, never a shorter feed."""
    feed = await provider(bytes_answer(body, encoding))
    with pytest.raises(kind):
        await http.get(feed.url())
    with pytest.raises(kind):
        async for _ in http.stream(feed.url()):
            pass


async def test_a_body_shorter_than_it_says(http, raw_provider) -> None:
    """A body cut before its declared length, or in the middle of its chunks, is unavailable."""
    for head in (b"Content-Length: 10\r\n\r\n12345", b"Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"):
        url = await raw_provider(b"HTTP/1.1 200 OK\r\n" + head)
        with pytest.raises(ProviderUnavailable, match="interrompue"):
            await http.get(url)
        with pytest.raises(ProviderUnavailable, match="interrompue"):
            async for _ in http.stream(url):
                pass


@pytest.mark.parametrize("encoding", [None, "gzip"])
async def test_size_is_counted_unpacked(http, provider, bytes_answer, limits, encoding) -> None:
    """One byte over the limit is refused, and so is a small gzip that unpacks into a large body."""
    pack = gzip.compress if encoding else bytes
    fits = await provider(bytes_answer(pack(b" " * limits.max_bytes), encoding))
    assert len((await http.get(fits.url())).body) == limits.max_bytes
    bomb = await provider(bytes_answer(pack(b" " * (limits.max_bytes + 1)), encoding))
    with pytest.raises(FeedChanged, match=f"plus de {limits.max_bytes} octets"):
        await http.get(bomb.url())
    assert len(bomb.asked) == 1


async def test_a_bomb_is_never_unpacked_whole(http, provider, bytes_answer, limits) -> None:
    """A stream of 256 MiB in a quarter of a megabyte ends at its limit, in small pieces, at once."""
    bomb = await provider(bytes_answer(gzip.compress(bytes(256 << 20), 9), "gzip"))
    sizes: list[int] = []

    async def read() -> None:
        async for piece in http.stream(bomb.url()):
            sizes.append(len(piece))

    began = time.process_time()
    with pytest.raises(FeedChanged, match="octets"):
        await read()
    assert sum(sizes) <= limits.max_stream_bytes
    assert time.process_time() - began < 1


async def test_unpacked_pieces_are_small(limits, provider, bytes_answer) -> None:
    """However well it was compressed, a stream is held in memory by a quarter of a megabyte at a time."""
    feed = await provider(bytes_answer(gzip.compress(bytes(2 << 20)), "gzip"))
    async with open_http(replace(limits, max_stream_bytes=2 << 20), allow_private=True) as http:
        sizes = [len(piece) async for piece in http.stream(feed.url())]
    assert sum(sizes) == 2 << 20
    assert max(sizes) <= 256 * 1024


async def test_an_endless_body_ends(http, provider, dripping) -> None:
    """A body without end is stopped by its size."""
    feed = await provider(dripping(b"x" * 20_000, 0))
    with pytest.raises(FeedChanged, match="octets"):
        await http.get(feed.url())


async def test_a_silent_body_ends(http, provider, dripping) -> None:
    """A body that stops without closing ends after `read_seconds`."""
    feed = await provider(dripping(b"[", 30))
    began = time.monotonic()
    with pytest.raises(ProviderUnavailable, match="à temps"):
        async for _ in http.stream(feed.url()):
            pass
    assert time.monotonic() - began < 2


async def test_a_dripping_body_ends(limits, provider, dripping) -> None:
    """A byte now and then, which no silence limit catches, is too slow."""
    feed = await provider(dripping(b"x", 0.05))
    async with open_http(replace(limits, tries=1), allow_private=True) as http:
        with pytest.raises(ProviderUnavailable, match="trop lente"):
            await http.get(feed.url())
        with pytest.raises(ProviderUnavailable, match="trop lente"):
            async for _ in http.stream(feed.url()):
                pass


async def test_a_burst_does_not_pay_for_a_drip(limits, provider) -> None:
    """The pace is that of the last window: a fast start buys no time for a slow end."""

    async def tires(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x" * 90_000)
        while True:
            await asyncio.sleep(0.05)
            await response.write(b"x")

    feed = await provider(tires)
    began = time.monotonic()
    async with open_http(replace(limits, tries=1), allow_private=True) as http:
        with pytest.raises(ProviderUnavailable, match="trop lente"):
            await http.get(feed.url())
    assert time.monotonic() - began < 1


async def test_a_small_body_may_end_late(http, provider) -> None:
    """A body that is all there is not called slow because its end is told late."""

    async def lingers(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"[]")
        await asyncio.sleep(0.25)
        return response

    feed = await provider(lingers)
    assert (await http.get(feed.url())).json() == []


async def test_a_slow_consumer_is_no_slow_provider(limits, provider, bytes_answer) -> None:
    """What the consumer of a stream takes between two pieces counts neither as slowness nor as time."""
    feed = await provider(bytes_answer(b"x" * 190_000))
    limits = replace(limits, stream_seconds=0.4, slow_bytes_per_second=500_000)
    size = 0
    async with open_http(limits, allow_private=True) as http:
        async for piece in http.stream(feed.url()):
            size += len(piece)
            await asyncio.sleep(0.25)
    assert size == 190_000


async def test_a_stream_may_be_left(http, provider, dripping) -> None:
    """A consumer that has seen enough stops; the connection is closed, the client goes on."""
    feed = await provider(dripping(b"x" * 1000, 0.01))
    async with aclosing(http.stream(feed.url())) as body:
        assert (await anext(body))[:1] == b"x"
    async with aclosing(http.stream(feed.url())) as body:
        assert (await anext(body))[:1] == b"x"


async def test_a_stream_is_tried_again_until_it_starts(http, provider) -> None:
    """The tries of a stream end with its first byte: what was read is never read twice."""
    statuses = iter([503, 200])

    async def cut(request: web.Request) -> web.StreamResponse:
        if next(statuses) == 503:
            return web.Response(status=503)
        response = web.StreamResponse(headers={"Content-Length": "10"})
        await response.prepare(request)
        await response.write(b"12345")
        assert request.transport is not None
        request.transport.close()
        return response

    feed = await provider(cut)
    seen = bytearray()

    async def read() -> None:
        async for piece in http.stream(feed.url()):
            seen.extend(piece)

    with pytest.raises(ProviderUnavailable, match="interrompue"):
        await read()
    assert seen == b"12345"
    assert len(feed.asked) == 2

"""Reads the body of an answer piece by piece: decompressed, counted after that, and never for too long."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import AsyncIterator, Iterator

from aiohttp import ClientResponse

from net.errors import FeedChanged, ProviderUnavailable
from net.limits import Limits

_PIECE = 256 * 1024
_GZIP = 31
_ZLIB = 15
_RAW_DEFLATE = -15

ACCEPTED = "gzip, deflate"
"""What `pieces` can undo; to be sent as Accept-Encoding."""


async def pieces(
    response: ClientResponse, limits: Limits, *, max_bytes: int, seconds: float, place: str
) -> AsyncIterator[bytes]:
    """The body, decompressed, in pieces of at most 256 KiB.

    `seconds` bounds the waiting for the provider; time the consumer takes between two pieces is free.
    Raises FeedChanged over `max_bytes` or for an unreadable compression, ProviderUnavailable for a body that
    is too slow or stops before its end.
    """
    unpacked = _unpacking(response.headers.get("Content-Encoding", ""), place)
    pace = _Pace(limits, seconds, place)
    size = 0
    while raw := await pace.timed(response):
        for piece in unpacked.feed(raw):
            size += len(piece)
            if size > max_bytes:
                raise FeedChanged(f"réponse de plus de {max_bytes} octets", place=place)
            yield piece
    unpacked.end()


class _Pace:
    """The slow-drip guard: a server that sends a byte now and then keeps every idle time-out from firing."""

    def __init__(self, limits: Limits, seconds: float, place: str) -> None:
        self._limits = limits
        self._left = seconds
        self._place = place
        self._window_seconds = 0.0
        self._window_bytes = 0

    async def timed(self, response: ClientResponse) -> bytes:
        began = time.monotonic()
        async with asyncio.timeout(self._left):
            raw = await response.content.readany()
        waited = time.monotonic() - began
        self._left -= waited
        self._window_seconds += waited
        self._window_bytes += len(raw)
        if raw and self._window_seconds >= self._limits.slow_window_seconds:
            if self._window_bytes < self._limits.slow_bytes_per_second * self._window_seconds:
                raise ProviderUnavailable("réponse trop lente", place=self._place)
            self._window_seconds, self._window_bytes = 0.0, 0
        return raw


class _Plain:
    def feed(self, raw: bytes) -> Iterator[bytes]:
        yield raw

    def end(self) -> None:
        """A plain body's end is told by its length, which aiohttp checks."""


class _Inflated:
    """gzip (several members, zero padding) or deflate (with or without zlib header), in bounded pieces."""

    def __init__(self, place: str, *, is_gzip: bool) -> None:
        self._place = place
        self._is_gzip = is_gzip
        self._member: zlib._Decompress | None = None
        self._members = 0

    def feed(self, raw: bytes) -> Iterator[bytes]:
        while raw:
            if self._member is None:
                if self._members and not raw.strip(b"\0"):
                    return
                self._member = zlib.decompressobj(_GZIP if self._is_gzip else _window_of(raw))
                self._members += 1
            try:
                piece = self._member.decompress(raw, _PIECE)
            except zlib.error:
                raise FeedChanged("compression illisible", place=self._place) from None
            if self._member.eof:
                raw, self._member = self._member.unused_data, None
            else:
                raw = self._member.unconsumed_tail
            if piece:
                yield piece

    def end(self) -> None:
        # A compressed body that stops early decompresses without an error into half a feed.
        if self._member is not None:
            raise ProviderUnavailable("réponse compressée tronquée", place=self._place)


def _unpacking(encoding: str, place: str) -> _Plain | _Inflated:
    match encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Inflated(place, is_gzip=True)
        case "deflate":
            return _Inflated(place, is_gzip=False)
        case _:
            raise FeedChanged("compression inconnue", place=place)


def _window_of(start: bytes) -> int:
    """For `deflate`, which some servers send with the zlib header it should have and some without."""
    return _ZLIB if start[0] & 0x0F == 8 else _RAW_DEFLATE

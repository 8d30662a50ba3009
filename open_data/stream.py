"""`offers.ndjson`: every offer that may leave, one a line, as it is read. Nothing is kept in memory or on disk."""

from __future__ import annotations

import contextlib

import msgspec
from aiohttp import hdrs, web

from edge.compression import accepts_gzip
from open_data.keys import OPEN_DATA, OpenData
from open_data.published import pages

CONTENT_TYPE = "application/x-ndjson"


async def offers(request: web.Request) -> web.StreamResponse:
    """The stream, compressed where the reader accepts it. A reader that goes away ends the reading.

    A failure half-way cuts the connection: an answer that ends as it should is whole.
    """
    response = web.StreamResponse(
        headers={
            hdrs.CONTENT_TYPE: CONTENT_TYPE,
            hdrs.CONTENT_DISPOSITION: 'attachment; filename="offers.ndjson"',
            hdrs.VARY: hdrs.ACCEPT_ENCODING,
        }
    )
    # aiohttp writes a compressor's last bytes after HEAD too, where no body may come.
    reads = request.method != hdrs.METH_HEAD
    if reads and accepts_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, "")):
        response.enable_compression(web.ContentCoding.gzip)
    await response.prepare(request)
    if reads:
        with contextlib.suppress(ConnectionResetError):
            await _write(request.app[OPEN_DATA], response)
    return response


async def _write(deps: OpenData, response: web.StreamResponse) -> None:
    encoder = msgspec.json.Encoder()
    async with contextlib.aclosing(pages(deps.pool, at=deps.clock(), size=deps.page)) as found:
        async for page in found:
            await response.write(b"".join(encoder.encode(offer) + b"\n" for offer in page))
        await response.write_eof()

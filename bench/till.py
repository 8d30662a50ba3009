"""A till that serves the 2018 stock API from a process of its own, its pages made beforehand."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

PAGE = 5_000
PEERS = 1_000_000
"""Up to so many rows, the pages that the peers ask for are made too."""
SIRET = "99900000300015"


def ean(number: int) -> str:
    """A valid EAN-13 of the book range."""
    body = f"978{number:09d}"
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-weighed % 10}"


def price_cents(number: int) -> int:
    """Between 5 and 25 €."""
    return 500 + number % 2000


def available(number: int) -> int:
    """Copies; a seventh of the books have none."""
    return number % 7


def number(ref: str) -> int:
    """The number of an EAN."""
    return int(ref[3:12])


def serve(port: int, rows: int, page: int, delay: float, hangs: str | None) -> None:
    """Serves so many books to whoever asks for any SIRET, each answer after `delay` seconds; to `hangs` none at all."""
    pages: dict[int, bytes] = {}

    def page_from(start: int) -> bytes:
        if start not in pages:
            some = range(start, min(start + page, rows))
            stocks = [{"ref": ean(n), "available": available(n), "price": price_cents(n) / 100} for n in some]
            pages[start] = json.dumps({"total": rows, "limit": page, "offset": start, "stocks": stocks}).encode()
        return pages[start]

    # A client that keeps the rows of one ref together asks again for a full page's last one; others do not.
    for step in (page - 1, page) if rows <= PEERS else (page - 1,):
        for start in range(0, rows, step):
            page_from(start)

    async def answer(request: web.Request) -> web.Response:
        if request.match_info["siret"] == hangs:
            await asyncio.Event().wait()
        if delay:
            await asyncio.sleep(delay)
        after = request.query.get("after")
        return web.Response(body=page_from(number(after) + 1 if after else 0), content_type="application/json")

    app = web.Application()
    app.router.add_get("/stocks/{siret}", answer)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


@contextmanager
def served(rows: int, *, page: int = PAGE, delay: float = 0.0, hangs: str | None = None) -> Iterator[str]:
    """The till's address, while the block lasts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    arguments = (port, rows, page, delay, hangs)
    process = multiprocessing.get_context("spawn").Process(target=serve, args=arguments, daemon=True)
    process.start()
    try:
        for _ in range(6000):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.join()

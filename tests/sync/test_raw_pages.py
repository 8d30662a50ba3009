"""What providers answer is kept as read, for some days, within bounds, and without their secrets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from feeds import EANS, QUIMPER, Desk

from catalogue.database import Pool
from sync.raw_pages import PageKeeper, body_of, listed, purge
from sync.runner import Runner
from sync.sources import NewSource, register
from sync.vault import Vault

VAULT = Vault([b"k" * 32])
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
async def till(own: Desk) -> Desk:
    await own.source("till", venue_id=await own.venue())
    return own


async def run_of(desk: Desk, name: str = "till") -> int:
    """A run to keep pages of."""
    return (await desk.delta(name)).id


async def kept(desk: Desk, name: str = "till", run_id: int | None = None) -> list[tuple[str, bytes, bool]]:
    """Place, body and continuation of the kept pages, in their order."""
    pages = await listed(desk.conn, desk.sources[name], run_id)
    return [(page.place, await body_of(desk.conn, page.id), page.follows) for page in pages]


async def test_a_reading_s_pages_are_kept_as_read(pool: Pool, own: Desk) -> None:
    """Those of the last run first; an address stands without its query, and a token nowhere."""
    rows = [{"ref": EANS[0], "available": 3, "price": 6.9}]

    async def answer(request: web.Request) -> web.Response:
        if "after" in request.query:
            return web.Response(status=204)
        return web.json_response({"total": 1, "stocks": rows, "you": request.headers["Authorization"]})

    app = web.Application()
    app.router.add_get(f"/stocks/{QUIMPER}", answer)
    server = TestServer(app)
    await server.start_server()
    try:
        base = str(server.make_url("")).rstrip("/")
        settings = {"base_url": base, "siret": QUIMPER, "token": "very-secret"}
        new = NewSource(
            connector="stocks_api",
            account=QUIMPER,
            label="Caisse",
            licence="etalab-2.0",
            settings=settings,
            venue_id=await own.venue(),
            allow_private=True,
        )
        own.sources["till"] = await register(own.conn, VAULT, new)
        first = await Runner(pool, VAULT, owner="test").run(own.sources["till"], full=True)
        [(place, body, follows)] = await kept(own)
        assert (first.state, place, follows) == ("done", f"{base}/stocks/{QUIMPER}", False)
        assert (b'"available": 3' in body, b"Basic ***" in body, b"very-secret" in body) == (True, True, False)
        again = await Runner(pool, VAULT, owner="test").run(own.sources["till"], full=True)
        assert len(await kept(own)) == 1, "a page that comes again as it was is not kept twice"
        assert (await kept(own, run_id=first.id), len(await kept(own, run_id=again.id))) == ([], 1)
        rows[0]["available"] = 2
        await Runner(pool, VAULT, owner="test").run(own.sources["till"], full=True)
        assert len(await kept(own)) == 2
    finally:
        await server.close()


async def test_a_run_keeps_no_more_than_its_share(pool: Pool, till: Desk) -> None:
    """A long answer's beginning is kept, its pieces in order."""
    keep = PageKeeper(pool, till.sources["till"], await run_of(till), most=60)
    for n in range(5):
        await keep("https://a.example/x", f"{n}".encode() * 50 + bytes(range(30)), n > 0)
    pages = await kept(till)
    assert [(body[:1], follows) for _, body, follows in pages] == [(b"0", False), (b"1", True)]


async def test_old_pages_go_and_the_oldest_of_too_many(pool: Pool, till: Desk) -> None:
    """By age, by source and over all; what is within stays."""
    await till.source("other", venue_id=await till.venue())
    for name in ("till", "other"):
        keep = PageKeeper(pool, till.sources[name], await run_of(till, name))
        for n in range(3):
            await keep("https://a.example/x", f"{name} {n}".encode(), False)
    size = await till.one("select max(size) from raw_page")
    assert await purge(pool, LONG_AGO) == 0
    assert await purge(pool, LONG_AGO, of_source=2 * size) == 2
    assert [body for _, body, _ in await kept(till)] == [b"till 1", b"till 2"]
    assert await purge(pool, LONG_AGO, of_all=2 * size) == 2
    assert (await kept(till), len(await kept(till, "other"))) == ([], 2)
    assert await purge(pool, datetime.now(UTC) + timedelta(seconds=5)) == 2
    with pytest.raises(LookupError):
        await body_of(till.conn, 1)


async def test_where_pages_cannot_be_kept_reading_goes_on(pool: Pool, till: Desk) -> None:
    """It is tried no more in that run."""
    keep = PageKeeper(pool, till.sources["till"], await run_of(till))
    await pool.execute("alter table raw_page rename to gone")
    await keep("https://a.example/x", b"1", False)
    await pool.execute("alter table gone rename to raw_page")
    await keep("https://a.example/x", b"2", False)
    assert await kept(till) == []


async def test_every_secret_is_struck_out_the_longest_first(pool: Pool, till: Desk) -> None:
    keep = PageKeeper(pool, till.sources["till"], await run_of(till), secrets=["passe", "passe-partout", "abc"])
    await keep("https://a.example/x", b"abc passe-partout passe", False)
    assert [body for _, body, _ in await kept(till)] == [b"abc *** ***"]

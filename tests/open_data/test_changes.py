"""The change feed tells every change once, in an order that can be read on from."""

from __future__ import annotations

import msgspec
import pytest
import storefront as s
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient
from storefront import Storefront

from catalogue.database import Pool
from edge.buckets import LocalBuckets
from open_data.answers import Change, Changes
from open_data.app import build
from open_data.keys import OpenData
from schemas.ids import public_id

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(pool: Pool, aiohttp_client: AiohttpClient) -> Client:
    return await aiohttp_client(build(OpenData(pool=pool, clock=lambda: s.NOW, buckets=LocalBuckets())))


async def read(client: Client, path: str) -> Changes:
    answer = await client.get(path)
    assert answer.status == 200
    return msgspec.json.decode(await answer.read(), type=Changes)


async def test_reading_on_misses_nothing(client: Client, shop: Storefront) -> None:
    """Pages of one, followed by `after`, give what one big page gives."""
    whole = await read(client, "/changes")
    found: list[Change] = []
    page = await read(client, "/changes?limit=1")
    while page.changes:
        found += page.changes
        page = await read(client, f"/changes?limit=1&after={page.after}")
    assert whole.changes == found
    assert whole.after == page.after == whole.changes[-1].position
    offer = public_id("offer", await shop.offer("tickets", "cid-1"))
    assert ("offer", "updated") in {(change.kind, change.op) for change in found if change.id == offer}


async def test_a_later_change_comes_later(client: Client, shop: Storefront) -> None:
    """Who has read everything is told what changes next, and of what it was withdrawn."""
    before = await read(client, "/changes")
    # A transaction that was undone leaves a gap.
    await shop.pool.execute("select nextval('change_position')")
    await shop.says("tickets", *(s.withdrawn(record) for record in reversed(s.show("tickets", "cid", "Le Cid"))))
    after = await read(client, f"/changes?after={before.after}")
    assert "withdrawn" in {change.op for change in after.changes}
    assert after.changes[0].position > before.after + 1
    assert after.after == after.changes[-1].position


async def test_the_link_leads_on(client: Client, shop: Storefront) -> None:
    """The Link header is the next request."""
    answer = await client.get("/changes?limit=2")
    page = msgspec.json.decode(await answer.read(), type=Changes)
    assert f"after={page.after}" in str(answer.links["next"]["url"])
    assert "limit=2" in str(answer.links["next"]["url"])


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=", "limit=0", "limit=1001", "after=9223372036854775808"]
)
async def test_positions_and_limits_are_numbers(client: Client, query: str) -> None:
    """Another value is a problem that names the parameter."""
    answer = await client.get(f"/changes?{query}")
    problem = await answer.json(content_type=None)
    assert (400, "/problems/invalid-parameter", query.split("=")[0]) == (
        answer.status,
        problem["type"],
        problem["parameter"],
    )


async def test_whoever_begins_now_begins_at_the_tail(client: Client, shop: Storefront) -> None:
    """`after=latest` tells where to read on from before reading everything, and shows nothing that is past."""
    whole = await read(client, "/changes")
    begun = await read(client, "/changes?after=latest")
    assert (begun.changes, begun.after) == ([], whole.after)
    await shop.says("till", s.on_shelf("till", s.STRANGER, 1, 700))
    assert (await read(client, f"/changes?after={begun.after}")).changes

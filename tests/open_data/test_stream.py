"""Re-users read all open offers over HTTP, compressed or not, and know when an answer was cut."""

from __future__ import annotations

import asyncio
import gzip

import aiohttp
import msgspec
import pytest
import storefront as s
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient
from storefront import Storefront

from catalogue.database import Pool
from edge.app import root
from edge.buckets import Allowance, LocalBuckets
from open_data.app import build
from open_data.keys import OpenData
from schemas.offers import Offer

Client = TestClient[web.Request, web.Application]
PATH = "/open/v1/offers.ndjson"


PLAIN = {"Accept-Encoding": "identity"}


def mounted(pool: Pool) -> web.Application:
    """The face where the service mounts it; pages of one offer."""
    app = root()
    app.add_subapp("/open/v1", build(OpenData(pool=pool, clock=lambda: s.NOW, buckets=LocalBuckets(), page=1)))
    return app


@pytest.fixture
async def client(pool: Pool, aiohttp_client: AiohttpClient) -> Client:
    return await aiohttp_client(mounted(pool), auto_decompress=False, headers=PLAIN)


async def test_one_offer_a_line(client: Client, shop: Storefront) -> None:
    """Each line is a published offer, and the answer says what it is."""
    answer = await client.get(PATH)
    lines = (await answer.read()).splitlines()
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/x-ndjson")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    offers = [msgspec.json.decode(line, type=Offer) for line in lines]
    assert {"L'Étranger", "Le Cid"} == {thing.title for one in offers if (thing := one.product or one.event)}


async def test_gzip_on_demand(client: Client, shop: Storefront) -> None:
    """Compressed for who accepts it, the same lines; plain for who does not."""
    plain = await client.get(PATH)
    packed = await client.get(PATH, headers={"Accept-Encoding": "br;q=1, gzip;q=0.8"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert await plain.read() == gzip.decompress(await packed.read())


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_head_reads_nothing(client: Client, shop: Storefront, encoding: str) -> None:
    """HEAD tells the headers."""
    answer = await client.head(PATH, headers={"Accept-Encoding": encoding})
    assert (
        answer.status,
        answer.headers["Content-Type"],
        await answer.read(),
    ) == (200, "application/x-ndjson", b"")


async def test_an_empty_base_is_an_empty_stream(client: Client) -> None:
    """No offer, no line, no error."""
    answer = await client.get(PATH)
    assert (answer.status, await answer.read()) == (200, b"")


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_a_failure_half_way_is_seen(
    aiohttp_client: AiohttpClient, pool: Pool, shop: Storefront, encoding: str
) -> None:
    """When the database fails after the answer has begun, it does not end as a whole one would."""

    async def cut(request: web.Request, response: web.StreamResponse) -> None:
        await pool.execute("alter table stock rename to moved")

    app = mounted(pool)
    app.on_response_prepare.append(cut)
    client = await aiohttp_client(app)
    answer = await client.get(PATH, headers={"Accept-Encoding": encoding})
    assert answer.status == 200
    with pytest.raises(aiohttp.ClientPayloadError):
        await answer.read()


async def test_a_reader_that_goes_away_ends_the_reading(pool: Pool, shop: Storefront, client: Client) -> None:
    """No connection to the database stays taken, and no error is left behind."""
    answer = await client.get(PATH)
    answer.close()
    for _ in range(50):
        await asyncio.sleep(0.02)
        if pool.get_idle_size() == pool.get_size():
            break
    assert pool.get_size() == pool.get_idle_size()


async def test_each_address_has_its_allowance(pool: Pool, aiohttp_client: AiohttpClient) -> None:
    """Beyond it the answer is a problem that says when to come back."""
    deps = OpenData(pool=pool, clock=lambda: s.NOW, buckets=LocalBuckets(), allowance=Allowance("open-data", 1, 60))
    client = await aiohttp_client(build(deps))
    assert (await client.get("/offers.ndjson")).status == 200
    refused = await client.get("/offers.ndjson")
    assert (refused.status, refused.headers["Content-Type"]) == (429, "application/problem+json")
    assert 0 < int(refused.headers["Retry-After"]) <= 60


async def test_other_addresses_and_methods_are_problems(client: Client) -> None:
    """404 and 405 come as problems, with the methods there are."""
    unknown = await client.get("/open/v1/nothing")
    refused = await client.post(PATH)
    assert (unknown.status, unknown.headers["Content-Type"]) == (404, "application/problem+json")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET,HEAD")

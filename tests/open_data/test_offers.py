"""One offer can be read again, under the same licences as all of them, and as linked data."""

from __future__ import annotations

import json
from typing import Any

import pytest
import storefront as s
from aiohttp import web
from aiohttp.test_utils import TestClient
from jsonschema import Draft202012Validator
from pyld import jsonld
from pytest_aiohttp.plugin import AiohttpClient
from storefront import Storefront
from yarl import URL

from catalogue.database import Pool
from edge.app import root
from edge.buckets import LocalBuckets
from open_data.app import build
from open_data.keys import OpenData
from schemas.ids import public_id

Client = TestClient[web.Request, web.Application]
STREAM = "/open/v1/offers.ndjson"


@pytest.fixture
async def client(pool: Pool, aiohttp_client: AiohttpClient) -> Client:
    whole = root()
    whole.add_subapp("/open/v1", build(OpenData(pool=pool, clock=lambda: s.NOW, buckets=LocalBuckets())))
    return await aiohttp_client(whole)


async def streamed(client: Client) -> dict[str, Any]:
    """Every offer of the stream, by its id."""
    lines = (await (await client.get(STREAM)).text()).splitlines()
    return {offer["id"]: offer for offer in map(json.loads, lines)}


async def test_an_offer_is_its_line_of_the_stream(client: Client, shop: Storefront) -> None:
    """And told again only when it has changed."""
    whole = await streamed(client)
    assert whole
    for public, line in whole.items():
        answer = await client.get(f"/open/v1/offers/{public}")
        assert (answer.status, await answer.json()) == (200, line)
        again = await client.get(f"/open/v1/offers/{public}", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status, await again.read()) == (304, b"")


async def test_what_a_licence_keeps_in_is_not_there(client: Client, shop: Storefront) -> None:
    """A book that only a closed source describes is unknown here, as one that never was."""
    closed = public_id("offer", await shop.offer("till", s.EXILE))
    assert closed not in await streamed(client)
    for unknown in (closed, public_id("offer", 4_000_000), "o_1"):
        answer = await client.get(f"/open/v1/offers/{unknown}")
        assert (answer.status, answer.content_type) == (404, "application/problem+json")


async def test_a_merged_offer_leads_to_the_one_that_stands(client: Client, shop: Storefront) -> None:
    """Ids that were given out go on working."""
    kept, merged = await shop.offer("tickets", "cid-1"), await shop.offer("till", s.STRANGER)
    await shop.pool.execute("update offer set merged_into = $1 where id = $2", kept, merged)
    answer = await client.get(f"/open/v1/offers/{public_id('offer', merged)}", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (308, f"/open/v1/offers/{public_id('offer', kept)}")


async def test_its_schema_and_its_context_are_there(client: Client, shop: Storefront) -> None:
    """The schema we serve accepts it without any other file, and the Link header makes linked data of it."""
    [public, *_] = await streamed(client)
    answer = await client.get(f"/open/v1/offers/{public}")
    offer = await answer.json()
    schema = await (await client.get("/open/v1/schemas/offer")).json(content_type="application/schema+json")
    Draft202012Validator(schema).validate(offer)
    assert not Draft202012Validator(schema).is_valid(offer | {"kind": "concert"})
    context = await client.get(URL(answer.links["http://www.w3.org/ns/json-ld#context"]["url"]).relative())
    assert context.content_type == "application/ld+json"
    [told] = jsonld.expand({**await context.json(content_type=None), **offer})
    assert told["http://www.w3.org/1999/02/22-rdf-syntax-ns#type"] == [{"@id": "https://schema.org/Offer"}]

"""The simulated ONIX feed is a valid shape of ONIX 3.0, whole and by changes."""

from __future__ import annotations

from typing import Any

from lxml import etree

from sandbox.changes import reprice_edition, withdraw_book
from sandbox.imprint import TOKEN
from sandbox.onix_message import NAMESPACE

HEADERS = {"Authorization": f"Bearer {TOKEN}"}
NS = {"o": NAMESPACE}


async def products(client: Any, path: str) -> list[etree._Element]:
    """The products of a message, read with the namespace it declares."""
    async with client.session.get(client.addresses["publisher"] + path, headers=HEADERS) as answer:
        assert answer.status == 200
        root = etree.fromstring(await answer.read())
    assert root.tag == f"{{{NAMESPACE}}}ONIXMessage"
    assert root.findtext("o:Header/o:SentDateTime", namespaces=NS) == "20261123T090500Z"
    return root.findall("o:Product", NS)


async def test_the_whole_catalogue_is_told_with_prices_and_embargoes(client: Any, world: Any, clock: Any) -> None:
    """Every edition once, with its EAN and a French fixed price; some may not be sold yet."""
    clock.forward(minutes=5)
    found = await products(client, "/onix/full.xml")
    told = [product.findtext("o:ProductIdentifier/o:IDValue", namespaces=NS) for product in found]
    assert sorted(world.imprint.entries) == sorted(told)
    prices = {
        price.findtext("o:PriceType", namespaces=NS)
        for product in found
        for price in product.iterfind(".//o:Price", NS)
    }
    assert prices == {"04"}
    roles = [date.text for product in found for date in product.iterfind(".//o:PublishingDateRole", NS)]
    assert roles.count("02") >= 2


async def test_a_change_feed_tells_changes_and_withdrawals(client: Any, world: Any, clock: Any) -> None:
    """Asked since before the changes, the feed tells the new price and a deletion; asked without change, no product."""
    clock.forward(minutes=5)
    assert await products(client, "/onix/delta.xml?since=2026-11-23T09:00:00Z") == []
    reprice_edition(world)
    withdraw_book(world)
    found = await products(client, "/onix/delta.xml?since=2026-11-23T09:05:00Z")
    kinds = sorted(product.findtext("o:NotificationType", namespaces=NS) for product in found)
    assert kinds == ["03", "05"]
    assert len(world.imprint.entries) - 1 == len(await products(client, "/onix/full.xml"))


async def test_access_and_conditional_requests(client: Any) -> None:
    """401 without the key, an instant is asked for with a zone, a known tag is answered by 304."""
    assert (await client.get("publisher", "/onix/full.xml"))[0] == 401
    assert (await client.get("publisher", "/onix/delta.xml?since=hier", headers=HEADERS))[0] == 400
    assert (await client.get("publisher", "/onix/delta.xml?since=2026-11-23T09:00:00", headers=HEADERS))[0] == 400
    address = client.addresses["publisher"] + "/onix/full.xml"
    async with client.session.get(address, headers={"X-Api-Key": TOKEN}) as answer:
        assert "Last-Modified" in answer.headers
        tag = answer.headers["ETag"]
    async with client.session.get(address, headers=HEADERS | {"If-None-Match": tag}) as answer:
        assert answer.status == 304

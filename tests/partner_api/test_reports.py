"""A vendor reads how its venues' sources are doing, and nothing of other venues'."""

from __future__ import annotations

import storefront as s
from partner_client import Partner
from yarl import URL

from connectors.base import Reject
from schemas.ids import public_id
from schemas.records import Kind


async def test_a_vendor_sees_its_venues(partner: Partner) -> None:
    """Those it acts for."""
    assert await partner.get("/venues") == (
        200,
        {
            "venues": [
                {
                    "id": public_id("venue", partner.venues["port"]),
                    "name": "Librairie du Port",
                    "timeZone": "Europe/Paris",
                    "siret": s.BOOKSHOP,
                    "department": "67",
                }
            ]
        },
    )


async def test_a_source_comes_with_its_last_run(partner: Partner) -> None:
    """The sources of its venues, and how the last reading ended."""
    last = await partner.shop.says("till", s.on_shelf("till", s.STRANGER, 7))
    _, told = await partner.get("/sources")
    [source] = told["sources"]
    assert (source["account"], source["venueName"]) == ("till", "Librairie du Port")
    run = source["lastRun"]
    assert (run["id"], run["state"], run["records"], run["changed"]) == (public_id("run", last), "done", 1, 1)
    assert await partner.get(f"/runs/{run['id']}") == (200, run)


async def test_refused_rows_are_shown_with_their_reason(partner: Partner) -> None:
    """As received, with why, how often and in which run; what cannot be read as text is replaced."""
    reject = Reject("prix négatif", b'{"price": -1, "\xff"}', Kind.STOCK, s.ref("till", "stocks_api", "978"))
    await partner.shop.says("till", reject)
    run_id = await partner.shop.says("till", reject)
    source = public_id("source", partner.shop.sources["till"])
    _, told = await partner.get(f"/sources/{source}/rejects")
    [shown] = told["rejects"]
    assert (shown["why"], shown["raw"], shown["timesSeen"], shown["kind"], shown["key"], shown["runId"]) == (
        "prix négatif",
        '{"price": -1, "\ufffd"}',
        2,
        "stock",
        "978",
        public_id("run", run_id),
    )


async def test_refused_rows_page_by_page(partner: Partner) -> None:
    """Following the Link header shows each once, the newest first."""
    await partner.shop.says("till", *(Reject(f"raison {n}", f"{n}".encode()) for n in range(5)))
    source = public_id("source", partner.shop.sources["till"])
    found, path = [], URL(f"/partner/v1/sources/{source}/rejects?limit=2")
    while True:
        answer = await partner.client.get(path, headers=partner.headers["port"])
        found += [reject["raw"] for reject in (await answer.json())["rejects"]]
        if "next" not in answer.links:
            break
        path = URL(answer.links["next"]["url"]).relative()
    assert sorted(found) == ["0", "1", "2", "3", "4"]
    assert len(found) == 5


async def test_sources_page_by_page(partner: Partner) -> None:
    """A vendor of many venues reads them all."""
    for n in range(3):
        await partner.shop.source(f"more-{n}", "stocks_api", venue_id=partner.venues["port"])
    found, path = [], URL("/partner/v1/sources?limit=3")
    while True:
        answer = await partner.client.get(path, headers=partner.headers["port"])
        found += [source["account"] for source in (await answer.json())["sources"]]
        if "next" not in answer.links:
            break
        path = URL(answer.links["next"]["url"]).relative()
    assert found == ["till", "more-0", "more-1", "more-2"]


async def test_what_is_anothers_does_not_exist(partner: Partner) -> None:
    """Runs and sources of other venues, and of none, are as unknown as those that never were."""
    theirs = await partner.shop.says("tickets", *s.show("tickets", "cid", "Le Cid"))
    unbound = await partner.shop.says("publisher", s.book("publisher", s.STRANGER, "L'Étranger"))
    for path, slug in (
        (f"/runs/{public_id('run', theirs)}", "run-unknown"),
        (f"/runs/{public_id('run', unbound)}", "run-unknown"),
        (f"/runs/{public_id('run', 10**9)}", "run-unknown"),
        ("/runs/r_x", "unknown-id"),
        (f"/sources/{public_id('source', partner.shop.sources['tickets'])}/rejects", "source-unknown"),
        ("/sources/7/rejects", "unknown-id"),
    ):
        status, problem = await partner.get(path)
        assert (status, problem["type"]) == (404, f"/problems/{slug}")
    _, told = await partner.get("/sources")
    assert {source["account"] for source in told["sources"]} == {"till"}

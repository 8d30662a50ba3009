"""What vendors push over HTTP: stored at once, merged by a worker, told item by item."""

from __future__ import annotations

import io
from typing import Any

import storefront as s
from partner_client import Partner
from yarl import URL

from schemas.ids import public_id
from sync.push_merge import merge_waiting, waiting_sources

BOOK = {"stocks": [{"ean": s.STRANGER, "available": 4, "priceCents": 690}]}


def at(partner: Partner, what: str, venue: str = "port") -> str:
    return f"/venues/{public_id('venue', partner.venues[venue])}/{what}"


async def merge(partner: Partner) -> None:
    """What the worker would do."""
    for source_id in await waiting_sources(partner.deps.pool):
        await merge_waiting(partner.deps.pool, "test", source_id)


async def pushed(partner: Partner, body: dict[str, Any], what: str = "stocks", number: str = "1") -> dict[str, Any]:
    """A batch sent and merged; its job."""
    status, taken = await partner.post(at(partner, what), number=number, body=body)
    assert status == 202, taken
    await merge(partner)
    status, job = await partner.get(f"/jobs/{taken['id']}")
    assert status == 200
    told: dict[str, Any] = job
    return told


async def test_a_batch_is_taken_in_and_told_by_its_job(partner: Partner) -> None:
    """202 with where to ask; the job waits until a worker has merged it, then has a receipt for each item."""
    headers = partner.headers["port"] | {"Idempotency-Key": "1"}
    answer = await partner.client.post(f"/partner/v1{at(partner, 'stocks')}", headers=headers, json=BOOK)
    taken = await answer.json()
    assert (answer.status, answer.headers["Location"]) == (202, f"/partner/v1/jobs/{taken['id']}")
    _, waiting = await partner.get(f"/jobs/{taken['id']}")
    assert (waiting["state"], "outcome" in waiting["receipts"][0]) == ("waiting", False)
    await merge(partner)
    _, job = await partner.get(f"/jobs/{taken['id']}")
    [receipt] = job["receipts"]
    assert (job["state"], job["accepted"], receipt["effect"], receipt["joined"]) == ("done", 1, "created", True)
    assert receipt["offerId"] == public_id("offer", await partner.shop.offer("till", s.STRANGER))
    _, run = await partner.get(f"/runs/{job['runId']}")
    assert (run["state"], run["created"]) == ("done", 1)


async def test_the_same_number_is_answered_the_same(partner: Partner) -> None:
    """A till that lost our answer asks again; with another batch it is refused."""
    first = await partner.post(at(partner, "stocks"), number="1", body=BOOK)
    assert await partner.post(at(partner, "stocks"), number="1", body=BOOK) == first
    other = {"stocks": [{"ean": s.EXILE, "available": 1}]}
    status, problem = await partner.post(at(partner, "stocks"), number="1", body=other)
    assert (status, problem["type"]) == (422, "/problems/idempotency-mismatch")
    status, problem = await partner.post(at(partner, "stocks"), body=BOOK)
    assert (status, problem["type"]) == (400, "/problems/invalid-parameter")


async def test_a_batch_of_another_form_is_refused_whole(partner: Partner) -> None:
    """Nothing in it, too much in it, or something else around it; nothing is stored."""
    event = {"key": "e", "title": "E", "subcategory": "CONCERT", "sessions": [{"key": str(n)} for n in range(1000)]}
    for what, body, status, slug in (
        ("stocks", {"stocks": []}, 422, "invalid-body"),
        ("stocks", {"stocks": [{}] * 1001}, 422, "invalid-body"),
        ("stocks", {"events": []}, 422, "invalid-body"),
        ("stocks", {"stocks": [{"key": "\0"}]}, 422, "invalid-body"),
        ("events", {"events": [event]}, 413, "too-many-items"),
    ):
        told, problem = await partner.post(at(partner, what), number="1", body=body)
        assert (told, problem["type"]) == (status, f"/problems/{slug}")
    headers = partner.headers["port"] | {"Idempotency-Key": "1", "Content-Type": "application/json"}
    large = io.BytesIO(b'{"events": [{"description": "' + b"x" * (4 << 20) + b'"}]}')
    answer = await partner.client.post(f"/partner/v1{at(partner, 'events')}", headers=headers, data=large)
    assert (answer.status, (await answer.json(content_type=None))["type"]) == (413, "/problems/body-too-large")
    assert await partner.deps.pool.fetchval("select count(*) from push_job") == 0


async def test_what_is_wrong_with_an_item_is_in_its_receipt(partner: Partner) -> None:
    """With the path and the sentence of each fault."""
    job = await pushed(partner, {"stocks": [{"ean": s.STRANGER, "available": -1}, {"key": "?", "available": 1}]})
    assert (job["refused"], job["unknownReferences"]) == (1, 1)
    [fault] = job["receipts"][0]["faults"]
    assert (fault["path"], "au moins 0" in fault["why"]) == ("$.available", True)


async def test_events_are_pushed_with_what_is_in_them(partner: Partner) -> None:
    """Receipts name each by its place in the body."""
    seats = [{"key": "k1", "available": 10, "priceCents": 1200}]
    event = {
        "key": "e1",
        "title": "Concert du port",
        "subcategory": "CONCERT",
        "sessions": [{"key": "s1", "beginsAt": "2027-01-05T19:30:00Z", "stocks": seats}],
    }
    job = await pushed(partner, {"events": [event]}, "events")
    assert [(one["path"], one["effect"], one["id"][:2]) for one in job["receipts"]] == [
        ("$.events[0]", "created", "e_"),
        ("$.events[0].sessions[0]", "created", "s_"),
        ("$.events[0].sessions[0].stocks[0]", "created", "k_"),
    ]


async def test_a_stock_is_deleted_by_its_own_address(partner: Partner) -> None:
    """Without a number: saying it again is harmless. A strange name is no crash."""
    await pushed(partner, BOOK)
    for ref, outcome in ((s.STRANGER, "accepted"), (s.STRANGER, "unchanged"), ("x%00y", "refused")):
        path = URL(f"/partner/v1{at(partner, 'stocks')}/{ref}", encoded=True)
        answer = await partner.client.delete(path, headers=partner.headers["port"])
        taken = await answer.json()
        assert answer.status == 202, taken
        await merge(partner)
        _, job = await partner.get(f"/jobs/{taken['id']}")
        assert job["receipts"][0]["outcome"] == outcome


async def test_receipts_page_by_page(partner: Partner) -> None:
    """Following the Link header shows each once, in the order of the batch."""
    job = await pushed(partner, {"stocks": [{"key": f"k{n}", "available": n} for n in range(5)]})
    found, path = [], URL(f"/partner/v1/jobs/{job['id']}?limit=2")
    while True:
        answer = await partner.client.get(path, headers=partner.headers["port"])
        found += [receipt["key"] for receipt in (await answer.json())["receipts"]]
        if "next" not in answer.links:
            break
        path = URL(answer.links["next"]["url"]).relative()
    assert found == ["k0", "k1", "k2", "k3", "k4"]


async def test_what_is_anothers_does_not_exist(partner: Partner) -> None:
    """Venues a vendor does not act for, and jobs of other vendors, are as unknown as those that never were."""
    job = await pushed(partner, BOOK)
    theirs = at(partner, "stocks", "theatre")
    status, problem = await partner.post(theirs, number="2", body=BOOK)
    assert (status, problem["type"]) == (404, "/problems/venue-unknown")
    for path, slug in ((f"/jobs/{job['id']}", "job-unknown"), ("/jobs/job_x", "unknown-id")):
        status, problem = await partner.get(path, "theatre")
        assert (status, problem["type"]) == (404, f"/problems/{slug}")
    status, problem = await partner.post("/venues/v_x/stocks", number="2", body=BOOK)
    assert (status, problem["type"]) == (404, "/problems/unknown-id")


async def test_a_push_source_is_shown_as_one_that_is_never_due(partner: Partner) -> None:
    """Its account holds public ids only."""
    await pushed(partner, BOOK)
    _, told = await partner.get("/sources")
    [source] = [source for source in told["sources"] if source["connector"] == "push"]
    assert "dueAt" not in source
    assert source["account"].endswith(f":{public_id('venue', partner.venues['port'])}")


async def test_a_guarded_run_is_released_by_the_venue_s_own_key(partner: Partner) -> None:
    """Asked once or twice, audited; a worker does it. What waits for nobody cannot be released."""
    run_id = await partner.shop.says("till", s.on_shelf("till", s.STRANGER, 7))
    path = f"/runs/{public_id('run', run_id)}/release"
    status, problem = await partner.post(path)
    assert (status, problem["type"]) == (409, "/problems/run-not-waiting")
    await partner.deps.pool.execute("update run set state = 'guarded', failure = 'guarded' where id = $1", run_id)
    status, problem = await partner.post(path, "theatre")
    assert (status, problem["type"]) == (404, "/problems/run-unknown")
    assert await partner.post(path) == (202, None)
    assert await partner.post(path) == (202, None)
    rows = await partner.deps.pool.fetch("select actor, subject from audit_event where action = 'run.released'")
    assert [(row["actor"].startswith("key:sandbox_"), row["subject"]) for row in rows] == [(True, f"run:{run_id}")] * 2

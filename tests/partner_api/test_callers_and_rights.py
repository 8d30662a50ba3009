"""Only a key is let in, and only where its scopes and its allowance let it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from partner_client import ALL, Partner
from pytest_aiohttp.plugin import AiohttpClient

from edge.buckets import Allowance, LocalBuckets
from partner_api.app import build

ROUTES = [
    ("GET", "/countermarks/AAAAAA", "countermarks:check"),
    ("POST", "/countermarks/AAAAAA/use", "countermarks:use"),
    ("POST", "/countermarks/AAAAAA/keep", "countermarks:use"),
    ("POST", "/countermarks/AAAAAA/cancel", "countermarks:use"),
    ("GET", "/sources", "runs:read"),
    ("GET", "/sources/src_x/rejects", "runs:read"),
    ("GET", "/runs/r_x", "runs:read"),
    ("POST", "/runs/r_x/release", "runs:release"),
    ("POST", "/venues/v_x/stocks", "stocks:write"),
    ("DELETE", "/venues/v_x/stocks/978", "stocks:write"),
    ("POST", "/venues/v_x/events", "stocks:write"),
    ("GET", "/jobs/job_x", "stocks:write"),
]


@pytest.mark.parametrize(("method", "path", "scope"), ROUTES)
async def test_a_key_does_what_its_scopes_say(partner: Partner, method: str, path: str, scope: str) -> None:
    """Without the route's scope 403, with all others too; with it alone, not."""
    others = tuple(one for one in ALL if one != scope)
    for scopes, expected in ((others, True), ((scope,), False)):
        headers = await partner.key("port", scopes) | {"Idempotency-Key": "n"}
        answer = await partner.client.request(method, f"/partner/v1{path}", headers=headers)
        assert (answer.status == 403) is expected
        if expected:
            problem = await answer.json(content_type=None)
            assert (problem["type"], scope in problem["detail"]) == ("/problems/forbidden", True)


@pytest.mark.parametrize(("method", "path"), [*((method, path) for method, path, _ in ROUTES), ("GET", "/venues")])
async def test_nobody_gets_in_without_a_key(partner: Partner, method: str, path: str) -> None:
    """401, as a problem, with the challenge: no key, or none of ours."""
    for headers in ({}, {"Authorization": f"Bearer sandbox_{'0' * 12}_{'0' * 64}"}):
        answer = await partner.client.request(method, f"/partner/v1{path}", headers=headers)
        problem = await answer.json(content_type=None)
        assert (answer.status, problem["type"]) == (401, "/problems/unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_revoked_key_is_refused_at_once(partner: Partner) -> None:
    """From the very next request on."""
    assert (await partner.get("/venues"))[0] == 200
    for key_id in await partner.deps.pool.fetch("select id from api_key"):
        await partner.deps.keys.revoke(key_id["id"], actor="staff:1")
    assert (await partner.get("/venues"))[0] == 401


async def test_each_key_has_its_allowance(partner: Partner, aiohttp_client: AiohttpClient) -> None:
    """One key's requests do not use up another's; the answers say what is left."""
    deps = replace(partner.deps, buckets=LocalBuckets(), key_allowance=Allowance("partner-key", 1, 60))
    client = await aiohttp_client(build(deps))
    first = await client.get("/venues", headers=partner.headers["port"])
    second = await client.get("/venues", headers=partner.headers["port"])
    other = await client.get("/venues", headers=partner.headers["theatre"])
    assert [answer.status for answer in (first, second, other)] == [200, 429, 200]
    assert '"partner-key";r=0' in first.headers["RateLimit"]


async def test_who_tries_keys_is_slowed_down(partner: Partner, aiohttp_client: AiohttpClient) -> None:
    """An address has its allowance before its key is looked at."""
    deps = replace(partner.deps, buckets=LocalBuckets(), address_allowance=Allowance("partner-address", 2, 60))
    client = await aiohttp_client(build(deps))
    answers = [await client.get("/venues", headers={"Authorization": f"Bearer {n}"}) for n in "abc"]
    assert [answer.status for answer in answers] == [401, 401, 429]

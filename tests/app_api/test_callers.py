"""Only the person a token speaks for is let in; offers are for anybody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from app_client import App
from pytest_aiohttp.plugin import AiohttpClient

from accounts.tokens import sandbox_token
from app_api.app import build
from app_api.keys import AppApi
from edge.buckets import Allowance, LocalBuckets

PRIVATE = [("GET", "/wallet"), ("GET", "/bookings"), ("POST", "/bookings"), ("GET", "/bookings/b_x"),
           ("POST", "/bookings/b_x/cancel")]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), PRIVATE)
@pytest.mark.parametrize(
    "authorization", [None, "Bearer nonsense", "Basic bG91OmxvdQ==", "Bearer"], ids=["none", "wrong", "basic", "empty"]
)
async def test_nobody_gets_in_without_a_token(app: App, method: str, path: str, authorization: str | None) -> None:
    """401, as a problem, with the challenge."""
    headers = {"Authorization": authorization} if authorization else {}
    answer = await app.client.request(method, f"/app/v1{path}", headers=headers)
    problem = await answer.json(content_type=None)
    assert (answer.status, problem["type"]) == (401, "/problems/unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_tokens_that_prove_nothing(app: App) -> None:
    """Expired, of another audience, signed by another key, of somebody erased or never registered."""
    person = await app.deps.people.register(email="lou@example.org", first_name="Lou", last_name="Martin")
    good = {"key": "k" * 40, "audience": "passerelle-app", "now": app.clock()}
    tokens = [
        sandbox_token(person.id, **good, lifetime=timedelta(hours=-1)),
        sandbox_token(person.id, **good | {"audience": "autre"}),
        sandbox_token(person.id, **good | {"key": "x" * 40}),
        sandbox_token(999_999, **good),
    ]
    for token in tokens:
        status, problem = await app.get("/wallet", {"Authorization": f"Bearer {token}"})
        assert (status, problem["detail"].partition(" ")[0]) == (401, "Ce")
        assert "jeton" in problem["detail"], "a young person holds no key"
    known = {"Authorization": f"Bearer {sandbox_token(person.id, **good)}"}
    assert (await app.get("/bookings", known))[0] == 200
    await app.shop.pool.execute(
        "update beneficiary set erased_at = now(), email = null, first_name = null, last_name = null"
    )
    assert (await app.get("/bookings", known))[0] == 401


async def test_each_address_has_its_allowance(app: App, aiohttp_client: AiohttpClient) -> None:
    """Beyond it the answer is a problem that says when to come back."""
    deps = app.deps
    limited = AppApi(
        pool=deps.pool,
        clock=deps.clock,
        bookings=deps.bookings,
        wallets=deps.wallets,
        tickets=deps.tickets,
        people=deps.people,
        privacy=deps.privacy,
        issuers=deps.issuers,
        buckets=LocalBuckets(),
        allowance=Allowance("app", 1, 60),
    )
    client = await aiohttp_client(build(limited))
    assert (await client.get("/offers")).status == 200
    refused = await client.get("/offers")
    assert (refused.status, refused.headers["Content-Type"]) == (429, "application/problem+json")


async def test_unknown_addresses_and_methods_are_problems(app: App) -> None:
    """404 and 405, told to everybody alike."""
    unknown = await app.client.get("/app/v1/nothing")
    refused = await app.client.delete("/app/v1/bookings")
    assert (unknown.status, unknown.headers["Content-Type"]) == (404, "application/problem+json")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET,HEAD,POST")

"""Who is calling."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from aiohttp import web

from edge.app import face
from edge.authentication import authenticated


@dataclass(frozen=True)
class Vendor:
    """A caller."""

    name: str


VENDOR = web.RequestKey("vendor", Vendor)


@pytest.fixture
async def guarded(aiohttp_client):
    """A face that only the holder of the key "good-key" may enter, except its health page."""

    async def recognise(token: str) -> Vendor | None:
        return Vendor("Librairie") if token == "good-key" else None

    async def hello(request: web.Request) -> web.Response:
        return web.json_response(request[VENDOR].name)

    async def health(_: web.Request) -> web.Response:
        return web.json_response("ok")

    app = face(middlewares=[authenticated(recognise, VENDOR, public={"health"})])
    app.router.add_get("/hello", hello)
    app.router.add_get("/health", health, name="health")
    return await aiohttp_client(app)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_caller_is_known_to_the_handler(guarded, scheme: str) -> None:
    """The principal behind a good key stands in the request, whatever the scheme's case."""
    response = await guarded.get("/hello", headers={"Authorization": f"{scheme} good-key"})
    assert await response.json() == "Librairie"


@pytest.mark.parametrize(
    "given",
    ["Bearer", "Bearer ", "Basic Z29vZC1rZXk=", "good-key", "Bearer good key", "Bearer é", "Bearer " + "a" * 5000],
)
async def test_what_is_no_bearer_token(guarded, problem, given: str) -> None:
    """401 with a challenge; what was sent is not repeated."""
    response = await guarded.get("/hello", headers={"Authorization": given})
    content = await problem(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="passerelle"'
    assert "good" not in str(content)


async def test_no_header_at_all(guarded, problem) -> None:
    """401 with a challenge that names no error: nothing was tried."""
    response = await guarded.get("/hello")
    await problem(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="passerelle"'


async def test_two_headers(guarded, problem) -> None:
    """Two Authorization headers are refused: proxies differ on which of them counts."""
    headers = [("Authorization", "Bearer good-key"), ("Authorization", "Bearer other")]
    await problem(await guarded.get("/hello", headers=headers), 401, "unauthenticated")


async def test_an_unknown_key(guarded, problem) -> None:
    """A key nobody holds: 401, `invalid_token`, the key not repeated."""
    response = await guarded.get("/hello", headers={"Authorization": "Bearer stolen-key"})
    content = await problem(response, 401, "unauthenticated")
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]
    assert "stolen" not in str(content)


async def test_public_and_unknown_routes(guarded, problem) -> None:
    """Routes named public need no key, and an unknown address or method is said to be one to everybody."""
    assert (await guarded.get("/health")).status == 200
    await problem(await guarded.get("/nowhere"), 404, "unknown-route")
    await problem(await guarded.post("/hello"), 405, "method-not-allowed")

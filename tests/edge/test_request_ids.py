"""Request ids and the access log."""

from __future__ import annotations

import logging

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, make_mocked_request

from edge.access_log import AccessLog
from edge.app import face, root
from edge.request_ids import RequestIdFilter, current_request_id, request_ids


@pytest.fixture
async def logged(aiohttp_client, caplog):
    """A face under /v1 whose access log is ours, and which says its request's id."""

    async def token(_: web.Request) -> web.Response:
        logging.getLogger("domain").warning("accepting")
        return web.json_response(current_request_id())

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x")
        return response

    inner = face()
    inner.router.add_get("/bookings/{token}", token)
    inner.router.add_get("/stream", stream)
    app = root()
    app.add_subapp("/v1", inner)
    caplog.set_level(logging.INFO)
    caplog.handler.addFilter(RequestIdFilter())
    server = TestServer(app)
    await server.start_server(access_log_class=AccessLog)
    return await aiohttp_client(server)


def access(caplog) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "aiohttp.access"]


async def test_a_sane_id_is_kept(logged) -> None:
    """The caller's id comes back and is the one the code sees."""
    response = await logged.get("/v1/bookings/ABC234", headers={"X-Request-Id": "till-7.2026_11"})
    assert response.headers["X-Request-Id"] == await response.json() == "till-7.2026_11"


@pytest.mark.parametrize("given", [None, "", "short", "a" * 65, "no spaces here", "a=b;c=dddd", "é" * 10])
async def test_any_other_id_is_replaced(logged, given: str | None) -> None:
    """Without a sane one each request gets an id of its own: nobody writes into our logs."""
    headers = {} if given is None else {"X-Request-Id": given}
    ids = {(await logged.get("/v1/bookings/A", headers=headers)).headers["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3
    assert all(len(one) == 32 and one.isalnum() for one in ids)


@pytest.mark.parametrize("path", ["/v1/stream", "/v1/nowhere", "/nowhere"])
async def test_every_answer_carries_the_id(logged, path: str) -> None:
    """Streams and problems too, once."""
    response = await logged.get(path, headers={"X-Request-Id": "till-12345678"})
    assert response.headers.getall("X-Request-Id") == ["till-12345678"]


async def test_log_lines_carry_the_id(logged, caplog) -> None:
    """What the domain logs during a request can be found by its id."""
    await logged.get("/v1/bookings/ABC234", headers={"X-Request-Id": "till-12345678"})
    line = next(record for record in caplog.records if record.name == "domain")
    assert line.request_id == "till-12345678"
    assert current_request_id() is None


async def test_the_access_log_knows_no_secret(logged, caplog) -> None:
    """The route's pattern stands for the path, the query is left out, an unknown path is not repeated."""
    await logged.get("/v1/bookings/ABC234?email=jeune@example.org", headers={"Authorization": "Bearer KEY"})
    await logged.get("/v1/nowhere/ABC234")
    await logged.get("/ABC234")
    fields = [record.access for record in access(caplog)]
    assert [(one["method"], one["route"], one["status"]) for one in fields] == [
        ("GET", "/v1/bookings/{token}", 200),
        ("GET", "-", 404),
        ("GET", "-", 404),
    ]
    assert all(one["milliseconds"] >= 0 and len(one["request_id"]) == 32 for one in fields)
    lines = " ".join(record.getMessage() for record in access(caplog))
    assert "route=/v1/bookings/{token} status=200" in lines
    for secret in ("ABC234", "jeune", "KEY"):
        assert secret not in lines


async def test_an_id_ends_with_its_request() -> None:
    """What the connection does next is not told under the id of the request before."""

    async def handler(_: web.Request) -> web.Response:
        assert current_request_id() == "till-12345678"
        return web.Response()

    await request_ids(make_mocked_request("GET", "/", headers={"X-Request-Id": "till-12345678"}), handler)
    assert current_request_id() is None


async def test_root_and_face_agree(aiohttp_client) -> None:
    """A request through the root and a face has one id, made once."""
    seen = []

    @web.middleware
    async def between(request, handler):
        seen.append(current_request_id())
        return await handler(request)

    app = root()
    app.middlewares.append(between)
    app.add_subapp("/v1", face())
    response = await (await aiohttp_client(app)).get("/v1/nowhere")
    assert seen == [response.headers["X-Request-Id"]]

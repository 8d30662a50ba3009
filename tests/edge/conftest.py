"""A tiny face with one route per way to go wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from edge.app import face, root
from edge.bodies import read_body, read_json
from edge.errors import Forbidden
from edge.problems import Problem


class Refusal(Exception):
    """A domain's family of errors."""


class AlreadyUsed(Refusal):
    """A domain error with one attribute for the caller and one that is not."""

    def __init__(self) -> None:
        super().__init__("Cette contremarque a déjà été validée.")
        self.used_at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
        self.token = "SECRET"
        self.retry_after: int | None = None


class Line(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A row of a pushed body."""

    ean: Annotated[str, msgspec.Meta(min_length=13, max_length=13)]
    price_cents: Annotated[int, msgspec.Meta(ge=0)]


class Push(msgspec.Struct):
    """A pushed body."""

    stocks: list[Line]
    label: str = ""


TABLE = {
    Refusal: Problem("refused", 409, "Refusé"),
    AlreadyUsed: Problem(
        "countermark-already-used",
        409,
        "Contremarque déjà validée",
        members=("used_at",),
        headers={"Retry-After": "retry_after"},
    ),
}


def tiny_face() -> web.Application:
    routes = web.RouteTableDef()

    @routes.get("/things", name="things")
    async def things(_: web.Request) -> web.Response:
        return web.json_response(["a"])

    @routes.post("/things")
    async def push(request: web.Request) -> web.Response:
        pushed = await read_json(request, Push, max_bytes=1000)
        again = await read_body(request, max_bytes=1000)
        return web.json_response({"rows": len(pushed.stocks), "bytes": len(again)})

    @routes.post("/impatient")
    async def impatient(request: web.Request) -> web.Response:
        return web.json_response(len(await read_body(request, seconds=0.05)))

    @routes.patch("/bookings/{token}")
    async def used(_: web.Request) -> web.Response:
        raise AlreadyUsed

    @routes.get("/family")
    async def family(_: web.Request) -> web.Response:
        raise type("NotYet", (Refusal,), {})("Trop tôt.")

    @routes.get("/forbidden")
    async def forbidden(_: web.Request) -> web.Response:
        raise Forbidden("Ce lieu n'est pas le vôtre.")

    @routes.get("/crash")
    async def crash(_: web.Request) -> web.Response:
        raise RuntimeError("internal SECRET")

    @routes.get("/teapot")
    async def teapot(_: web.Request) -> web.Response:
        raise web.HTTPUnavailableForLegalReasons(link=None, headers={"X-Kept": "yes"})

    @routes.get("/moved")
    async def moved(_: web.Request) -> web.Response:
        raise web.HTTPFound("/elsewhere")

    @routes.get("/broken-stream")
    async def broken_stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first\n")
        raise RuntimeError("half way")

    made = face(TABLE)
    made.add_routes(routes)
    return made


@pytest.fixture
async def client(aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]]) -> TestClient[Any, Any]:
    """The face mounted under /v1 of a root."""
    app = root()
    app.add_subapp("/v1", tiny_face())
    return await aiohttp_client(app)


@pytest.fixture
def problem() -> Callable[..., Awaitable[dict[str, Any]]]:
    """`await problem(response, 404, "unknown-route")` checks what every problem promises and gives its members."""

    async def read(response: Any, status: int, slug: str) -> dict[str, Any]:
        assert response.status == status
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.headers["Cache-Control"] == "no-store"
        content: dict[str, Any] = await response.json(content_type=None)
        assert content["type"] == f"/problems/{slug}"
        assert content["status"] == status
        assert content["title"]
        assert content["requestId"] == response.headers["X-Request-Id"]
        return content

    return read

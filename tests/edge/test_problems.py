"""Every error path answers a problem."""

from __future__ import annotations

import inspect
import logging

import aiohttp
import pytest

from edge import errors
from edge.problems import EDGE_PROBLEMS, Problem, by_slug


async def test_a_domain_error_is_answered_by_its_table(client, problem) -> None:
    """Slug, status and title from the table, detail from the error, and the named members alone."""
    content = await problem(await client.patch("/v1/bookings/ABC234"), 409, "countermark-already-used")
    assert content["title"] == "Contremarque déjà validée"
    assert content["detail"] == "Cette contremarque a déjà été validée."
    assert content["usedAt"] == "2026-11-23T09:00:00Z"
    assert set(content) == {"type", "title", "status", "detail", "requestId", "usedAt"}
    assert "SECRET" not in str(content)


async def test_an_error_without_a_row_is_its_familys(client, problem) -> None:
    """A subclass that has no row of its own is answered as its ancestor."""
    content = await problem(await client.get("/v1/family"), 409, "refused")
    assert content["detail"] == "Trop tôt."


@pytest.mark.parametrize("path", ["/nowhere", "/v1/nowhere", "/v1", "/problems"])
async def test_an_unknown_route(client, problem, path: str) -> None:
    """404 inside a face and outside of all, with a sentence that says where to look."""
    content = await problem(await client.get(path), 404, "unknown-route")
    assert "/docs/" in content["detail"]


async def test_a_wrong_method_says_the_right_ones(client, problem) -> None:
    """405 keeps aiohttp's Allow, and its sentence names the methods."""
    response = await client.delete("/v1/things")
    content = await problem(response, 405, "method-not-allowed")
    assert response.headers["Allow"] == "GET,HEAD,POST"
    assert content["detail"] == "DELETE n'est pas permis à cette adresse : GET, HEAD ou POST."


async def test_a_head_is_its_get(client) -> None:
    """HEAD has the status and headers of GET, problems included, and no body."""
    for path, status in (("/v1/things", 200), ("/v1/nowhere", 404), ("/v1/crash", 500)):
        asked, got = await client.head(path), await client.get(path)
        assert (asked.status, got.status) == (status, status)
        assert asked.headers["Content-Type"] == got.headers["Content-Type"]
        assert asked.headers["Content-Length"] == got.headers["Content-Length"]
        assert await asked.read() == b""


async def test_a_crash_tells_its_number_and_nothing_else(client, problem, caplog) -> None:
    """500 names the request id under which the traceback is logged, and leaks nothing of it."""
    response = await client.get("/v1/crash", headers={"X-Request-Id": "till-12345678"})
    content = await problem(response, 500, "internal-error")
    assert content["requestId"] == "till-12345678"
    assert "SECRET" not in str(content)
    assert "RuntimeError" not in str(content)
    crash = next(record for record in caplog.records if record.levelno == logging.ERROR)
    assert "till-12345678" in crash.getMessage()
    assert crash.exc_info is not None


async def test_statuses_raised_by_hand(client, problem) -> None:
    """An aiohttp error becomes a problem too and keeps its headers; a redirect stays a redirect."""
    response = await client.get("/v1/teapot")
    await problem(response, 451, "http-451")
    assert response.headers["X-Kept"] == "yes"
    response = await client.get("/v1/moved", allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (302, "/elsewhere")
    assert response.content_type != "application/problem+json"


async def test_forbidden(client, problem) -> None:
    """403 in the same form."""
    content = await problem(await client.get("/v1/forbidden"), 403, "forbidden")
    assert content["detail"] == "Ce lieu n'est pas le vôtre."


async def test_a_stream_that_breaks_is_cut(client) -> None:
    """Once an answer has begun, an error cuts it: no problem is appended to the data, and it does not end well."""
    response = await client.get("/v1/broken-stream")
    assert response.status == 200
    with pytest.raises(aiohttp.ClientPayloadError):
        await response.read()


def test_every_refusal_of_the_edge_is_in_its_table() -> None:
    """No refusal of the edge can become a crash."""
    refusals = {
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.EdgeRefusal) and kind is not errors.EdgeRefusal
    }
    assert refusals == set(EDGE_PROBLEMS)


def test_a_slug_means_one_thing() -> None:
    """All problems are listed by slug, for the pages that describe them; two meanings of one are refused."""
    table = {KeyError: Problem("unknown-booking", 404, "Réservation inconnue")}
    listed = by_slug(table, table)
    assert {"unknown-booking", "unknown-route", "internal-error", "malformed-json"} <= set(listed)
    with pytest.raises(ValueError, match="unknown-booking"):
        by_slug(table, {ValueError: Problem("unknown-booking", 410, "Autre chose")})

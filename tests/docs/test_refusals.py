"""Every refusal of the money room has an answer in the faces, and no answer is for a refusal that is not there."""

from __future__ import annotations

import typing
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpClient

import app_api.problems
import partner_api.problems
from bookings.errors import Refusal
from edge.app import face
from edge.problems import Problem, ProblemTable

TABLES: dict[str, ProblemTable] = {"app": app_api.problems.PROBLEMS, "partner": partner_api.problems.PROBLEMS}
SAMPLES: dict[Any, Any] = {int: 3, str: "physical", datetime: datetime(2026, 11, 25, 12, tzinfo=UTC)}
GIVEN = {"StockNotBookable": {"why": "begun"}}
REFUSALS = [
    pytest.param(name, table, kind, id=f"{name}-{kind.__name__}")
    for name, table in TABLES.items()
    for kind in table
    if issubclass(kind, Refusal)
]


def made(kind: type[Refusal]) -> Refusal:
    """A refusal of this class, with sample attributes."""
    hints = typing.get_type_hints(kind.__init__)
    hints.pop("return", None)
    sample = {name: SAMPLES[(typing.get_args(hint) or (hint,))[0]] for name, hint in hints.items()}
    return kind(**sample | GIVEN.get(kind.__name__, {}))


def test_each_refusal_is_answered_somewhere() -> None:
    """None of them would be a crash: each stands in the table of the face that can meet it."""
    answered = {kind for table in TABLES.values() for kind in table if issubclass(kind, Refusal)}
    assert set(Refusal.REASONS.values()) == answered


@pytest.mark.parametrize(("name", "table", "kind"), REFUSALS)
async def test_each_refusal_is_a_problem(
    name: str, table: ProblemTable, kind: type[Refusal], aiohttp_client: AiohttpClient
) -> None:
    """Its status, its sentence and all the figures its table promises."""
    refusal, problem = made(kind), table[kind]

    async def refuse(request: web.Request) -> web.Response:
        raise refusal

    app = face(table)
    app.router.add_get("/", refuse)
    answer = await (await aiohttp_client(app)).get("/")
    told = await answer.json(content_type=None)
    assert (answer.status, answer.headers["Content-Type"]) == (problem.status, "application/problem+json")
    assert (told["type"], told["detail"]) == (f"/problems/{problem.slug}", str(refusal))
    assert {_camel(member) for member in problem.members} <= set(told)


def test_slugs_mean_one_thing_in_a_face() -> None:
    """Two refusals a caller must tell apart never share one."""
    for table in TABLES.values():
        slugs = [problem.slug for problem in table.values()]
        assert len(slugs) == len(set(slugs))


def test_only_what_expired_is_gone() -> None:
    """410 is for what nobody fetched in time and for tickets whose time is over; other states are 409."""
    gone: list[Problem] = [problem for table in TABLES.values() for problem in table.values() if problem.status == 410]
    assert {"expired", "countermark-expired", "ticket-expired"} == {problem.slug for problem in gone}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)

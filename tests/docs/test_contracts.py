"""The contracts in docs/apib and the list of problems say what the code does, no less and no more."""

from __future__ import annotations

import re
import types
import typing
from datetime import date, datetime
from typing import Any

import apib_reader
import msgspec
import pytest
from aiohttp import web
from apib_reader import Case, Contract, Member

import app_api.answers
import app_api.app
import app_api.problems
import app_api.requests
import bookings.records
import open_data.answers
import open_data.app
import open_data.problems
import partner_api.answers
import partner_api.answers_offline
import partner_api.dialects.answers
import partner_api.mounting
import partner_api.problems
import partner_api.requests
import partner_api.review_answers
import partner_api.webhook_answers
import sandbox.provider
import sandbox.provider_answers
import schemas.offers
import schemas.records
from app_api.keys import AppApi
from edge.buckets import LocalBuckets
from edge.problems import Problem, by_slug
from open_data.keys import OpenData
from partner_api.keys import PartnerApi
from sandbox.faults import Faults
from service.settings import CHECKOUT

CONTRACTS = {
    name: apib_reader.read(apib_reader.FOLDER / f"{name}.apib")
    for name in ("app", "partner", "dialects", "open", "provider")
}
CASES = [(name, case) for name, contract in CONTRACTS.items() for case in contract.cases]
IDS = [case.id for _, case in CASES]
SHAPES = {
    "app": (app_api.answers, app_api.requests, bookings.records, schemas.offers, schemas.records),
    "partner": (
        partner_api.answers,
        partner_api.answers_offline,
        partner_api.requests,
        partner_api.review_answers,
        partner_api.webhook_answers,
    ),
    "dialects": (partner_api.dialects.answers,),
    "open": (open_data.answers, schemas.offers, schemas.records),
    "provider": (sandbox.provider_answers,),
}
PROBLEMS = {
    "app": by_slug(app_api.problems.PROBLEMS),
    "partner": by_slug(partner_api.problems.PROBLEMS),
    "open": by_slug(open_data.problems.PROBLEMS),
    # It is not ours: others serve it, and the sandbox as they do.
    "provider": {slug: Problem(slug, *told) for slug, told in sandbox.provider.PROBLEMS.items()},
}
ALL = by_slug(app_api.problems.PROBLEMS, partner_api.problems.PROBLEMS, open_data.problems.PROBLEMS)
DIALECTS = ("/public/", "/v2/", "/bookings/")
"""Where what is mounted is of the field's contract, and not of ours."""
STRUCTURES = [(name, one) for name, contract in CONTRACTS.items() for one in contract.structures if one != "Problem"]


def mounted(name: str) -> web.Application:
    """The face without what its handlers need: only its routes are looked at."""
    nothing: Any = None
    faces = {
        "app": lambda: app_api.app.build(
            AppApi(
                pool=nothing,
                clock=nothing,
                bookings=nothing,
                wallets=nothing,
                tickets=nothing,
                people=nothing,
                privacy=nothing,
                issuers=nothing,
                buckets=LocalBuckets(),
            )
        ),
        "open": lambda: open_data.app.build(OpenData(pool=nothing, clock=nothing, buckets=LocalBuckets())),
    }
    if name == "provider":
        return sandbox.provider.build({}, Faults())
    root = web.Application()
    if name in faces:
        root.add_subapp(f"/{name}/v1", faces[name]())
    else:
        partner_api.mounting.mount(
            root,
            PartnerApi(
                pool=nothing,
                clock=nothing,
                desk=nothing,
                offline=nothing,
                ticket_keys=nothing,
                keys=nothing,
                webhooks=nothing,
                deliveries=nothing,
                people=nothing,
                reviews=nothing,
                buckets=LocalBuckets(),
            ),
        )
    return root


def struct(contract: str, name: str) -> type[msgspec.Struct]:
    """The struct of this name among those the face answers with."""
    found = [getattr(module, name) for module in SHAPES[contract] if hasattr(module, name)]
    assert found, f"{name} is no struct of {contract}"
    return found[0]


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_each_route_has_its_section_and_back(contract: Contract) -> None:
    """What can be asked is documented, and what is documented can be asked. HEAD comes with GET."""
    routes = {
        (route.method, route.resource.canonical)
        for resource in mounted(contract.name).router.resources()
        for route in resource
        if route.resource is not None and route.method != "HEAD"
        if (contract.name == "dialects") == route.resource.canonical.startswith(DIALECTS)
    }
    assert routes == set(contract.actions)


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_each_action_has_cases_of_its_own(contract: Contract) -> None:
    """Each shows at least one success, and no two cases have the same name: tools go by it."""
    names = [case.id for case in contract.cases]
    assert len(names) == len(set(names))
    shown = {(case.method, case.path) for case in contract.cases if case.status < 300}
    assert shown == set(contract.actions)


@pytest.mark.parametrize(("contract", "case"), CASES, ids=IDS)
def test_each_example_is_what_its_structure_says(contract: str, case: Case) -> None:
    """An answer's body is read by the struct it is documented as, and has nothing that the struct has not."""
    if case.response.attributes == "Problem":
        _check_problem(case, PROBLEMS[contract])
    elif case.response.attributes:
        shape = struct(contract, case.response.attributes)
        _check_body(case.response.json, shape)
    if case.request.attributes:
        _check_body(case.request.json, struct(contract, case.request.attributes))


@pytest.mark.parametrize(("contract", "case"), CASES, ids=IDS)
def test_each_answer_with_a_body_says_what_it_is(contract: str, case: Case) -> None:
    """JSON objects have a structure, 204 and 308 have no body, and that of a picture is not written down.

    An error is a problem; in the field's dialects it is theirs.
    """
    kind = case.response.headers.get("Content-Type")
    assert (kind is None or kind.startswith("image/")) == (not case.response.body)
    if kind in ("application/json", "application/problem+json"):
        assert case.response.attributes or isinstance(case.response.json, list)
    if case.status >= 400 and contract == "dialects":
        assert kind == "application/json"
        assert (case.response.attributes or "Error").endswith("Error")
    elif case.status >= 400:
        assert (kind, case.response.attributes) == ("application/problem+json", "Problem")


@pytest.mark.parametrize(("contract", "name"), STRUCTURES)
def test_each_structure_is_a_struct(contract: str, name: str) -> None:
    """The same fields, types and obligations, in the same order, each with its meaning."""
    assert CONTRACTS[contract].structures[name] == _members(
        struct(contract, name), CONTRACTS[contract].structures[name]
    )


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_each_structure_is_used(contract: Contract) -> None:
    """By a case or by another structure, and each that is named is there."""
    named = {message.attributes for case in contract.cases for message in (case.request, case.response)} - {None}
    for members in contract.structures.values():
        named |= {member.type.removeprefix("array[").removesuffix("]") for member in members}
    assert named - {"string", "number", "boolean", "object"} == set(contract.structures)


def test_each_problem_is_described_and_back() -> None:
    """docs/problems.md has one section per slug, with its status, title and members."""
    text = (CHECKOUT / "docs" / "problems.md").read_text(encoding="utf-8")
    sections = dict(zip(*[iter(re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:])] * 2, strict=True))
    assert set(sections) == set(ALL)
    for slug, section in sections.items():
        problem = ALL[slug]
        heading = f"**{problem.status} · {problem.title}**"
        members = [_camel(member) for member in problem.members]
        told = heading + (" · " + ", ".join(f"`{member}`" for member in members) if members else "")
        assert section.strip().splitlines()[0] == told
        assert "Que faire : " in section


def _check_problem(case: Case, known: typing.Mapping[str, Problem]) -> None:
    body = case.response.json
    problem = known[body["type"].removeprefix("/problems/")]
    assert (problem.status, problem.title, case.status) == (body["status"], body["title"], body["status"])
    extra = set(body) - {"type", "title", "status", "detail", "requestId"}
    assert extra <= {_camel(member) for member in problem.members}


def _check_body(body: Any, shape: type[msgspec.Struct]) -> None:
    read = msgspec.convert(body, shape)
    told = msgspec.to_builtins(read)
    nothing_lost = msgspec.convert(told, shape) == read
    assert nothing_lost
    assert _without_nothing(body) == {
        name: value for name, value in _without_nothing(told).items() if name in body or value not in ([], 1)
    }


def _without_nothing(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nothing(item) for name, item in value.items() if item is not None}
    return [_without_nothing(item) for item in value] if isinstance(value, list) else value


def _members(shape: type[msgspec.Struct], written: list[Member]) -> list[Member]:
    """What the structure of a struct is, with the samples as written."""
    samples = {member.name: member.sample for member in written}
    config, hints = shape.__struct_config__, typing.get_type_hints(shape)
    is_answer = not shape.__module__.endswith(".requests")
    members = [Member(str(config.tag_field), str(config.tag), "string", True, False)] if config.tag else []
    for one in msgspec.structs.fields(shape):
        kind, is_nullable = _type(hints[one.name])
        is_required = one.required or (is_answer and not config.omit_defaults)
        members.append(
            Member(one.encode_name, samples.get(one.encode_name), kind, is_required, is_required and is_nullable)
        )
    return members


def _type(hint: Any) -> tuple[str, bool]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        [some] = [one for one in arguments if one is not type(None)]
        return _type(some)[0], True
    if origin is list:
        return f"array[{_type(arguments[0])[0]}]", False
    if origin is dict:
        return "object", False
    simple = {date: "string", int: "number", float: "number", bool: "boolean", str: "string", datetime: "string"}
    return simple.get(hint) or hint.__name__, False


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)

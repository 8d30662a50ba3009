"""The contracts are executed: each documented exchange happens, and the answer has the documented form."""

from __future__ import annotations

from typing import Any

import apib_reader
import jsonschema_rs
import msgspec
import pytest
from apib_reader import Case
from documented_cases import APP, DIALECTS, PARTNER, PROVIDER, STAGES, Prepared, cases
from pytest_aiohttp.plugin import AiohttpClient

from catalogue.database import Pool

CASES = [pytest.param(name, case, id=f"{name}: {case.id}") for name in STAGES for case in cases(name)]


async def execute(client: Any, case: Case, prepared: Prepared) -> None:
    """Sends the request and holds the answer to the documented one."""
    given = case.request.headers | {k: v for k, v in prepared.headers.items() if k in case.request.headers}
    used = case.request.parameters | prepared.parameters
    path = case.path.format(**used)
    query = {name: value for name, value in used.items() if f"{{{name}}}" not in case.path}
    body = None
    if case.request.body:
        body = case.request.json | (prepared.body or {})
    given.pop("Content-Type", None)
    answer = await client.request(case.method, path, params=query, headers=given, json=body, allow_redirects=False)
    said = await answer.json(content_type=None) if "json" in answer.headers.get("Content-Type", "") else None
    assert (answer.status, said) == (case.status, said)
    for name, value in case.response.headers.items():
        assert name in answer.headers
        if name in ("Content-Type", "WWW-Authenticate", "Vary", "Retry-After", "Access-Control-Allow-Origin"):
            assert answer.headers[name] == value
    if case.response.attributes == "Problem":
        for name in ("type", "title", "status", "detail"):
            assert said[name] == case.response.json[name]
    if case.response.schema:
        jsonschema_rs.validate(msgspec.json.decode(case.response.schema), case.response.json)
        jsonschema_rs.validate(msgspec.json.decode(case.response.schema), said)
    if case.response.attributes:
        same_form(case.response.json, said, "$")
    elif isinstance(said, list):
        assert case.response.json == said
    else:
        is_picture = answer.content_type.startswith("image/")
        assert (bool(case.response.body) or is_picture) == bool(await answer.read())


def same_form(documented: Any, said: Any, path: str) -> None:
    """The same members of the same JSON types; a list is judged by its first item."""
    assert type(documented) is type(said), path
    if isinstance(documented, dict):
        assert set(documented) == set(said), path
        for name, value in documented.items():
            same_form(value, said[name], f"{path}.{name}")
    elif isinstance(documented, list):
        assert bool(documented) == bool(said), path
        for one, other in zip(documented[:1], said[:1], strict=True):
            same_form(one, other, f"{path}[]")


@pytest.mark.parametrize(("contract", "case"), CASES)
async def test_it_happens_as_documented(contract: str, case: Case, pool: Pool, aiohttp_client: AiohttpClient) -> None:
    """The documented request gets an answer of the documented form."""
    client, prepared = await STAGES[contract](case, pool, aiohttp_client)
    await execute(client, case, prepared)


def test_each_case_is_prepared_and_back() -> None:
    """No contract and no case is left out, and no preparation outlives its case."""
    assert {path.stem for path in apib_reader.FOLDER.glob("*.apib")} == set(STAGES)
    assert {case.id for case in cases("app")} == set(APP)
    assert {case.id for case in cases("partner")} == set(PARTNER)
    assert {case.id for case in cases("dialects")} == set(DIALECTS)
    assert {case.id for case in cases("provider")} == set(PROVIDER)

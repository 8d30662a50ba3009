"""Dredd's judgement of docs/apib: a program that is not ours asks our faces what the contracts say they answer."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import apib_reader
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from apib_reader import Case
from documented_cases import STAGES, Prepared, cases
from dredd_runner import Dredd, Stage

from catalogue.database import open_pool
from service.engines.databases import clone_database, drop_database
from service.engines.lifetime import EngineUrls

pytestmark = pytest.mark.graders

CONTRACTS = sorted(path.stem for path in apib_reader.FOLDER.glob("*.apib"))
NOT_A_POSITION = """\
        + after: `hier`
    + Headers

            Accept: application/json

+ Response """
MISTAKES = {
    "+ after: `1042` (number, required)": "+ next: `1042` (number, required)",
    "            Vary: Accept-Encoding\n": "            Vary: Accept-Encoding\n            ETag: 1\n",
    f"{NOT_A_POSITION}400 (": f"{NOT_A_POSITION}422 (",
    '"required": ["$schema", ': '"required": ["$schemas", ',
}
"""Each for a transaction of its own in open.apib: what its answer does not have, of members, headers and statuses."""
ANNOTATIONS = """
const {createRequire} = require('module'), fs = require('fs');
const drafter = createRequire(createRequire(process.cwd() + '/').resolve('dredd-transactions'))('drafter.js');
const said = process.argv.slice(1).map((path) => drafter.validateSync(fs.readFileSync(path, 'utf8'), {}));
console.log(JSON.stringify(said));
"""
"""Null for each contract that the parser has nothing to say about, else its errors and warnings."""


@pytest.fixture
def dredd(graders: Path, tmp_path: Path) -> Dredd:
    return Dredd(graders, tmp_path)


@pytest.fixture
def stage_of(engine_urls: EngineUrls, session_name: str, template: str, numbers: Iterator[int]) -> Any:
    """The stages of a contract's cases: a database, a face on a TCP port and a prepared state, each its own."""

    def of(contract: str) -> Stage:
        @asynccontextmanager
        async def stage(case: Case) -> AsyncIterator[tuple[TestClient[Any, Any], Prepared]]:
            name = f"{session_name}_{next(numbers)}"
            url = await clone_database(engine_urls.database, template, name)
            async with AsyncExitStack() as standing:
                standing.push_async_callback(drop_database, engine_urls.database, name)
                pool = await standing.enter_async_context(await open_pool(url, application="passerelle-tests"))

                async def serve(app: web.Application) -> TestClient[Any, Any]:
                    return await standing.enter_async_context(TestClient(TestServer(app)))

                yield await STAGES[contract](case, pool, serve)

        return stage

    return of


@pytest.mark.parametrize("contract", CONTRACTS)
async def test_the_contract_is_kept(contract: str, dredd: Dredd, stage_of: Any) -> None:
    """Dredd performs every transaction it finds in the contract, as many as we read there, and all of them pass."""
    path, documented = apib_reader.FOLDER / f"{contract}.apib", cases(contract)

    names, verdict = await asyncio.gather(dredd.names(path), dredd.grade(path, documented, stage_of(contract)))

    assert [] == verdict.complaints
    assert len(names) == len(documented) > 0
    assert (0, len(names), len(names)) == (verdict.exit_code, verdict.passing, verdict.total)
    assert (0, 0, 0) == (verdict.failing, verdict.errors, verdict.skipped)


async def test_a_wrong_contract_is_not(dredd: Dredd, stage_of: Any, tmp_path: Path) -> None:
    """On a copy that documents members, a header and a status that are not answered, those transactions fail."""
    text = (apib_reader.FOLDER / "open.apib").read_text("utf-8")
    for true, wrong in MISTAKES.items():
        assert text.count(true) == 1, true
        text = text.replace(true, wrong)
    (copy := tmp_path / "open.apib").write_text(text, "utf-8")

    documented = cases("open")

    verdict = await dredd.grade(copy, documented, stage_of("open"))

    failing, passing = len(MISTAKES), len(documented) - len(MISTAKES)
    assert (1, passing, failing, 0) == (verdict.exit_code, verdict.passing, verdict.failing, verdict.errors), (
        verdict.output
    )
    for field in ("etag", "next", "statusCode", "$schemas"):
        assert any(field in line for line in verdict.complaints), "\n".join(verdict.complaints)


def test_the_parser_has_nothing_to_say(graders: Path, tmp_path: Path) -> None:
    """API Blueprint's own parser finds neither error nor warning in the contracts, and does in a damaged one."""
    (damaged := tmp_path / "damaged.apib").write_text("FORMAT: 1A\n\n# X\n\n## GET /x\n\n+ Response\n\n", "utf-8")
    paths = [*(str(apib_reader.FOLDER / f"{name}.apib") for name in CONTRACTS), str(damaged)]

    told = subprocess.run(["node", "-e", ANNOTATIONS, *paths], cwd=graders, capture_output=True, text=True, check=True)

    *said, of_damaged = json.loads(told.stdout)
    assert [None] * len(CONTRACTS) == said
    assert of_damaged is not None

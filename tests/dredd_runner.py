"""Runs Dredd on a contract, each of its transactions against a face of its own (`from dredd_runner import Dredd`).

Dredd reads the contract with its own parser, makes each request by itself and judges the answer by itself. What an
example cannot know (the ids, keys and tokens of a database) it takes from a hooks handler: over TCP it sends
`{"event", "uuid", "data"}`, one JSON object a line, and goes on with what comes back. The handler is in the test's own
process, where it sets the stage that the case needs and points Dredd to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient
from apib_reader import Case
from documented_cases import Prepared

Stage = Callable[[Case], AbstractAsyncContextManager[tuple[TestClient[Any, Any], Prepared]]]
"""What the case needs, while it lasts: the face's client, and what takes the place of the example's own values."""
TIMEOUT_SECONDS = 150
LINE_BYTES = 16 * 2**20
"""Longest message: the first one holds every transaction with its schemas."""
COUNTS = re.compile(r"complete: (\d+) passing, (\d+) failing, (\d+) errors, (\d+) skipped, (\d+) total")


@dataclass(frozen=True)
class Verdict:
    """What Dredd said."""

    exit_code: int
    passing: int
    failing: int
    errors: int
    skipped: int
    total: int
    output: str

    @property
    def complaints(self) -> list[str]:
        """What failed and how, and any warning, without the messages' bodies."""
        return re.findall(r"^(?:fail|error|warn|headers|body|statusCode): (?!\d)\S.*", self.output, re.MULTILINE)


@dataclass(frozen=True)
class Dredd:
    """The program in an installation; it works in `cwd`, where no configuration of its own lies."""

    installation: Path
    cwd: Path

    async def names(self, contract: Path) -> list[str]:
        """What Dredd finds to perform in the contract, without performing it."""
        _, output = await self._run([str(contract), "http://127.0.0.1:9", "--names"])
        return re.findall(r"^info: (.+)", output, re.MULTILINE)

    async def grade(self, contract: Path, cases: list[Case], stage: Stage) -> Verdict:
        """Each transaction of the contract performed on its case's stage. Raises what setting a stage raised."""
        hooks = Hooks(cases, stage)
        async with hooks.serve() as port:
            options = [
                # Dredd starts a handler, gives it the hook files, and asks for at least one. Ours runs already: this
                # one reads an input that stays empty, and ends with Dredd.
                "--language=cat -",
                f"--hookfiles={self.installation / 'package.json'}",
                "--hooks-worker-handler-host=127.0.0.1",
                f"--hooks-worker-handler-port={port}",
                f"--hooks-worker-timeout={TIMEOUT_SECONDS * 1000}",
            ]
            exit_code, output = await self._run([str(contract), "http://127.0.0.1:9", *options])
        counts = COUNTS.search(output)
        assert counts is not None, output
        return Verdict(exit_code, *map(int, counts.groups()), output)

    async def _run(self, arguments: list[str]) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            str(self.installation / "node_modules" / ".bin" / "dredd"),
            *arguments,
            "--no-color",
            cwd=self.cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode is not None
        return process.returncode, output.decode()


class Hooks:
    """Dredd's hooks handler for one run."""

    def __init__(self, cases: list[Case], stage: Stage) -> None:
        self._cases = cases
        self._stage = stage
        self._standing = AsyncExitStack()

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator[int]:
        """The port Dredd's one connection is answered on; what goes wrong in answering it is raised here."""
        connected: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Future()

        def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connected.set_result((reader, writer))

        server = await asyncio.start_server(connect, "127.0.0.1", 0, limit=LINE_BYTES)
        async with server, self._standing, asyncio.TaskGroup() as group:
            answering = group.create_task(self._answer(connected))
            yield server.sockets[0].getsockname()[1]
            answering.cancel()

    async def _answer(self, connected: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> None:
        reader, writer = await connected
        with contextlib.closing(writer):
            while line := await reader.readline():
                message = json.loads(line)
                if message["event"] == "beforeEach":
                    await self._prepare(message["data"])
                elif message["event"] == "afterEach":
                    await self._standing.aclose()
                writer.write(json.dumps(message).encode() + b"\n")
                await writer.drain()

    async def _prepare(self, transaction: dict[str, Any]) -> None:
        """Puts the stage's values where the contract's examples stand, and nothing where nothing is documented."""
        case, request = self._case(transaction), transaction["request"]
        client, prepared = await self._standing.enter_async_context(self._stage(case))
        transaction["host"], transaction["port"] = "127.0.0.1", str(client.port)
        for name, value in prepared.parameters.items():
            documented = case.request.parameters[name]
            assert transaction["fullPath"].count(documented) == 1, transaction["name"]
            transaction["fullPath"] = transaction["fullPath"].replace(documented, value)
        request["uri"] = transaction["fullPath"]
        request["headers"] |= {name: value for name, value in prepared.headers.items() if name in request["headers"]}
        if prepared.body is not None:
            request["body"] = json.dumps(json.loads(request["body"]) | prepared.body)

    def _case(self, transaction: dict[str, Any]) -> Case:
        """Dredd numbers the cases of an action in their order; it does not tell their names."""
        action, example = transaction["origin"]["actionName"], transaction["origin"]["exampleName"]
        of_action = [case for case in self._cases if case.action == action]
        case = of_action[int(example.removeprefix("Example ")) - 1 if example else 0]
        assert transaction["request"]["method"] == case.method, case.id
        return case

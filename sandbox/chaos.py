"""A proxy that stands between a connector and its provider and spoils answers, the same ones for the same seed.

Unlike `faults.py`, which breaks one answer a test names, it draws for each request whether and how it is spoilt, and
works on whole answers of any provider.
"""

from __future__ import annotations

import asyncio
import enum
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import ClientSession, web

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "host"})


class Mischief(enum.StrEnum):
    """The ways an answer is spoilt."""

    LATE = "late"
    """It comes a little later."""
    ERROR = "error"
    """500 in its place."""
    SILENCE = "silence"
    """Nothing comes for `Chaos.silence` seconds, then the connection closes."""
    HUNG_UP = "hung_up"
    """The connection closes at once."""
    CUT = "cut"
    """The connection closes in the middle of the body."""
    HALF = "half"
    """Half of the body, announced as whole."""
    REPEATED = "repeated"
    """The answer before on this path comes again."""
    OUT_OF_ORDER = "out_of_order"
    """Any earlier answer on this path comes."""
    REVERSED = "reversed"
    """The lists of the JSON answer, last row first."""
    EMPTY = "empty"
    """The lists of the JSON answer, emptied."""


@dataclass(slots=True)
class Answer:
    """What the provider said."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Chaos:
    """Spoils a `share` of the answers of the provider at `upstream`, each in one of `kinds`."""

    upstream: str
    seed: int
    share: float = 0.3
    kinds: Collection[Mischief] = tuple(Mischief)
    silence: float = 30.0
    after: int = 0
    """So many requests are answered well first."""
    requests: int = 0
    done: Counter[Mischief] = field(default_factory=Counter)
    """What was done so far."""
    _before: dict[str, list[Answer]] = field(default_factory=dict)

    def draw(self) -> Mischief | None:
        """What happens to the next request: the n-th of one seed always gets the same."""
        self.requests += 1
        drawn = random.Random(f"{self.seed}/{self.requests}")  # noqa: S311 - nothing secret
        if self.requests <= self.after or drawn.random() >= self.share:
            return None
        mischief = drawn.choice(sorted(self.kinds))
        self.done[mischief] += 1
        return mischief

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Asks the provider and passes its answer on, whole or spoilt."""
        mischief = self.draw()
        if mischief is Mischief.ERROR:
            return web.Response(status=500, text="erreur interne")
        if mischief in (Mischief.SILENCE, Mischief.HUNG_UP):
            return await self._hang_up(request, self.silence if mischief is Mischief.SILENCE else 0.0)
        earlier = self._before.setdefault(request.path, [])
        answer = await self._ask(request)
        earlier.append(answer)
        if mischief is Mischief.LATE:
            await asyncio.sleep(0.05)
        elif mischief is Mischief.REPEATED:
            answer = earlier[-2] if len(earlier) > 1 else answer
        elif mischief is Mischief.OUT_OF_ORDER:
            answer = random.Random(f"{self.seed}:{self.requests}").choice(earlier)  # noqa: S311
        elif mischief in (Mischief.REVERSED, Mischief.EMPTY):
            answer = Answer(answer.status, answer.headers, spoilt(answer.body, mischief))
        elif mischief is Mischief.HALF:
            answer = Answer(answer.status, answer.headers, answer.body[: len(answer.body) // 2])
        elif mischief is Mischief.CUT:
            return await self._cut(request, answer)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    async def _ask(self, request: web.Request) -> Answer:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        async with (
            ClientSession() as session,
            session.request(
                request.method, f"{self.upstream}{request.path_qs}", headers=headers, data=await request.read()
            ) as found,
        ):
            kept = {name: value for name, value in found.headers.items() if name.lower() not in HOP_BY_HOP}
            return Answer(found.status, kept, await found.read())

    async def _hang_up(self, request: web.Request, seconds: float) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        if request.transport is not None:
            request.transport.close()
        return web.Response(status=504)

    async def _cut(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        cut = web.StreamResponse(status=answer.status, headers=answer.headers)
        cut.content_length = len(answer.body)
        await cut.prepare(request)
        await cut.write(answer.body[: len(answer.body) // 2])
        if request.transport is not None:
            request.transport.close()
        return cut


def spoilt(body: bytes, mischief: Mischief) -> bytes:
    """The JSON object with its lists reversed or emptied; what is no JSON object stays as it is."""
    try:
        page = json.loads(body)
    except ValueError:
        return body
    if not isinstance(page, dict):
        return body
    step = slice(None, None, -1) if mischief is Mischief.REVERSED else slice(0, 0)
    return json.dumps({key: value[step] if isinstance(value, list) else value for key, value in page.items()}).encode()


@asynccontextmanager
async def between(chaos: Chaos) -> AsyncIterator[str]:
    """The proxy's address, while it stands."""
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", chaos.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()

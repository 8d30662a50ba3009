"""The web application in a process of its own, to be measured and killed: `python -m bench.booking_server`.

It serves the profile that the environment names, in the sandbox, and prints its address as its first line.
"""

from __future__ import annotations

import asyncio
import base64
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.engines.lifetime import engines
from service.house import open_house
from service.settings import CHECKOUT, Settings
from service.web import serving

SECRET = b"b" * 32
POOL = 20


def environment(profile: str, database_url: str, redis_url: str) -> dict[str, str]:
    """What such a process, or a house beside it, is started with: one proxy stands before it."""
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PASSERELLE_PROFILE": profile,
        "PASSERELLE_PROXIES": "1",
        "PASSERELLE_SECRET_KEY": base64.b64encode(SECRET).decode(),
    }


async def serve(settings: Settings) -> None:
    """Until it is killed."""
    with engines(settings) as urls:
        async with open_house(settings, urls, pool_size=POOL) as house, serving(house, port=0) as address:
            print(address, flush=True)
            await asyncio.Event().wait()


@asynccontextmanager
async def server(given: dict[str, str]) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The process and its address; killed at the end if it still lives."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.booking_server"),
        cwd=CHECKOUT,
        env=given,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        address = (await process.stdout.readline()).decode().strip()
        if not address:
            raise RuntimeError("the server did not start")
        yield process, address
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(serve(Settings.from_environment(sandbox=True)))

"""Behind a proxy every caller has a rate limit of its own, once we are told of the proxy."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import aiohttp
import pytest

from service.web import serving


@pytest.mark.parametrize(("proxies", "shared"), [(0, True), (1, False)], ids=["not counted", "counted"])
async def test_callers_are_told_apart_by_the_counted_proxies_alone(house, proxies: int, shared: bool) -> None:
    """Two callers behind one proxy share its address, unless the proxy is counted."""
    told = house.settings.model_copy(update={"proxies": proxies})

    async def ask(caller: str) -> int:
        headers = {"X-Forwarded-For": f"1.1.1.1, {caller}"}
        async with client.get("/app/v1/offers", headers=headers) as answer:
            return int(answer.headers["RateLimit"].partition("r=")[2].partition(";")[0])

    async with serving(replace(house, settings=told), port=0) as address, aiohttp.ClientSession(address) as client:
        # Many at once: ten tokens a second come back meanwhile, on a slow machine too.
        await asyncio.gather(*(ask("9.9.9.9") for _ in range(100)))
        left = await ask("8.8.8.8")
    assert shared is (left < 599)

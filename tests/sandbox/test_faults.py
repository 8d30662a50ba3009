"""Every fault breaks the answer it is meant to break, as often as asked, and then the provider is well again."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from sandbox.faults import Fault, FaultKind
from sandbox.imprint import TOKEN
from sandbox.listings import AGENDA_UID, KEY

AGENDA = f"/v2/agendas/{AGENDA_UID}/events?key={KEY}"


async def body(client: Any, path: str = AGENDA) -> tuple[int, bytes]:
    """Status and bytes of one answer of the agenda."""
    async with client.session.get(client.addresses["agenda"] + path) as answer:
        return answer.status, await answer.read()


async def test_a_status_for_so_many_requests(client: Any, world: Any) -> None:
    """Two 503 with their header, after one good answer; then good answers again."""
    world.faults["agenda"].inject(Fault(FaultKind.STATUS, times=2, status=503, after=1, headers={"Retry-After": "1"}))
    assert [(await body(client))[0] for _ in range(4)] == [200, 503, 503, 200]
    assert world.faults["agenda"].served == 4


async def test_malformed_truncated_and_foreign_bodies(client: Any, world: Any) -> None:
    """Half a body parses no more, a cut connection raises, an error page comes with 200."""
    faults = world.faults["agenda"]
    faults.inject(Fault(FaultKind.MALFORMED))
    with pytest.raises(json.JSONDecodeError):
        json.loads((await body(client))[1])
    faults.inject(Fault(FaultKind.TRUNCATED))
    with pytest.raises(aiohttp.ClientPayloadError):
        await body(client)
    faults.inject(Fault(FaultKind.ERROR_PAGE))
    status, page = await body(client)
    assert (status, page[:6]) == (200, b"<html>")
    faults.inject(Fault(FaultKind.EMPTY_PAGE))
    assert json.loads((await body(client))[1])["events"] == []


async def test_a_repeated_page_is_the_one_before(client: Any, world: Any) -> None:
    """Asked for the second page, the provider answers the first again."""
    _, first = await body(client, AGENDA + "&size=5")
    world.faults["agenda"].inject(Fault(FaultKind.REPEATED_PAGE))
    cursor = json.loads(first)["after"]
    second = AGENDA + f"&size=5&after[]={cursor[0]}&after[]={cursor[1]}"
    assert first == (await body(client, second))[1]
    assert first != (await body(client, second))[1]


async def test_a_wrong_charset_is_declared_utf8(client: Any, world: Any) -> None:
    """The feed's bytes are Windows-1252 under a declaration of UTF-8."""
    world.faults["publisher"].inject(Fault(FaultKind.WRONG_CHARSET))
    address = client.addresses["publisher"] + "/onix/full.xml"
    async with client.session.get(address, headers={"X-Api-Key": TOKEN}) as answer:
        raw = await answer.read()
    with pytest.raises(UnicodeDecodeError):
        raw.decode()
    assert "Astérix" in raw.decode("cp1252")


async def test_a_hanging_provider(client: Any, world: Any) -> None:
    """The caller's own patience ends the wait; cleared faults happen no more."""
    world.faults["agenda"].inject(Fault(FaultKind.HANG, seconds=5))
    world.faults["agenda"].inject(Fault(FaultKind.STATUS))
    with pytest.raises(TimeoutError):
        async with client.session.get(client.addresses["agenda"] + AGENDA, timeout=aiohttp.ClientTimeout(total=0.2)):
            pass
    world.faults["agenda"].clear()
    assert (await body(client))[0] == 200

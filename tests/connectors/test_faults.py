"""Every connector against its simulated provider, sound and broken: a half-dead feed never looks whole."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from connectors.base import Change, Checkpoint, Connector, Upsert
from connectors.contract import faults
from connectors.registry import REGISTRY, build
from net.client import Http, Limits, open_http
from net.errors import SourceFailure
from sandbox.changes import second_act
from sandbox.directory import SourceSpec, sources
from sandbox.faults import Fault, FaultKind
from sandbox.serving import serve_world
from sandbox.world import World
from sandbox.world import build as build_world


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(clock().date(), clock)


PATIENT = Limits(tries=1, total_seconds=20, read_seconds=20)
"""A sound provider is given its time, on a busy machine too."""
HASTY = Limits(tries=1, total_seconds=0.4, read_seconds=0.4)
"""One that hangs is left soon."""


@asynccontextmanager
async def served(world: World) -> AsyncIterator[tuple[list[SourceSpec], Http]]:
    async with serve_world(world) as addresses, open_http(PATIENT, allow_private=True) as http:
        yield sources(world, addresses), http


def made(source: SourceSpec, http: Http) -> Connector:
    return build(source.connector, source.settings, http, clock=clock, account=source.account)


def told(changes: list[Change]) -> int:
    return sum(isinstance(change, Upsert) for change in changes)


async def test_simulated_providers_are_read_by_the_contract(world) -> None:
    """Each source of the sandbox's world keeps the contract; other connectors have providers of their own."""
    async with served(world) as (specs, http):
        assert {source.connector for source in specs} >= {"stocks_api", "onix", "boost", "openagenda"}
        for source in specs:
            assert [] == await faults(lambda source=source: made(source, http)), source.label


async def test_the_second_act_is_told_by_increments() -> None:
    """What changes at the providers is told from the cursor on, and little else by those that tell increments."""
    world = build_world(clock().date(), clock)
    async with served(world) as (specs, http):
        cursors = {}
        for source in specs:
            changes = [change async for change in made(source, http).pull(None)]
            assert isinstance(changes[-1], Checkpoint)
            assert changes[-1].complete, source.label
            cursors[source.label] = changes[-1].cursor
        assert second_act(world)
        increments = 0
        for source in specs:
            changes = [change async for change in made(source, http).pull(cursors[source.label])]
            incremental = REGISTRY[source.connector].manifest.incremental
            assert isinstance(changes[-1], Checkpoint)
            assert changes[-1].complete is not incremental, source.label
            increments += told(changes) if incremental else 0
        assert 5 <= increments < 100


@pytest.mark.parametrize("kind", FaultKind)
async def test_a_half_dead_feed_never_looks_whole(kind, world, pull) -> None:
    """Whatever breaks, and whenever: the run ends by a named error, or told everything, or is not complete."""
    async with served(world) as (specs, http), open_http(HASTY, allow_private=True) as hasty:
        for source in {source.connector: source for source in specs}.values():
            sound = told(await pull(made(source, http)))
            for after in range(3):
                world.faults[source.name].inject(Fault(kind, times=1000, after=after, seconds=1))
                with contextlib.suppress(SourceFailure):
                    changes = await pull(made(source, hasty))
                    assert isinstance(changes[-1], Checkpoint)
                    assert told(changes) == sound or not changes[-1].complete, (source.label, after)
                world.faults[source.name].clear()

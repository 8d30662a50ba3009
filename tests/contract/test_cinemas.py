"""The simulated cinemas, each read by its own protocol: films by the same numbers, sessions at their hours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

import sandbox.world
from connectors.base import Checkpoint, Upsert
from connectors.registry import build
from net.client import open_http
from sandbox.directory import sources
from sandbox.serving import serve_world
from sandbox.world import World
from schemas.records import Record, Session, Stock, Work

PROTOCOLS = {"allocine", "boost", "cds", "cgr", "ems", "vista", "webedia"}
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)


@pytest.fixture
async def cinemas() -> AsyncIterator[tuple[World, dict[str, list[Record]]]]:
    """The world, and what each of its cinemas told, by the protocol; the last of those that speak the same."""
    world = sandbox.world.build(NOW.date(), lambda: NOW)
    told: dict[str, list[Record]] = {}
    async with serve_world(world) as addresses, open_http(allow_private=True) as http:
        for spec in sources(world, addresses):
            if spec.name not in world.programmes:
                continue
            connector = build(spec.connector, spec.settings, http, clock=lambda: NOW, account=spec.account)
            changes = [change async for change in connector.pull(None)]
            assert isinstance(changes[-1], Checkpoint)
            assert changes[-1].complete, spec.label
            told[spec.name] = [change.record for change in changes if isinstance(change, Upsert)]
        yield world, told


async def test_every_protocol_is_spoken_by_a_cinema(cinemas) -> None:
    world, _ = cinemas
    assert {programme.system for programme in world.programmes.values()} == PROTOCOLS


async def test_the_same_film_has_the_same_numbers_everywhere(cinemas) -> None:
    """No two cinemas give one film two visas or two Allociné numbers, and those that know a number agree on it."""
    world, told = cinemas
    numbers: dict[str, dict[str, set[str]]] = {}
    for records in told.values():
        for work in records:
            if isinstance(work, Work):
                for one in work.identifiers:
                    numbers.setdefault(work.title.casefold(), {}).setdefault(one.scheme, set()).add(one.value)
    films = {show.film for programme in world.programmes.values() for show in programme.showtimes.values()}
    for film in films:
        known = {"visa": film.visa, "allocine": film.allocine}
        expected = {scheme: {str(number)} for scheme, number in known.items() if number is not None}
        assert numbers.get(film.title.casefold(), {}) == expected, film.title


async def test_each_session_begins_when_the_cinema_shows_it(cinemas) -> None:
    """Offsets, zones and local times all come to the same instants; what sells online is what the cinema would sell."""
    world, told = cinemas
    for name, records in told.items():
        shows = world.programmes[name].showtimes
        begins = sorted(record.begins_at for record in records if isinstance(record, Session))
        assert begins == sorted(show.starts_at.astimezone(UTC) for show in shows.values()), name
        stocks = {record.ref.key: record for record in records if isinstance(record, Stock)}
        if world.programmes[name].system in ("allocine", "vista", "webedia"):
            assert stocks == {}
            continue
        assert {key: stock.price_cents for key, stock in stocks.items()} == {
            str(show.id): show.pricings[-1].amount_cents for show in shows.values()
        }
        if world.programmes[name].system != "ems":
            assert {key: stock.available for key, stock in stocks.items()} == {
                str(show.id): show.online for show in shows.values()
            }

"""Agendas over HTTP keep the contract: portals, archives, calendars, pages and ticketing, simulated from one agenda."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

import sandbox.world
from connectors.base import Change, Checkpoint, Connector, Cursor, Delete, Upsert
from connectors.contract import faults
from connectors.registry import build
from net.client import Http, open_http
from net.errors import FeedChanged
from sandbox import calendars, portal, programme_pages, ticket_shop, tourism
from sandbox.faults import Fault, FaultKind, Faults
from sandbox.listings import Agenda
from schemas.records import Event, Session

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
Settings = Callable[[str, Agenda], dict[str, Any]]

APPLICATIONS: dict[str, tuple[Callable[..., web.Application], Settings]] = {
    "opendatasoft": (portal.build, lambda url, _: {"base_url": url, "dataset": portal.DATASET}),
    "datatourisme": (tourism.build, lambda url, _: {"url": f"{url}/webservice/flux", "key": tourism.KEY}),
    "icalendar": (calendars.build, lambda url, agenda: {"url": f"{url}/calendriers/{agenda.uid}.ics"}),
    "schema_org": (
        programme_pages.build,
        lambda url, agenda: {
            "urls": " ".join(f"{url}/programme/{number}" for number in range(programme_pages.pages(agenda)))
        },
    ),
    "ticketmaster": (
        lambda agenda, faults: ticket_shop.build(agenda, faults, deepest=1000),
        lambda url, _: {"base_url": url, "key": ticket_shop.KEY, "page_size": "20"},
    ),
}


class Provider:
    """One simulated provider, what it knows, and how it is broken."""

    def __init__(self, name: str, agenda: Agenda, faults: Faults, settings: dict[str, Any], http: Http) -> None:
        self.name, self.agenda, self.faults, self.settings, self.http = name, agenda, faults, settings, http
        self._hours = itertools.count()

    def make(self, **more: Any) -> Connector:
        """The connector, each time an hour later."""
        began = NOW + timedelta(hours=next(self._hours))
        return build(self.name, self.settings | more, self.http, clock=lambda: began, account="essai")


@pytest.fixture
async def provide() -> AsyncIterator[Callable[[str], Any]]:
    """Starts the simulated provider of a connector."""
    servers: list[TestServer] = []
    world = sandbox.world.build(NOW.date(), lambda: NOW)
    async with open_http(allow_private=True) as http:

        async def provided(name: str) -> Provider:
            application, settings = APPLICATIONS[name]
            faults = Faults()
            server = TestServer(application(world.agenda, faults))
            await server.start_server()
            servers.append(server)
            url = str(server.make_url("")).rstrip("/")
            return Provider(name, world.agenda, faults, settings(url, world.agenda), http)

        yield provided
        for server in servers:
            await server.close()


async def pulled(connector: Connector, since: str | None = None) -> list[Change]:
    return [one async for one in connector.pull(None if since is None else Cursor(since))]


def titles(changes: list[Change]) -> set[str]:
    return {one.record.title for one in changes if isinstance(one, Upsert) and isinstance(one.record, Event)}


def cursor(changes: list[Change]) -> Checkpoint:
    assert isinstance(changes[-1], Checkpoint)
    return changes[-1]


@pytest.mark.parametrize("name", APPLICATIONS)
async def test_every_agenda_keeps_the_contract(name: str, provide: Any) -> None:
    """Read over HTTP, three times and from midway, each says the same and ends."""
    provider = await provide(name)
    assert await faults(provider.make) == []
    told = await pulled(provider.make())
    assert cursor(told).complete
    assert len(titles(told)) > 20


async def test_a_portal_tells_what_changed_and_restates_its_dates(provide: Any) -> None:
    """The second reading asks what changed, and takes a moved date's old place away."""
    provider = await provide("opendatasoft")
    first = await pulled(provider.make())
    [harmony, *_] = provider.agenda.titled("Concert de midi")
    begin, end = harmony.timings[0]
    harmony.timings[0] = (begin + timedelta(days=1), end + timedelta(days=1))
    harmony.updated_at = NOW + timedelta(minutes=1)
    second = await pulled(provider.make(), cursor(first).cursor)
    assert {"Concert de midi"} <= titles(second)
    assert len(titles(second)) < len(titles(first))
    assert not cursor(second).complete
    [kept] = [one for one in second if isinstance(one, Delete) and one.ref.key == str(harmony.uid)]
    late = next(one for one in provider.agenda.listings.values() if one.location)
    late.updated_at = NOW - timedelta(hours=30)
    third = await pulled(provider.make(), cursor(first).cursor)
    assert next(iter(late.title.values())) in titles(third), "a portal harvests its source a night later"
    assert kept.parts_kept == {(begin + timedelta(days=1)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}


@pytest.mark.parametrize("api", ["v1", "v2.1"])
async def test_both_versions_of_a_portal_tell_the_same(api: str, provide: Any) -> None:
    """What the API's version is changes nothing of what is read."""
    provider = await provide("opendatasoft")
    told = await pulled(provider.make(api=api))
    assert len([one for one in told if isinstance(one, Upsert) and isinstance(one.record, Event)]) == len(
        provider.agenda.listings
    )


async def test_an_archive_of_the_same_names_is_opened_where_it_changed(provide: Any) -> None:
    """With the same objects only what was touched is told; with one gone everything is, and the snapshot is whole."""
    provider = await provide("datatourisme")
    first = await pulled(provider.make())
    [concert, *_] = provider.agenda.titled("Concert de midi")
    concert.title, concert.updated_at = {"fr": "Concert du soir"}, NOW + timedelta(minutes=1)
    concert.timings = [(begin + timedelta(days=1), end + timedelta(days=1)) for begin, end in concert.timings]
    second = await pulled(provider.make(), cursor(first).cursor)
    # The index's last moment is closed: what was touched then comes again.
    assert "Concert du soir" in titles(second)
    assert len(titles(second)) <= 3
    assert not cursor(second).complete
    moved = [one for one in second if isinstance(one, Delete) and one.parts_kept]
    assert moved, "the day it was moved from is told as gone"
    concert.removed = True
    third = await pulled(provider.make(), cursor(second).cursor)
    assert cursor(third).complete
    assert titles(third) == titles(first) - {"Concert de midi"}


async def test_an_unchanged_calendar_costs_one_short_answer(provide: Any) -> None:
    """304 tells nothing and sweeps nothing; a week later it is read anew, since its dates move on."""
    provider = await provide("icalendar")
    first = await pulled(provider.make())
    again = await pulled(provider.make(), cursor(first).cursor)
    assert again == [Checkpoint(cursor(first).cursor)]
    week = build("icalendar", provider.settings, provider.http, clock=lambda: NOW + timedelta(days=8), account="essai")
    assert titles(await pulled(week, cursor(first).cursor)) == titles(first)
    [hall] = provider.agenda.titled("Bal folk")
    hall.removed = True
    changed = await pulled(provider.make(), cursor(first).cursor)
    assert titles(changed) == titles(first) - {"Bal folk"}
    assert cursor(changed).complete


async def test_a_calendar_cut_on_its_way_sweeps_nothing(provide: Any) -> None:
    """Half a calendar tells what was whole, then fails: no checkpoint says that the rest is gone."""
    provider = await provide("icalendar")
    provider.faults.inject(Fault(FaultKind.MALFORMED))
    told: list[Change] = []

    async def reading() -> None:
        async for one in provider.make().pull(None):
            told.append(one)

    with pytest.raises(FeedChanged, match="calendrier coupé"):
        await reading()
    assert titles(told)
    assert not [one for one in told if isinstance(one, Checkpoint)]


async def test_windows_are_halved_until_they_can_be_led_through(provide: Any) -> None:
    """More evenings in a month than paging leads through: all are told all the same."""
    provider = await provide("ticketmaster")
    [run] = provider.agenda.titled("Requiem de Mozart")
    begin, end = run.timings[0]
    run.timings = [(begin + timedelta(minutes=5 * n), end + timedelta(minutes=5 * n)) for n in range(1500)]
    told = await pulled(provider.make(page_size="200"))
    dates = [one.record.ref.key for one in told if isinstance(one, Upsert) and isinstance(one.record, Session)]
    listed = [
        (one.uid, begin)
        for one in provider.agenda.listings.values()
        for begin, _ in one.timings
        if one.location and begin >= NOW and not one.removed
    ]
    assert len(set(dates)) == len(dates) == len(listed) > 1500
    assert cursor(told).complete
    assert sum(isinstance(one, Checkpoint) and one.midway for one in told) > 3


@pytest.mark.parametrize("name", ["opendatasoft", "datatourisme", "ticketmaster"])
async def test_an_error_page_is_a_named_failure(name: str, provide: Any) -> None:
    """200 with HTML is told as what it is, and nothing is swept."""
    provider = await provide(name)
    provider.faults.inject(Fault(FaultKind.ERROR_PAGE))
    with pytest.raises(FeedChanged, match=r"HTML|JSON|ni objet"):
        await pulled(provider.make())

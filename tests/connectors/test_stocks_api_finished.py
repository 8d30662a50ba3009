"""The finished provider API: known by its first answer, cursors that lead on, deletions told, prices by their id."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

import sandbox.world
from connectors.base import Change, Checkpoint, Connector, Cursor, Delete, Reject, Upsert
from connectors.contract import faults
from connectors.registry import build
from connectors.stocks_api_cursor import FinishedPlace
from net.client import Http
from net.errors import AccessDenied, FeedChanged
from sandbox import provider
from sandbox.faults import Fault, FaultKind, Faults
from sandbox.provider_answers import Price, Stock
from schemas.records import Kind, Session, SourceRef, Work
from schemas.records import Stock as StockRecord

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
SIRET = "44306184100047"


class Served:
    """A provider of the finished form, and connectors that read it."""

    def __init__(self, venue: provider.Venue, url: str, faults: Faults, http: Http) -> None:
        self.venue, self.faults, self._url, self._http = venue, faults, url, http
        self._hours = itertools.count()

    def make(self, **settings: Any) -> Connector:
        given = {
            "base_url": self._url,
            "siret": SIRET,
            "token": self.venue.token,
            "authorization": "Bearer",
            **settings,
        }
        now = NOW + timedelta(hours=next(self._hours))
        return build("stocks_api", given, self._http, clock=lambda: now, account=SIRET)

    async def pulled(self, since: str | None = None, **settings: Any) -> list[Change]:
        return [one async for one in self.make(**settings).pull(None if since is None else Cursor(since))]


@pytest.fixture
async def served(http: Http) -> AsyncIterator[Callable[[provider.Venue], Any]]:
    servers: list[TestServer] = []

    async def start(venue: provider.Venue) -> Served:
        faults = Faults()
        server = TestServer(provider.build({SIRET: venue}, faults))
        await server.start_server()
        servers.append(server)
        return Served(venue, str(server.make_url("")).rstrip("/"), faults, http)

    yield start
    for server in servers:
        await server.close()


@pytest.fixture
def theatre() -> provider.Venue:
    world = sandbox.world.build(NOW.date(), lambda: NOW)
    return provider.of_season(world.season("tgp"), SIRET, "jeton")


def last(changes: list[Change]) -> Checkpoint:
    assert isinstance(changes[-1], Checkpoint)
    return changes[-1]


def of(changes: list[Change], kind: type) -> list[Any]:
    return [one.record for one in changes if isinstance(one, Upsert) and isinstance(one.record, kind)]


@pytest.mark.parametrize("serves", ["events,stocks", "films,sessions"])
@pytest.mark.parametrize("page_size", ["2", "1000"])
async def test_both_halves_keep_the_contract(serves: str, page_size: str, served, theatre) -> None:
    """In pages of two and in one go: the same words, the same end, from midway too."""
    venue = theatre if serves == "events,stocks" else provider.a_cinema(SIRET, "jeton")
    one = await served(venue)
    assert await faults(lambda: one.make(serves=serves, page_size=page_size)) == []
    changes = await one.pulled(serves=serves, page_size=page_size)
    assert last(changes).complete
    assert not last(changes).midway


async def test_films_and_sessions_are_whole(served) -> None:
    """A film is a work and its run here; a session has its version, its hall, both its prices; cancelled is told."""
    changes = await (await served(provider.a_cinema(SIRET, "jeton"))).pulled(serves="films,sessions")
    assert {one.title: [i.value for i in one.identifiers] for one in of(changes, Work)} == {
        "Orfeu Negro": [],
        "Les Parapluies de Cherbourg": ["27399"],
    }
    first, second, _ = of(changes, Session)
    assert (first.hall, first.version, second.cancelled) == ("Salle 1", "VOST", True)
    stocks = [one for one in of(changes, StockRecord) if one.session_key == "S1"]
    assert {one.ref.part: (one.price_cents, one.price_label) for one in stocks} == {
        "plein": (850, "Plein tarif"),
        "jeune": (500, "Moins de 26 ans"),
    }


async def test_what_changed_and_what_is_gone_is_told(served, theatre) -> None:
    """From the last cursor on: a price that went, a date that went, nothing of the others, and no sweep."""
    one = await served(theatre)
    first = await one.pulled(serves="events,stocks")
    stocks = theatre.tables["stocks"]
    kept, gone, *_ = sorted(stocks.rows)
    price = Price(id="9", available=3, price_cents=900, valid_until="2026-12-31T23:00:00+01:00")
    stocks.put(kept, Stock(ref=kept, prices=[price], updated_at="2026-11-23T06:00:00Z"))
    stocks.remove(gone)
    second = await one.pulled(last(first).cursor, serves="events,stocks")
    [told] = of(second, StockRecord)
    assert (told.ref.key, told.ref.part, told.available) == (kept, "9", 3)
    assert told.sellable_until == datetime(2026, 12, 31, 22, tzinfo=UTC)
    whole = {key: SourceRef(connector="stocks_api", account=SIRET, key=key) for key in (kept, gone)}
    assert [change for change in second if isinstance(change, Delete)] == [
        Delete(Kind.STOCK, whole[kept], frozenset({"9"})),
        Delete(Kind.STOCK, whole[gone], frozenset()),
    ]
    assert not last(second).complete
    third = await one.pulled(last(second).cursor, serves="events,stocks")
    assert [type(change) for change in third] == [Checkpoint]


async def test_what_changes_during_a_whole_reading_comes_again(served, theatre) -> None:
    """The last cursor stands where the reading began: an edit behind its back is in the next one."""
    one = await served(theatre)
    pulling = one.make(serves="stocks", refs="session", page_size="2").pull(None)
    changes = []
    async for change in pulling:
        changes.append(change)
        if isinstance(change, Checkpoint) and len(changes) < 10:
            early = min(theatre.tables["stocks"].rows)
            theatre.tables["stocks"].remove(early)
    again = await one.pulled(last(changes).cursor, serves="stocks", refs="session")
    assert early in {one.ref.key for one in again if isinstance(one, Delete)}


async def test_an_expired_cursor_begins_a_whole_reading(served, theatre) -> None:
    """410: what was removed is not known any more, so everything is read, and the snapshot may sweep."""
    one = await served(theatre)
    first = await one.pulled(serves="events,stocks")
    theatre.tables["stocks"].remove(min(theatre.tables["stocks"].rows))
    theatre.tables["stocks"].forget()
    second = await one.pulled(last(first).cursor, serves="events,stocks")
    assert last(second).complete
    assert len(of(second, StockRecord)) < len(of(first, StockRecord))


async def test_a_wrong_token_and_an_unknown_venue(served, theatre) -> None:
    """401 and 404 pause the source."""
    one = await served(theatre)
    for settings in ({"token": "faux"}, {"siret": "73282932000074"}):
        with pytest.raises(AccessDenied):
            await one.pulled(**settings)


async def test_a_page_emptied_on_its_way_sweeps_nothing(served, theatre) -> None:
    """Fewer rows than `total` said: the snapshot is not whole."""
    one = await served(theatre)
    one.faults.inject(Fault(FaultKind.EMPTY_PAGE, path="/events"))
    assert not last(await one.pulled(serves="events,stocks")).complete


PAGE = {"stocks": [], "deleted": [], "cursor": "a", "more": False}


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (PAGE | {"cursor": "a", "more": True}, "se répète"),
        (PAGE | {"cursor": ""}, "cursor manque"),
        (PAGE | {"cursor": "x" * 400}, "cursor manque"),
        (PAGE | {"more": "non"}, "more manque"),
        (PAGE | {"stocks": None}, "ne contient pas stocks"),
    ],
)
async def test_pages_that_make_no_sense_are_named(second: Any, why: str, http, serve, pull, clock) -> None:
    """None of them is taken for the end."""
    pages = iter([PAGE | {"more": True}, second])

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(next(pages))

    app = web.Application()
    app.router.add_get(f"/stocks/{SIRET}", answer)
    connector = build("stocks_api", {"base_url": await serve(app), "siret": SIRET}, http, clock=clock)
    with pytest.raises(FeedChanged, match=why):
        await pull(connector)


BROKEN = [
    ({"prices": []}, "ref manque"),
    ({"ref": "9782070360025", "prices": []}, "clé de contrôle"),
    ({"ref": "9782070360024", "prices": {}}, "prices n'est pas une liste"),
    ({"ref": "9782070360024", "prices": [{"available": 1, "priceCents": 1}]}, "prices.id manque"),
    ({"ref": "9782070360024", "prices": [{"id": "a", "available": -1, "priceCents": 1}]}, "available est négatif"),
    ({"ref": "9782070360024", "prices": [{"id": "a", "available": 1, "priceCents": 1.5}]}, "fraction de centime"),
    ({"ref": "9782070360024", "prices": [{"id": "a", "priceCents": 1}]}, "available manque"),
]


@pytest.mark.parametrize(("row", "why"), BROKEN)
async def test_a_broken_row_takes_nothing_with_it(row: Any, why: str, tmp_path: Path, gather) -> None:
    """It is rejected by the field that is wrong, and its neighbour is told."""
    sound = {"ref": "9782070368228", "prices": [{"id": "b", "available": None, "priceCents": None}]}
    (tmp_path / "a.json").write_text(json.dumps(PAGE | {"stocks": [row, sound]}))
    changes = await gather("stocks_api", tmp_path)
    assert why in " ".join(one.why for one in changes if isinstance(one, Reject))
    assert [(one.ean, one.available, one.price_cents) for one in of(changes, StockRecord)] == [
        ("9782070368228", None, None)
    ]


def test_the_cursor_of_the_connector_is_short() -> None:
    """Four routes of the longest cursors a provider may give still fit in ours."""
    place = FinishedPlace(started="2026-11-23T05:00:00.000Z", cursors={"events": "x" * 300, "stocks": "x" * 300})
    assert len(msgspec.json.encode(place)) < 1000

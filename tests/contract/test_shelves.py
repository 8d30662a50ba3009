"""Tills and libraries over HTTP keep the contract, sound, page by page and broken, each against its simulation."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.base import Change, Checkpoint, Connector, Delete, Upsert
from connectors.contract import faults as broken_promises
from connectors.registry import REGISTRY, build
from net.client import Http, Limits, open_http
from net.errors import AccessDenied, FeedChanged, SourceFailure
from sandbox import library_web, shop_web, titelive
from sandbox.facts.reading import books
from sandbox.faults import Fault, FaultKind, Faults
from sandbox.library import TOKEN, Library, stacked
from schemas.records import Kind, Product, Stock

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
TODAY = NOW.date()


def _settings(url: str, library: Library) -> dict[str, dict[str, Any]]:
    eans = " ".join(title.book.ean for title in library.kept())
    return {
        "marc": {"url": f"{url}/bibliotheque/export.mrc"},
        "oai_pmh": {"base_url": f"{url}/bibliotheque/oai", "metadata_prefix": "marcxml"},
        "sru": {"base_url": f"{url}/bibliotheque/sru", "query": "tout", "page_size": "20"},
        "koha_ilsdi": {
            "base_url": f"{url}/bibliotheque/ilsdi.pl",
            "last": str(max(library.titles, default=1)),
            "page_size": "20",
        },
        "daia": {"base_url": f"{url}/bibliotheque/daia", "ids": eans, "token": TOKEN},
        "opds": {"url": f"{url}/bibliotheque/opds", "token": TOKEN},
        "titelive": {
            "base_url": f"{url}/titelive/v1",
            "login_url": f"{url}/titelive",
            "username": titelive.USER,
            "password": titelive.PASSWORD,
            "page_size": "3",
        },
        "titelive_flat": {"url": f"{url}/titelive/Quotidien22.tit", "whole": "true"},
        "pos_csv": {"url": f"{url}/boutique/caisse.csv"},
        "prestashop": {"base_url": f"{url}/boutique", "key": shop_web.KEY, "page_size": "10"},
        "shopify": {"base_url": f"{url}/boutique/admin/api/2024-10", "token": shop_web.KEY, "page_size": "10"},
        "woocommerce": {"url": f"{url}/boutique/export.csv"},
    }


class Town:
    """A library, a shop and a distributor, what they know, and how they are broken."""

    def __init__(self, url: str, library: Library, faults: Faults, http: Http) -> None:
        self.library, self.faults, self.http = library, faults, http
        self.settings = _settings(url, library)
        self.now = NOW
        self._hours = itertools.count()

    def make(self, name: str, http: Http | None = None, **more: Any) -> Connector:
        """The connector, each time an hour later."""
        began = NOW + timedelta(hours=next(self._hours))
        return build(name, self.settings[name] | more, http or self.http, clock=lambda: began, account="essai")


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    """Everything served at one address."""
    library, faults = stacked(books(), TODAY), Faults()
    whole, towns = web.Application(), list[Town]()
    whole.add_subapp("/bibliotheque", library_web.build(library, lambda: towns[0].now, faults))
    whole.add_subapp("/boutique", shop_web.build(shop_web.shelved(books()), faults))
    whole.add_subapp("/titelive", titelive.build(books(), TODAY, faults))
    server = TestServer(whole)
    await server.start_server()
    async with open_http(Limits(tries=1), allow_private=True) as http:
        towns.append(Town(str(server.make_url("")).rstrip("/"), library, faults, http))
        yield towns[0]
    await server.close()


Read = Callable[..., Awaitable[list[Change]]]


async def read(connector: Connector, since: Any = None) -> list[Change]:
    return [change async for change in connector.pull(since)]


def upserts(changes: list[Change], kind: type) -> list[Any]:
    return [one.record for one in changes if isinstance(one, Upsert) and isinstance(one.record, kind)]


SOUND: dict[str, int] = {}
"""What a sound reading tells, by connector: the same in every test."""
AT = {FaultKind.HANG: (0,), FaultKind.EMPTY_PAGE: (0, 1, 2), FaultKind.REPEATED_PAGE: (0, 1, 2)}
"""Before which requests a provider breaks."""
NAMES = sorted(_settings("", Library({})))


@pytest.mark.parametrize("name", NAMES)
async def test_a_simulated_provider_is_read_by_the_contract(name: str, town: Town) -> None:
    """Whole, repeated, resumed, and stopped midway: every promise is kept, and something is told."""
    assert await broken_promises(lambda: town.make(name)) == []
    told = await read(town.make(name))
    assert len(upserts(told, Product)) + len(upserts(told, Stock)) > 20


@pytest.mark.parametrize("name", [name for name in NAMES if REGISTRY[name].manifest.kinds >= {Kind.STOCK}])
async def test_places_midway_are_told(name: str, town: Town) -> None:
    """Readings of pages can be stopped after each of them; of one file, after 500 items, which these have not."""
    points = [one for one in await read(town.make(name)) if isinstance(one, Checkpoint)]
    assert points[-1].complete
    assert (len(points) > 2) is (name not in ("marc", "pos_csv", "woocommerce"))


@pytest.mark.parametrize("kind", FaultKind)
@pytest.mark.parametrize("name", NAMES)
async def test_a_half_dead_provider_never_looks_whole(name: str, kind: FaultKind, town: Town) -> None:
    """Whatever breaks at whichever page: a named error, or everything was told, or the reading is not complete."""
    if kind is FaultKind.EMPTY_PAGE and name not in ("daia", "opds", "titelive", "shopify"):
        return  # pages of JSON only are emptied
    if name not in SOUND:
        SOUND[name] = len(upserts(await read(town.make(name)), object))
    async with open_http(Limits(tries=1, total_seconds=0.2, read_seconds=0.2), allow_private=True) as hasty:
        for after in AT.get(kind, (0, 2)):
            town.faults.inject(Fault(kind, times=1000, after=after, seconds=0.4))
            with contextlib.suppress(SourceFailure):
                changes = await read(town.make(name, hasty))
                last = changes[-1]
                assert isinstance(last, Checkpoint)
                assert len(upserts(changes, object)) == SOUND[name] or not last.complete, after
            town.faults.clear()


async def test_an_empty_first_page_is_no_empty_shop(town: Town) -> None:
    """A page without products, where there are stocks of some, withdraws nothing."""
    await read(town.make("prestashop"))
    town.faults.inject(Fault(FaultKind.REPEATED_PAGE, times=1000, path="/api/products"))
    changes = await read(town.make("prestashop"))
    assert upserts(changes, object) == []
    assert changes[-1] == Checkpoint(changes[-1].cursor, complete=False)  # type: ignore[union-attr]


async def test_a_catalogue_is_read_day_by_day_without_a_gap(town: Town) -> None:
    """Every book that was changed within the days of a first reading is told."""
    told = {one.ref.key for one in upserts(await read(town.make("titelive")), Product)}
    assert told == {book.ean for book in books()[:: titelive.ONE_IN]}


async def test_a_library_lends_what_is_free(town: Town) -> None:
    """However it is asked, a title has as many free loans as copies that stand on the shelf and are lent."""
    free = {title.book.ean: title.free for title in town.library.kept()}
    for name in ("marc", "oai_pmh", "sru", "koha_ilsdi", "daia", "opds"):
        told = await read(town.make(name))
        names = {one.ref.key: one.identifiers[0].value for one in upserts(told, Product)}
        stocks = {names[one.product_key]: one for one in upserts(told, Stock)}
        waited = {title.book.ean for title in town.library.kept() if title.number in town.library.reserved}
        for ean, stock in stocks.items():
            expected = max(free[ean] - 1, 0) if name == "koha_ilsdi" and ean in waited else free[ean]
            assert (stock.available, stock.price_cents, stock.price_label) == (expected, 0, "Prêt en bibliothèque"), (
                name
            )
        assert stocks.keys() == free.keys(), name


async def test_pages_that_may_tell_of_borrowers_are_not_kept(town: Town) -> None:
    """What providers answer is kept for some days, but for a Koha's records."""
    kept: list[str] = []

    async def keep(place: str, body: bytes, follows: bool) -> None:
        kept.append(place)

    async with open_http(allow_private=True, keep=keep) as http:
        await read(town.make("koha_ilsdi", http))
        assert kept == []
        await read(town.make("sru", http))
        assert kept


async def test_oai_tells_changes_and_deletions_from_its_cursor(town: Town) -> None:
    """What was changed since comes again, what was weeded is deleted, and nothing else is told."""
    end = (await read(town.make("oai_pmh")))[-1]
    assert isinstance(end, Checkpoint)
    town.library.weed(1, NOW + timedelta(hours=1))
    town.library.titles[3].modified_at = NOW + timedelta(hours=2)
    changes = await read(town.make("oai_pmh"), end.cursor)
    assert [one.ref.key for one in upserts(changes, Product)] == ["oai:bibliotheque.example:3"]
    assert {(one.kind, one.ref.key) for one in changes if isinstance(one, Delete)} == {
        (Kind.PRODUCT, "oai:bibliotheque.example:1"),
        (Kind.STOCK, "oai:bibliotheque.example:1"),
    }
    assert changes[-1] == Checkpoint(changes[-1].cursor, complete=False)  # type: ignore[union-attr]


@pytest.mark.parametrize("has_seconds", [True, False])
async def test_a_repository_that_forgets_deletions_is_read_whole_now_and_then(has_seconds: bool, town: Town) -> None:
    """Within a week what changed is asked for, in the granularity the server has; then all of it, which withdraws."""
    town.library.deletions, town.library.has_seconds = "no", has_seconds
    end = (await read(town.make("oai_pmh")))[-1]
    town.library.weed(1, NOW + timedelta(hours=1))
    town.now = NOW + timedelta(days=6)
    delta = await read(town.make("oai_pmh"), end.cursor)  # type: ignore[union-attr]
    assert (delta[-1].complete, len(upserts(delta, Product)) < 10) == (False, True)  # type: ignore[union-attr]
    town.now = NOW + timedelta(days=8)
    whole = await read(town.make("oai_pmh"), delta[-1].cursor)  # type: ignore[union-attr]
    assert whole[-1].complete  # type: ignore[union-attr]
    assert len(upserts(whole, Product)) == len(town.library.kept())


async def test_an_expired_token_begins_the_reading_again_once(town: Town) -> None:
    """A place whose token the server has forgotten costs a second reading, not the source."""
    place = next(one.cursor for one in await read(town.make("oai_pmh")) if isinstance(one, Checkpoint))
    forgotten = place.replace("marcxml!!20", "marcxml!oublié")
    assert forgotten != place
    again = await read(town.make("oai_pmh"), forgotten)
    assert len(upserts(again, Product)) == len(town.library.kept())


@pytest.mark.parametrize(
    ("name", "wrong", "error", "why"),
    [
        ("oai_pmh", {"metadata_prefix": "mods"}, FeedChanged, "cannotDisseminateFormat"),
        ("daia", {"token": "faux"}, AccessDenied, None),
        ("opds", {"token": "faux"}, AccessDenied, None),
        ("shopify", {"token": "faux"}, AccessDenied, None),
        ("prestashop", {"key": "faux"}, AccessDenied, None),
        ("titelive", {"password": "faux"}, AccessDenied, None),
    ],
)
async def test_what_a_provider_refuses_is_named(name: str, wrong: Any, error: Any, why: str | None, town: Town) -> None:
    """Credentials and formats that are refused end the reading by their own kind of failure."""
    with pytest.raises(error, match=why):
        await read(town.make(name, **wrong))

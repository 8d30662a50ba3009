"""The 2018 API: pages by ref, several prices of a ref, increments, what tills get wrong."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from connectors.base import Checkpoint, Delete, Reject, Upsert
from connectors.stocks_api import StocksApi
from connectors.stocks_api_pages import pages_by_ref
from connectors.stocks_api_settings import StocksApiSettings
from net.answers import Answer
from net.errors import AccessDenied, FeedChanged
from schemas.records import Event, Session, Stock

SIRET = "99900001100018"
NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


class Till:
    """A till that pages as the text says: strictly after a ref, never more than `cap` rows."""

    def __init__(self, rows: list[dict[str, Any]], *, cap: int = 1000, what: str = "stocks") -> None:
        self.rows, self.cap, self.what = rows, cap, what
        self.asked: list[dict[str, str]] = []
        self.headers: list[str | None] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get(f"/{self.what}/{SIRET}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.query))
        self.headers.append(request.headers.get("Authorization"))
        after = request.query.get("after")
        key = "ref" if self.what == "stocks" else "uid"
        refs = [row[key] for row in self.rows]
        start = 0 if after is None else len(refs) - refs[::-1].index(after)
        rows = self.rows[start : start + min(self.cap, int(request.query["limit"]))]
        return web.json_response({"total": len(self.rows), "limit": self.cap, "offset": 0, self.what: rows})


def connector(http, base_url: str, **settings: Any) -> StocksApi:
    checked = StocksApiSettings(base_url=base_url, siret=SIRET, **settings)
    return StocksApi(checked, http, account=SIRET, clock=lambda: NOW)


def row(ref: str, available: int = 1, price: float | None = None) -> dict[str, Any]:
    return {"ref": ref, "available": available} | ({} if price is None else {"price": price})


def stocks(changes) -> list[tuple[str, str, int | None]]:
    return [(c.record.ref.key, c.record.ref.part, c.record.available) for c in changes if isinstance(c, Upsert)]


EANS = ["9782070360024", "9782070368228", "9782070413119", "9782253004226"]


async def test_pages_lose_no_price_of_a_ref_cut_by_an_edge(http, serve, pull) -> None:
    """Several prices of one ref across a page edge are all read, once."""
    rows = [row(EANS[0], 1, 5), row(EANS[1], 2, 6), row(EANS[1], 3, 7), row(EANS[1], 4, 8), row(EANS[2], 5, 9)]
    for cap in (4, 5, 6):
        till = Till(rows, cap=cap)
        found = await pull(connector(http, await serve(till.app())))
        expected = [
            (EANS[0], "", 1),
            (EANS[1], "600", 2),
            (EANS[1], "700", 3),
            (EANS[1], "800", 4),
            (EANS[2], "", 5),
        ]
        assert expected == stocks(found), cap


async def test_one_ref_filling_a_page_is_an_error_that_names_it(http, serve, pull) -> None:
    """More prices of a ref than a page holds cannot be paged: a named error, not silence."""
    till = Till([row(EANS[0], 1, 5), row(EANS[0], 1, 6), row(EANS[0], 1, 7)], cap=2)
    with pytest.raises(FeedChanged, match=f"{EANS[0]} remplit une page entière"):
        await pull(connector(http, await serve(till.app())))


async def test_a_page_that_repeats_is_an_error_that_names_it(http, serve, pull) -> None:
    """A till that ignores `after` would be read for ever: the second page ends the run."""

    async def same(_: web.Request) -> web.Response:
        return web.json_response({"stocks": [row(EANS[0]), row(EANS[1])]})

    app = web.Application()
    app.router.add_get(f"/stocks/{SIRET}", same)
    with pytest.raises(FeedChanged, match=f"page déjà lue .*page après {EANS[1]}"):
        await pull(connector(http, await serve(app)))


async def test_a_feed_emptied_on_its_way_is_not_complete(http, serve, pull) -> None:
    """Fewer rows than `total` announced: what was not told must not count as gone; none at all is an error."""

    async def page(request: web.Request) -> web.Response:
        rows = [] if "after" in request.query else [row(EANS[0])]
        return web.json_response({"total": 433, "limit": 200, "stocks": rows})

    async def nothing(_: web.Request) -> web.Response:
        return web.json_response({"total": 433, "limit": 200, "stocks": []})

    half, dead = web.Application(), web.Application()
    half.router.add_get(f"/stocks/{SIRET}", page)
    dead.router.add_get(f"/stocks/{SIRET}", nothing)
    found = await pull(connector(http, await serve(half)))
    assert found[-1].complete is False
    with pytest.raises(FeedChanged, match="première page vide, 433 lignes annoncées"):
        await pull(connector(http, await serve(dead)))


async def test_a_feed_without_end_is_an_error(now) -> None:
    """New refs for ever are given up after a bounded number of pages."""
    numbers = itertools.count()

    async def ask(what: str, params: dict[str, str]) -> tuple[str, Answer]:
        body = json.dumps({what: [row(f"r{next(numbers)}")]}).encode()
        return "till", Answer(status=200, headers={}, body=body, url="", requested_at=now)

    async def read() -> None:
        async for _ in pages_by_ref(ask, "stocks", since=None, page_size=2, max_pages=50):
            pass

    with pytest.raises(FeedChanged, match=r"plus de 50 pages \(till\)"):
        await read()


async def test_a_page_of_invalid_refs_does_not_end_the_feed(http, serve, pull) -> None:
    """The cursor is the last ref received, not the last accepted: what follows a bad page is read."""
    till = Till([row("2000000000015"), row("9782070360025"), row(EANS[2], 7)], cap=3)
    found = await pull(connector(http, await serve(till.app())))
    assert [(EANS[2], "", 7)] == stocks(found)
    assert sum(isinstance(change, Reject) for change in found) == 2


async def test_the_watermark_is_taken_before_the_first_page(http, serve, pull) -> None:
    """The cursor is the moment before the first request, in milliseconds with Z; a whole reading says so."""
    till = Till([row(EANS[0])])
    found = await pull(connector(http, await serve(till.app()), token="c2VjcmV0"))
    assert Checkpoint("2026-11-23T05:00:00.000Z", complete=True) == found[-1]
    assert till.headers == ["Basic c2VjcmV0"] * 2
    assert "modifiedSince" not in till.asked[0]


async def test_an_increment_restates_its_refs_whole(http, serve, pull) -> None:
    """In a delta, each ref told is whole: its other prices are told as gone; the reading is not complete."""
    till = Till([row(EANS[0], 4, 10), row(EANS[1], 1, 5), row(EANS[1], 2, 6)])
    since = "2026-11-22T05:00:00.000Z"
    found = await pull(connector(http, await serve(till.app())), since)
    assert since == till.asked[0]["modifiedSince"]
    gone = [(change.ref.key, change.parts_kept) for change in found if isinstance(change, Delete)]
    assert [(EANS[0], {""}), (EANS[1], {"500", "600"})] == gone
    assert Checkpoint("2026-11-23T05:00:00.000Z", complete=False) == found[-1]


async def test_a_rejected_price_keeps_the_other_prices_of_its_ref(http, serve, pull) -> None:
    """Of a ref with one unreadable price nothing is told as gone: nobody knows which row that was."""
    till = Till([row(EANS[0], 4, 10), row(EANS[0], 4, 10.999)])
    found = await pull(connector(http, await serve(till.app())), "2026-11-22T05:00:00.000Z")
    assert [change for change in found if isinstance(change, Delete)] == []


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"ref": EANS[0], "available": -3}, "available est négatif : -3"),
        ({"ref": EANS[0]}, "available manque"),
        ({"ref": EANS[0], "available": 1, "price": 17.905}, "montant avec une fraction de centime : 17.905"),
        ({"ref": EANS[0], "available": 1, "price": -2}, "montant négatif : -2"),
        ({"ref": EANS[0], "available": 1, "price": True}, "montant illisible : True"),
        ({"ref": EANS[0], "available": 1.5}, "available n'est pas un nombre entier : Decimal('1.5')"),
        ({"ref": "3010000108123", "available": 1}, "ean « 3010000108123 » refusé : la clé de contrôle est fausse"),
        ({"available": 1}, "ref manque"),
        ({"ref": EANS[0], "available": 1, "validUntil": "2026-12-01T10:00:00"}, "date sans fuseau horaire"),
        ("une ligne", "ref manque"),
    ],
)
async def test_a_bad_row_is_rejected_with_its_reason_and_itself(row, why, http, serve, pull) -> None:
    """Each bad row becomes a reject that says why and keeps the row; its neighbour is read."""

    async def page(request: web.Request) -> web.Response:
        rows = [] if "after" in request.query else [row, {"ref": EANS[3], "available": 9}]
        return web.json_response({"total": "null", "stocks": rows})

    app = web.Application()
    app.router.add_get(f"/stocks/{SIRET}", page)
    found = await pull(connector(http, await serve(app)))
    assert [(EANS[3], "", 9)] == stocks(found)
    (rejected,) = [change for change in found if isinstance(change, Reject)]
    assert rejected.why.startswith(why)
    assert row == json.loads(rejected.raw)


async def test_two_rows_of_one_ref_and_price_are_not_both_taken(http, serve, pull) -> None:
    """The second of two rows that nothing tells apart is rejected: adding them up would be a guess."""
    till = Till([row(EANS[0], 4, 10), row(EANS[0], 6, 10)])
    found = await pull(connector(http, await serve(till.app())))
    assert [(EANS[0], "1000", 4)] == stocks(found)
    assert [c.why for c in found if isinstance(c, Reject)] == ["deux lignes ont la même référence et le même prix"]


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ('{"TOTAL":"null","STOCKS":[{"REF":"9782070360024","AVAILABLE":2,"PRICE":.95}]}', 200, [(EANS[0], 2, 95)]),
        ('{"stocks":[{"ref":9782070360024,"available":"2","price":"18,99"}]}', 200, [(EANS[0], 2, 1899)]),
        ('{"stocks":[{"ref":"978-2-07-036002-4","quantity":2,"price":12}]}', 200, [(EANS[0], 2, 1200)]),
        ('{"stocks":[{"ref":"2-07-036002-4","available":2}]}', 200, [(EANS[0], 2, None)]),
        ("", 204, []),
        ("", 200, []),
    ],
    ids=["upper-case keys and .95", "number, texts, comma", "2018 first draft", "ISBN-10", "204", "empty body"],
)
async def test_quirks_of_tills_are_read(body, status, expected, http, serve, pull) -> None:
    """What tills write beside the text of the API is read where it can only mean one thing."""

    async def page(request: web.Request) -> web.Response:
        if "after" in request.query:
            return web.Response(status=204)
        return web.Response(status=status, text=body, content_type="application/json")

    app = web.Application()
    app.router.add_get(f"/stocks/{SIRET}", page)
    found = await pull(connector(http, await serve(app)))
    told = [(c.record.ean, c.record.available, c.record.price_cents) for c in found if isinstance(c, Upsert)]
    assert expected == told
    assert isinstance(found[-1], Checkpoint)


async def test_prices_in_cents_are_not_euros(http, serve, pull) -> None:
    """A source that says its till sends cents reads 1899 as 18.99 €."""
    till = Till([row(EANS[0], 1, 1899)])
    found = await pull(connector(http, await serve(till.app()), prices_in_cents=True))
    assert [change.record.price_cents for change in found if isinstance(change, Upsert)] == [1899]


async def test_an_unknown_siret_pauses_the_source(http, serve, pull) -> None:
    """404 means that the till does not know the venue: the venue must act, so AccessDenied."""
    with pytest.raises(AccessDenied, match="ne connaît pas ce SIRET"):
        await pull(connector(http, await serve(web.Application())))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ('{"stocks": [', "JSON mal formé"),
        ("<html>", "page HTML"),
        ('{"rows": []}', "ni stocks ni events"),
        ("[]", "objet"),
    ],
)
async def test_an_answer_of_another_shape_ends_the_run_by_name(body, why, http, serve, pull) -> None:
    """A page that is no page ends the run with an error that names the address, no checkpoint."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    app = web.Application()
    app.router.add_get(f"/stocks/{SIRET}", page)
    with pytest.raises(FeedChanged, match=why) as failure:
        await pull(connector(http, await serve(app)))
    assert f"/stocks/{SIRET}" in str(failure.value)


async def test_recorded_events_and_stocks_of_a_theatre(gather, fixtures) -> None:
    """Events come before their sessions, stocks name sessions; an unknown category rejects its sessions too."""
    found = await gather("stocks_api", fixtures / "stocks_api", is_duo="true")
    records = [change.record for change in found if isinstance(change, Upsert)]
    (event,) = [record for record in records if isinstance(record, Event)]
    assert (event.title, event.subcategory, event.is_duo) == ("Le Tartuffe", "SPECTACLE_REPRESENTATION", True)
    assert [(one.name, one.role) for one in event.contributors] == [("Molière", "author")]
    sessions = [record for record in records if isinstance(record, Session)]
    assert datetime(2026, 12, 4, 19, 0, tzinfo=UTC) == sessions[0].begins_at
    told = [
        (one.session_key, one.ref.part, one.available, one.price_cents) for one in records if isinstance(one, Stock)
    ]
    assert told == [
        ("tartuffe-2026-1", "2450", 12, 2450),
        ("tartuffe-2026-1", "1200", 8, 1200),
        ("tartuffe-2026-2", "", 0, 95),
    ]
    rejected = [(change.kind, change.ref.key) for change in found if isinstance(change, Reject)]
    assert rejected == [("event", "enquete-2026"), ("session", "enquete-2026-1"), ("stock", "enquete-2026-1")]


def session_of(start: Any) -> Callable[[], Till]:
    timing = {"uid": "t1", "start": start}
    event = {"uid": "e1", "title": {"fr": "Phèdre"}, "category": "performing_arts", "timings": [timing]}
    return lambda: Till([event], what="events")


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ("2026-12-04T20:00:00", "date sans fuseau horaire : « 2026-12-04T20:00:00 »"),
        ("4 décembre", "date illisible : « 4 décembre »"),
        (None, "date illisible : None"),
    ],
)
async def test_a_session_without_a_zone_is_rejected_alone(start, why, http, serve, pull) -> None:
    """The event stands, the session is rejected under its key."""
    app = session_of(start)().app()

    async def none(_: web.Request) -> web.Response:
        return web.Response(status=204)

    app.router.add_get(f"/stocks/{SIRET}", none)
    found = await pull(connector(http, await serve(app), serves="events,stocks"))
    assert [change.record.title for change in found if isinstance(change, Upsert)] == ["Phèdre"]
    assert [(why, "t1")] == [(change.why, change.ref.key) for change in found if isinstance(change, Reject)]

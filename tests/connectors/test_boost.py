"""Showtimes of Boost: pages, films, prices, gauges, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from connectors.base import Checkpoint, Reject, Upsert
from connectors.boost import Boost, BoostSettings
from net.errors import AccessDenied, FeedChanged, ProviderUnavailable
from schemas.records import Event, Session, Stock, Work

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


def showtime(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "showDate": "2026-12-01T20:00:00+01:00",
        "numberSeatsRemaining": 10,
        "film": {"id": 7, "titleCnc": "PLAYTIME", "numVisa": 31070, "duration": 124},
        "version": {"code": "VF"},
    }


class Cinema:
    """A cinema whose pages are what `page` makes of their number."""

    def __init__(self, page: Callable[[int], dict[str, Any]]) -> None:
        self.page, self.signed_in, self.refused = page, 0, 0
        self.asked: list[dict[str, str]] = []
        self.paths: list[str] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/api/vendors/login", self._login)
        app.router.add_get("/api/showtimes/between/{begin}/{end}", self._between)
        return app

    async def _login(self, request: web.Request) -> web.Response:
        if (await request.json())["password"] != "sésame":
            return web.json_response({"code": 401, "message": "Invalid credentials."}, status=401)
        self.signed_in += 1
        return web.json_response({"code": 200, "token": f"jeton-{self.signed_in}"})

    async def _between(self, request: web.Request) -> web.Response:
        if self.refused:
            self.refused -= 1
            return web.json_response({"code": 401, "message": "Expired JWT Token"}, status=401)
        self.asked.append(dict(request.query))
        self.paths.append(request.path)
        return web.json_response(self.page(int(request.query["page"])))


def connector(http, base_url: str, password: str = "sésame") -> Boost:
    settings = BoostSettings(base_url=base_url, username="u", password=password, station_name="PASS")
    return Boost(settings, http, account="cinema", clock=lambda: NOW)


def page(number: int, rows: list[Any], total: int) -> dict[str, Any]:
    return {"page": number, "totalPages": total, "totalCount": total * len(rows), "data": rows}


async def test_all_pages_are_read_with_sold_out_showtimes(http, serve, pull) -> None:
    """Every page is read once; sold-out showtimes are asked for, so that they do not look withdrawn."""
    cinema = Cinema(lambda number: page(number, [showtime(number)], 3))
    found = await pull(connector(http, await serve(cinema.app())))
    sessions = [c.record.ref.key for c in found if isinstance(c, Upsert) and isinstance(c.record, Session)]
    assert sessions == ["1", "2", "3"]
    assert {"0"} == {asked["hideFullReservation"] for asked in cinema.asked}
    assert cinema.paths[0] == "/api/showtimes/between/2026-11-22/2027-01-21"
    assert Checkpoint("2026-11-23T05:00:00.000Z", complete=True) == found[-1]
    assert cinema.signed_in == 1


async def test_an_expired_token_is_renewed_once(http, serve, pull) -> None:
    """A refused token is asked for again; the reading goes on."""
    cinema = Cinema(lambda number: page(number, [showtime(number)], 1))
    cinema.refused = 1
    await pull(connector(http, await serve(cinema.app())))
    assert cinema.signed_in == 2
    cinema.refused = 2
    with pytest.raises(AccessDenied):
        await pull(connector(http, await serve(cinema.app())))


async def test_wrong_credentials_pause_the_source(http, serve, pull) -> None:
    """A refused account is AccessDenied, and the password is nowhere in the text."""
    cinema = Cinema(lambda number: page(number, [], 1))
    with pytest.raises(AccessDenied) as failure:
        await pull(connector(http, await serve(cinema.app()), password="mot-de-passe-faux"))
    assert "mot-de-passe-faux" not in str(failure.value)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda number: page(number, [showtime(1)], 3), "page déjà lue .*page 2"),
        (lambda number: page(1, [showtime(number)], 3), "le cinéma répond la page 1 .*page 2"),
        (lambda _: {"message": "ok"}, "sans programme"),
        (lambda number: page(number, [showtime(number)], 10_000), "plus de 1000 pages"),
    ],
    ids=["repeats", "ignores the number", "no data", "endless"],
)
async def test_pages_that_lead_nowhere_end_the_run_by_name(made, why, http, serve, pull) -> None:
    """A page that repeats, or is not the one asked for, is an error that names it."""
    cinema = Cinema(made)
    with pytest.raises(FeedChanged, match=why):
        await pull(connector(http, await serve(cinema.app())))


async def test_a_programme_that_moves_is_read_again(http, serve, pull) -> None:
    """When the counts change between pages, all is read again; when they never hold still, it is for later."""
    totals = iter([2, 3, 2, 2])
    cinema = Cinema(lambda number: page(number, [showtime(number)], next(totals)))
    found = await pull(connector(http, await serve(cinema.app())))
    assert sum(isinstance(c, Upsert) and isinstance(c.record, Session) for c in found) == 2
    moving = iter(range(2, 100))
    restless = Cinema(lambda number: page(number, [showtime(number)], next(moving)))
    with pytest.raises(ProviderUnavailable, match="change pendant sa lecture"):
        await pull(connector(http, await serve(restless.app())))


async def test_a_page_emptied_on_its_way_is_not_the_end(http, serve, pull) -> None:
    """Fewer showtimes than announced are no programme: nothing counts as gone, it is for later."""
    cinema = Cinema(
        lambda number: {"page": number, "totalPages": 2, "totalCount": 2, "data": [showtime(1)][number - 1 :]}
    )
    with pytest.raises(ProviderUnavailable, match="change pendant sa lecture"):
        await pull(connector(http, await serve(cinema.app())))


async def test_recorded_showtimes(gather, fixtures) -> None:
    """Film, run, sessions and stocks as the cinema tells them; synthetic visas are dropped."""
    found = await gather("boost", fixtures / "boost")
    records = [change.record for change in found if isinstance(change, Upsert)]
    works = {record.ref.key: record for record in records if isinstance(record, Work)}
    assert [(one.scheme, one.value) for one in works["7"].identifiers] == [("visa", "44398"), ("allocine", "46371")]
    assert works["8"].identifiers == []
    assert [record.work_key for record in records if isinstance(record, Event)] == ["7", "8"]
    sessions = {record.ref.key: record for record in records if isinstance(record, Session)}
    assert (sessions["101"].version, sessions["101"].features, sessions["101"].hall) == ("VF", [], "SALLE 1")
    assert (sessions["102"].version, sessions["102"].features) == ("VFST", ["3D", "ICE"])
    assert datetime(2026, 12, 1, 19, 0, tzinfo=UTC) == sessions["101"].begins_at
    stocks = [
        (one.session_key, one.ref.part, one.available, one.price_cents) for one in records if isinstance(one, Stock)
    ]
    assert stocks == [("101", "PCU", 80, 690), ("102", "PCU", 0, 700)]
    rejected = [(c.kind, c.ref.key, c.ref.part, c.why) for c in found if isinstance(c, Reject)]
    assert rejected == [
        ("stock", "103", "PC3", "numberSeatsRemaining est négatif : -3"),
        ("session", "104", "", "date sans fuseau horaire : « 2026-12-03 20:00 »"),
    ]


@pytest.mark.parametrize(
    ("change", "kinds", "why"),
    [
        ({"version": {"code": "VX"}}, ["session"], "version inconnue : VX"),
        ({"film": {"titleCnc": "X"}}, ["session"], "film.id manque"),
        ({"film": {"id": 9}}, ["work", "event", "session"], "film.titleCnc manque"),
        ({"showEndDate": "2026-11-30T20:00:00+01:00"}, ["session"], "finit avant de commencer"),
    ],
)
async def test_what_depends_on_a_bad_row_is_rejected_by_name(change, kinds, why, http, serve, pull) -> None:
    """A rejected showtime or film names each record that it would have told, so that none counts as gone."""
    cinema = Cinema(lambda number: page(number, [showtime(1) | change, showtime(2)], 1))
    found = await pull(connector(http, await serve(cinema.app())))
    rejected = [change for change in found if isinstance(change, Reject)]
    assert kinds == [change.kind for change in rejected]
    assert why in rejected[0].why
    assert [c.record.ref.key for c in found if isinstance(c, Upsert) and isinstance(c.record, Session)] == ["2"]

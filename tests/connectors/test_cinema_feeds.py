"""Cinema protocols over HTTP: pages, versions, days, and answers that are cut or of somebody else."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from connectors.base import Checkpoint, Delete, Upsert
from connectors.registry import build
from connectors.times import local_instant
from net.errors import AccessDenied, FeedChanged, ProviderUnavailable, SourceFailure
from schemas.records import Kind, Session, Stock, Work

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)


class Provider:
    """Answers what `told` says of a path's last word, and notes what was asked."""

    def __init__(self, **told: Any) -> None:
        self.told, self.asked = told, []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        found = self.told[request.path.rpartition("/")[2].replace("-", "_")]
        found = found(request) if callable(found) else found
        return found if isinstance(found, web.Response) else web.json_response(found)


def kinds(changes: list[Any], kind: type) -> list[Any]:
    return [change.record for change in changes if isinstance(change, Upsert) and isinstance(change.record, kind)]


def movies(request: web.Request, *, last: int = 3, total: int = 6) -> dict[str, Any]:
    """Pages of two films each, the first numbered 10."""
    page = int(request.query["after"] or 0)
    edges = [{"node": {"internalId": 10 * page + n, "title": f"Film {page}-{n}"}} for n in (1, 2)]
    return {
        "movieList": {
            "totalCount": total,
            "pageInfo": {"hasNextPage": page + 1 < last, "endCursor": str(page + 1)},
            "edges": edges,
        }
    }


def reader(name: str, http: Any, clock: Any = lambda: NOW, **settings: str) -> Any:
    return build(name, settings, http, clock=clock, account="essai")


async def test_allocine_s_films_are_read_page_by_page(http, serve, pull) -> None:
    """Without a theatre the list of films is read, signed, and can be gone on with after each page."""
    provider = Provider(movieList=movies)
    base = await serve(provider.app())
    changes = await pull(reader("allocine", http, base_url=base, token="jeton"))
    assert [work.title for work in kinds(changes, Work)] == [f"Film {p}-{n}" for p in range(3) for n in (1, 2)]
    points = [change for change in changes if isinstance(change, Checkpoint)]
    assert [point.midway for point in points] == [True, True, False]
    assert points[-1].complete
    assert {request.headers["Authorization"] for request in provider.asked} == {"Bearer jeton"}
    rest = await pull(reader("allocine", http, base_url=base, token="jeton"), since=points[0].cursor)
    assert [work.title for work in kinds(rest, Work)] == [f"Film {p}-{n}" for p in (1, 2) for n in (1, 2)]
    assert rest[-1] == points[-1]


async def test_allocine_s_theatre_is_asked_for_by_its_opaque_name(http, serve, pull) -> None:
    """The code is sent as Allociné's base64, and the opaque name itself is taken as the code."""
    provider = Provider(movieShowtimeList={"movieShowtimeList": {"totalCount": 0, "edges": []}})
    base = await serve(provider.app())
    for told in ("P1209", base64.b64encode(b"Theater:P1209").decode()):
        changes = await pull(reader("allocine", http, base_url=base, token="jeton", theater=told))
        assert changes == [Checkpoint("2026-11-23T05:00:00.000Z", complete=False)], "an empty programme sweeps nothing"
    assert {request.query["theater"] for request in provider.asked} == {base64.b64encode(b"Theater:P1209").decode()}


async def test_a_list_that_is_cut_or_repeats_is_no_whole_one(http, serve, pull) -> None:
    """Fewer films than announced is not complete; a page that follows itself is an error that names the list."""
    short = await serve(Provider(movieList=lambda request: movies(request, last=2)).app())
    assert not (await pull(reader("allocine", http, base_url=short, token="t")))[-1].complete
    endless = Provider(movieList=movies(type("R", (), {"query": {"after": "1"}})(), last=9))
    with pytest.raises(FeedChanged, match="se répète"):
        await pull(reader("allocine", http, base_url=await serve(endless.app()), token="t"))


EMS = {
    "username": "u",
    "password": "p",
    "booking_url": "http://v.example",
    "booking_source": "s",
    "booking_secret": "c",
}


def site(key: str, price: float = 6.9) -> dict[str, Any]:
    session = {"id": f"{key}1", "date": "202612012000", "features": ["vf"], "pass_culture_price": price}
    return {"id": key, "name": "Ciné", "time_zone": "Europe/Paris", "events": [
        {"id": "F1", "title": "Playtime", "sessions": [session]},
    ]}  # fmt: skip


async def test_ems_asks_for_what_changed_and_for_all_once_a_day(http, serve, pull) -> None:
    """The version is the cursor; an increment sweeps nothing and drops the price before; a day later all is read."""
    versions = iter([(100, [site("7"), site("8")]), (120, [site("7", 7.5)]), (120, []), (130, [site("7", 7.5)])])

    def schedules(_: web.Request) -> dict[str, Any]:
        version, sites = next(versions)
        return {"version": version, "sites": sites}

    provider = Provider(horaires=schedules)
    settings = EMS | {"base_url": f"{await serve(provider.app())}/horaires", "site": "7"}
    now = NOW

    def ems() -> Any:
        return reader("ems", http, lambda: now, **settings)

    whole = await pull(ems())
    assert whole[-1].complete
    assert [one.ref.part for one in kinds(whole, Stock)] == ["690"], "the other site is not this source's"
    now += timedelta(hours=3)
    delta = await pull(ems(), since=whole[-1].cursor)
    assert not delta[-1].complete
    [stock] = kinds(delta, Stock)
    assert stock.ref.part == "750"
    assert Delete(Kind.STOCK, stock.ref.__class__("ems", "essai", "71"), parts_kept=frozenset({"750"})) in delta
    nothing = await pull(ems(), since=delta[-1].cursor)
    assert len(nothing) == 1
    now += timedelta(hours=22)
    assert (await pull(ems(), since=nothing[-1].cursor))[-1].complete
    assert [request.query["version"] for request in provider.asked] == ["0", "100", "120", "0"]
    assert provider.asked[0].headers["Authorization"] == "Basic " + base64.b64encode(b"u:p").decode()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"version": 1, "sites": [site("8")]}, "cinéma absent du programme : 7"),
        ({"version": 1, "sites": []}, "cinéma absent du programme : 7"),
        ({"version": 1}, "réponse sans sites"),
        ({"sites": []}, "réponse sans version"),
        ([], "réponse sans sites"),
    ],
)
async def test_ems_without_the_cinema_is_named(answer, why, http, serve, pull) -> None:
    """A programme that does not hold the source's own cinema never empties it."""
    base = await serve(Provider(horaires=answer).app())
    with pytest.raises(FeedChanged, match=why):
        await pull(reader("ems", http, **(EMS | {"base_url": f"{base}/horaires", "site": "7"})))


def day(date: str, *numbers: int) -> dict[str, Any]:
    rows = [
        {"id": f"s{n}", "filmId": "F1", "siteId": "1", "schedule": {"startsAt": f"{date}T20:00:00+01:00"}}
        for n in numbers
    ]
    films = [{"id": "F1", "title": {"text": "Playtime"}}]
    return {"businessDate": date, "showtimes": rows, "relatedData": {"films": films}}


async def test_vista_is_read_day_by_day(http, serve, pull) -> None:
    """One request a business date, gone on with after any; a day that is announced and empty makes nothing whole."""
    dates = {"filmScreeningDates": [{"businessDate": "2026-12-02"}, {"businessDate": "2026-12-01"}]}
    told = {"2026_12_01": day("2026-12-01", 1), "2026_12_02": day("2026-12-02", 2, 3)}
    provider = Provider(film_screening_dates=dates, **told)
    settings = {"base_url": await serve(provider.app()), "site": "1", "token": "jeton"}
    changes = await pull(reader("vista", http, **settings))
    assert [one.ref.key for one in kinds(changes, Session)] == ["s1", "s2", "s3"]
    assert [change.complete for change in changes if isinstance(change, Checkpoint)] == [False, True]
    assert {request.query["siteIds"] for request in provider.asked} == {"1"}
    [point] = [change for change in changes if isinstance(change, Checkpoint) and change.midway]
    rest = await pull(reader("vista", http, **settings), since=point.cursor)
    assert [one.ref.key for one in kinds(rest, Session)] == ["s2", "s3"]
    provider.told["2026_12_01"] = day("2026-12-01")
    assert not (await pull(reader("vista", http, **settings)))[-1].complete
    provider.told["2026_12_01"] = day("2026-12-09", 1)
    with pytest.raises(FeedChanged, match="sans les séances du jour"):
        await pull(reader("vista", http, **settings))
    provider.told["film_screening_dates"] = {"filmScreeningDates": [{"businessDate": "../../films"}]}
    with pytest.raises(FeedChanged, match="businessDate illisible"):
        await pull(reader("vista", http, **settings))


async def test_webedia_asks_for_the_films_that_the_schedule_names(http, serve, pull) -> None:
    """The schedule from this morning on, then its films by forties; one nobody names is refused with its sessions."""
    films = {
        str(n): {"2026-12-01": [{"id": f"{n}-a", "startsAt": "2026-12-01T20:00:00", "tags": []}]} for n in range(50)
    }
    known = [{"id": str(n), "title": f"Film {n}", "runtime": 5400} for n in range(49)]

    def found(request: web.Request) -> list[Any]:
        return [film for film in known if film["id"] in request.query.getall("ids")]

    provider = Provider(schedule={"P1": {"schedule": films}}, movies=found)
    settings = {"base_url": await serve(provider.app()), "theater": "P1", "time_zone": "America/Cayenne"}
    changes = await pull(reader("webedia", http, **settings))
    assert len(kinds(changes, Session)) == 49
    assert [len(request.query.getall("ids")) for request in provider.asked[1:]] == [40, 10]
    assert json.loads(provider.asked[0].query["theaters"]) == {"id": "P1", "timeZone": "America/Cayenne"}
    assert provider.asked[0].query["from"] == "2026-11-23T03:00:00"
    known.clear()
    with pytest.raises(ProviderUnavailable, match="aucun des films demandés"):
        await pull(reader("webedia", http, **settings))
    provider.told["schedule"] = {"P2": {"schedule": {}}}
    with pytest.raises(FeedChanged, match="sans le cinéma demandé"):
        await pull(reader("webedia", http, **settings))


CDS = {"token": "t", "cinema": "1"}


async def test_cds_refuses_another_s_account(http, serve, pull) -> None:
    """A cinema that the account does not hold is named, as is an answer that is no list; the token is in no text."""
    lists: dict[str, Any] = {name: [] for name in ("cinemas", "shows", "media", "mediaoptions", "vouchertype")}
    base = await serve(Provider(**lists).app())
    with pytest.raises(FeedChanged, match="cinéma inconnu de ce compte : 1"):
        await pull(reader("cds", http, base_url=base, **CDS))
    base = await serve(Provider(**(lists | {"shows": {"error": "no"}})).app())
    with pytest.raises(FeedChanged, match="n'est pas une liste"):
        await pull(reader("cds", http, base_url=base, **CDS))
    empty = await serve(Provider(**(lists | {"cinemas": [{"id": "1"}]})).app())
    assert not (await pull(reader("cds", http, base_url=empty, **CDS)))[-1].complete
    denied = await serve(Provider(**(lists | {"shows": web.Response(status=401)})).app())
    with pytest.raises(AccessDenied) as failure:
        await pull(reader("cds", http, base_url=denied, token="jeton-secret", cinema="1"))
    assert "jeton-secret" not in str(failure.value)


async def test_cgr_s_refusals_end_the_reading_by_kind(http, serve, pull) -> None:
    """A wrong password pauses the source, another refusal is for later; neither shows the password."""
    for said, kind in (("Identifiant ou mot de passe incorrect", AccessDenied), ("Base fermée", ProviderUnavailable)):
        text = f'<E><GetResult>{{"CodeErreur": 2, "IntituleErreur": "{said}"}}</GetResult></E>'
        base = await serve(Provider(ws=lambda _, text=text: web.Response(text=text)).app())
        with pytest.raises(SourceFailure) as failure:
            await pull(reader("cgr", http, base_url=f"{base}/ws", username="u", password="sésame-secret"))
        assert type(failure.value) is kind
        assert "sésame-secret" not in str(failure.value)


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-03-29T01:30:00", "Europe/Paris", "2026-03-29T00:30:00Z"),
        ("2026-03-29T02:30:00", "Europe/Paris", "2026-03-29T01:30:00Z"),
        ("2026-03-29T03:30:00", "Europe/Paris", "2026-03-29T01:30:00Z"),
        ("2026-10-25T02:30:00", "Europe/Paris", "2026-10-25T00:30:00Z"),
        ("2026-10-25T03:30:00", "Europe/Paris", "2026-10-25T02:30:00Z"),
        ("2026-10-25T02:30:00", "America/Cayenne", "2026-10-25T05:30:00Z"),
        ("2026-10-25T02:30:00+01:00", "America/Cayenne", "2026-10-25T01:30:00Z"),
    ],
    ids=["before spring", "skipped", "after spring", "twice in autumn", "after autumn", "overseas", "own offset"],
)
def test_local_times_around_both_changes(text, zone, expected) -> None:
    """A venue's own clock: a skipped hour is as before the change, one shown twice is the first."""
    assert local_instant(text, zone) == datetime.fromisoformat(expected)


@pytest.mark.parametrize("text", ["demain", "", None, 5, "0001-01-01T00:00:00", "9999-12-31T23:00:00"])
def test_local_times_that_are_none_are_refused(text) -> None:
    with pytest.raises(ValueError, match="date"):
        local_instant(text, "Europe/Paris")

"""OpenAgenda: pages by `after`, increments with removals, venues, dates, what is not published."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from connectors.base import Checkpoint, Delete, Reject, Upsert
from connectors.openagenda import OpenAgenda, OpenAgendaSettings
from net.errors import AccessDenied, FeedChanged
from schemas.records import Event, Session, Venue

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


class Agenda:
    """An agenda that answers its pages one after the other, removals apart."""

    def __init__(self, pages: list[Any], removed: list[Any] | None = None) -> None:
        self.pages, self.removed = pages, removed or []
        self.asked: list[list[tuple[str, str]]] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v2/agendas/42/events", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        if request.headers.get("key") != "clé":
            return web.json_response({"success": False}, status=403)
        self.asked.append(list(request.query.items()))
        if "removed" in request.query:
            return web.json_response({"events": self.removed, "after": None})
        told = request.query.getall("after[]", [])
        number = int(told[0]) if told else 0
        return web.json_response(self.pages[number])


def connector(http, base_url: str, **settings: Any) -> OpenAgenda:
    checked = OpenAgendaSettings(base_url=base_url, agenda="42", key=settings.pop("key", "clé"), **settings)
    return OpenAgenda(checked, http, account="42", clock=lambda: NOW)


def event(uid: int, **fields: Any) -> dict[str, Any]:
    return {
        "uid": uid,
        "state": 2,
        "status": 1,
        "title": {"fr": f"Événement {uid}"},
        "timezone": "Europe/Paris",
        "timings": [{"begin": "2026-12-19T20:00:00+01:00", "end": "2026-12-19T22:00:00+01:00"}],
        "location": {"uid": 9, "name": "Salle"},
    } | fields


def of(changes, kind) -> list[Any]:
    return [change.record for change in changes if isinstance(change, Upsert) and isinstance(change.record, kind)]


async def test_after_is_echoed_item_by_item(http, serve, pull) -> None:
    """The array that ends a page is sent back as `after[]`, and the reading ends with an empty page."""
    agenda = Agenda(
        [
            {"events": [event(1), event(2)], "after": [1, "texte", None, 7.5]},
            {"events": [event(3)], "after": [2]},
            {"events": [], "after": None},
        ]
    )
    found = await pull(connector(http, await serve(agenda.app())))
    assert [record.ref.key for record in of(found, Event)] == ["1", "2", "3"]
    assert len(of(found, Venue)) == 1, "the venue of three events is told once"
    after = [value for name, value in agenda.asked[1] if name == "after[]"]
    assert after == ["1", "texte", "null", "7.5"]
    assert ("sort", "updatedAt.asc") in agenda.asked[0]
    assert ("detailed", "1") in agenda.asked[0]
    assert Checkpoint("2026-11-23T05:00:00.000Z", complete=True) == found[-1]


async def test_a_page_that_leads_to_itself_is_an_error(http, serve, pull) -> None:
    """An `after` told twice would be followed for ever: the page is named."""
    agenda = Agenda([{"events": [event(1)], "after": [1]}, {"events": [event(2)], "after": [1]}])
    with pytest.raises(FeedChanged, match=r"se répète .*page 2"):
        await pull(connector(http, await serve(agenda.app())))


@pytest.mark.parametrize("page", [{"success": False}, [], {"events": [event(1)], "after": "abc"}])
async def test_a_page_of_another_shape_is_an_error(page, http, serve, pull) -> None:
    """An answer that is no page ends the run by name."""
    with pytest.raises(FeedChanged, match="page 1"):
        await pull(connector(http, await serve(Agenda([page]).app())))


async def test_a_feed_emptied_on_its_way_is_not_complete(http, serve, pull) -> None:
    """Fewer events than announced: nothing counts as gone; none at all is an error."""
    half = Agenda([{"total": 2, "events": [event(1)], "after": [1]}, {"total": 2, "events": [], "after": []}])
    found = await pull(connector(http, await serve(half.app())))
    assert found[-1].complete is False
    dead = Agenda([{"total": 2, "events": [], "after": []}])
    with pytest.raises(FeedChanged, match="page vide, 2 événements annoncés"):
        await pull(connector(http, await serve(dead.app())))


async def test_a_wrong_key_pauses_the_source_and_is_not_shown(http, serve, pull) -> None:
    """403 is AccessDenied; the key is neither in the address nor in the text."""
    with pytest.raises(AccessDenied) as failure:
        await pull(connector(http, await serve(Agenda([]).app()), key="clé-fausse"))
    assert "fausse" not in str(failure.value)


async def test_an_increment_tells_removals_and_restates_dates(http, serve, pull) -> None:
    """A delta is two calls: what changed, with its dates whole, then what was removed."""
    agenda = Agenda([{"events": [event(1)], "after": None}], removed=[{"uid": 8, "updatedAt": "2026-11-22T…"}])
    since = "2026-11-22T05:00:00.000Z"
    found = await pull(connector(http, await serve(agenda.app())), since)
    assert all(("updatedAt[gte]", since) in asked for asked in agenda.asked)
    gone = [(change.kind, change.ref.key, change.parts_kept) for change in found if isinstance(change, Delete)]
    assert [("session", "1", {"2026-12-19T19:00:00Z"}), ("session", "8", set()), ("event", "8", None)] == gone
    assert Checkpoint("2026-11-23T05:00:00.000Z", complete=False) == found[-1]


async def test_an_unreadable_date_keeps_the_others(http, serve, pull) -> None:
    """Dates are told as gone only when all of the event's own could be read."""
    timings = [{"begin": "2026-12-19T20:00:00+01:00"}, {"begin": "demain"}]
    agenda = Agenda([{"events": [event(1, timings=timings)], "after": None}])
    found = await pull(connector(http, await serve(agenda.app())), "2026-11-22T05:00:00.000Z")
    assert [change for change in found if isinstance(change, Delete)] == []
    assert [change.why for change in found if isinstance(change, Reject)] == ["date illisible : « demain »"]


async def test_recorded_events(gather, fixtures) -> None:
    """Pages and lists of recorded events, by the source's own filing."""
    found = await gather(
        "openagenda", fixtures / "openagenda", subcategories="danse=EVENEMENT_MUSIQUE; concert=CONCERT"
    )
    by_key = {record.ref.key: record for record in of(found, Event)}
    assert (
        by_key["201"].title,
        by_key["201"].subcategory,
        by_key["201"].venue_key,
    ) == ("Fest-noz de Noël", "CONCERT", "5101")
    assert by_key["201"].description == "Danses & musique"
    assert (by_key["202"].title, by_key["202"].subcategory) == ("Cayenne jazz night", "SPECTACLE_REPRESENTATION")
    assert (by_key["204"].venue_key, by_key["204"].url) == (None, "https://direct.example/204")
    venues = {record.ref.key: record for record in of(found, Venue)}
    assert venues["5102"].time_zone == "America/Cayenne", "from the commune, where the agenda tells no zone"
    assert venues["5102"].position is None, "0, 0 is no place"
    assert (venues["5101"].address.insee_code, venues["5101"].url) == ("29103", "https://salle.example/")
    sessions = {(record.ref.key, record.ref.part): record for record in of(found, Session)}
    cayenne = sessions["202", "2027-01-01T01:30:00Z"]
    assert cayenne.cancelled
    assert datetime(2027, 1, 1, 1, 30, tzinfo=UTC) == cayenne.begins_at
    assert [change.ref.key for change in found if isinstance(change, Delete) and change.kind == "event"] == ["203"]
    rejected = [(change.kind, change.why) for change in found if isinstance(change, Reject)]
    assert rejected == [
        ("session", "date sans fuseau horaire : « 2026-12-10T18:00:00 »"),
        ("event", "title manque"),
        ("session", "son événement est refusé"),
        ("event", "uid manque"),
    ]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"title": None}, "title manque"),
        ({"location": {"uid": 1}}, "location.name manque"),
        ({"timings": [{"begin": "2026-12-19T20:00:00+01:00"}] * 2001}, "plus de 2000 dates"),
        ({"registration": [{"service": "passCulture", "data": {"category": "RIEN"}}]}, "catégorie inconnue : « RIEN »"),
    ],
)
async def test_a_bad_event_is_rejected_with_its_dates(fields, why, http, serve, pull) -> None:
    """A rejected event rejects its dates by name; its neighbour is read."""
    agenda = Agenda([{"events": [event(1, **fields), event(2)], "after": None}])
    found = await pull(connector(http, await serve(agenda.app())))
    rejected = [change for change in found if isinstance(change, Reject)]
    assert why == rejected[0].why
    assert rejected[1].kind == "session"
    assert [record.ref.key for record in of(found, Event)] == ["2"]


@pytest.mark.parametrize("fields", [{"state": 1}, {"state": 0}, {"state": -1}, {"draft": 1}, {"private": 1}])
async def test_what_is_not_published_is_gone(fields, http, serve, pull) -> None:
    """Moderation, drafts and private events leave, with their dates."""
    agenda = Agenda([{"events": [event(1, **fields)], "after": None}])
    found = await pull(connector(http, await serve(agenda.app())))
    assert [change.kind for change in found if isinstance(change, Delete)] == ["session", "event"]
    assert of(found, Event) == []


async def test_an_event_prepared_for_the_pass_says_what_it_is(http, serve, pull) -> None:
    """The form of OpenAgenda for the pass Culture settles subcategory and duo."""
    prepared = [
        {"service": "passCulture", "type": "link", "value": None, "data": {"category": "SEANCE_CINE", "duo": True}}
    ]
    agenda = Agenda([{"events": [event(1, registration=prepared)], "after": None}])
    (record,) = of(await pull(connector(http, await serve(agenda.app()))), Event)
    assert (record.subcategory, record.is_duo) == ("SEANCE_CINE", True)


async def test_places_without_uid_keep_their_key(http, serve, pull) -> None:
    """Answers that are not detailed give places no uid: the same place has the same key, two halls have two."""
    here = {"name": "Salle des fêtes", "address": "Landerneau"}
    there = {"name": "Salle des fêtes", "address": "Cayenne"}
    agenda = Agenda(
        [{"events": [event(1, location=here), event(2, location=there), event(3, location=here)], "after": None}]
    )
    keys = [record.venue_key for record in of(await pull(connector(http, await serve(agenda.app()))), Event)]
    assert keys[0] == keys[2] != keys[1]
